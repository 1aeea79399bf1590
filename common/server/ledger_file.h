/* SPDX-License-Identifier: MIT */
/*
 * ledger_file: writes the final ledger, and checks the file at the start.
 *
 * Nothing here waits for long: neither opening a FIFO, which would wait for its
 * reader, nor writing. The old content of the file stays until the new line is
 * written.
 */
#ifndef COMMON_SERVER_LEDGER_FILE_H
#define COMMON_SERVER_LEDGER_FILE_H

#include "common/net/ledger.h"

struct ledger_file {
	const char *path; /* kept, not copied; "-" is standard output */
	int fd;		  /* of a FIFO, or -1 */
};

/*
 * Checks that PATH can be written; at exit, perhaps weeks later, an error would
 * come too late. A FIFO stays open, or its reader would see the end now.
 * Returns 0, or -1 with errno.
 */
int
ledger_file_open(struct ledger_file *file, const char *path);

/* Writes one line of JSON. Returns 0; or -1 with errno (ETIMEDOUT: the reader
 * does not read; EPIPE: the FIFO has no reader). */
int
ledger_file_write(struct ledger_file *file, const struct ledger_view *view);

#endif
