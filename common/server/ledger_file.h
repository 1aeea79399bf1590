/* SPDX-License-Identifier: MIT */
/*
 * ledger_file: where the final ledger goes, tried at the start.
 *
 * Nothing here waits for long: not the opening, which for a FIFO would wait for
 * its reader, and not the writing. What stands in the file from before stays
 * until the new line is there.
 */
#ifndef COMMON_SERVER_LEDGER_FILE_H
#define COMMON_SERVER_LEDGER_FILE_H

#include "common/net/ledger.h"

struct ledger_file {
	const char *path; /* kept, not copied; "-" is standard output */
	int fd;		  /* of a FIFO, or -1 */
};

/*
 * Whether PATH can be written; weeks later would be too late to learn that it
 * cannot. A FIFO stays open, or its reader would see the end now. Returns 0, or
 * -1 with errno.
 */
int
ledger_file_open(struct ledger_file *file, const char *path);

/* One line of JSON. Returns 0; or -1 with errno (ETIMEDOUT: nobody reads it; an
 * EPIPE: the FIFO has no reader). */
int
ledger_file_write(struct ledger_file *file, const struct ledger_view *view);

#endif
