/* SPDX-License-Identifier: MIT */
/*
 * output: what a program writes where its user said, so that nothing that was
 * there is lost to something that is not whole.
 *
 *	struct output out;
 *	if (output_open(&out, path) < 0)	before the work
 *		...errno: it cannot be written...
 *	fprintf(out.file, ...);
 *	if (output_close(&out, &why) < 0)	the older file stays
 *
 * A regular file, or one that is not there yet, is written as FILE.part beside
 * its name and renamed when it is whole. A symbolic link stays, and what it
 * names is replaced; mode, owner and group are those of the older file. Where
 * that cannot be (a folder or an owner that we may not change, further hard
 * links, a mount point), what was written is kept apart, in memory if need be,
 * and copied over the older file at the end, after room for it has been found.
 *
 * "-" is standard output, and so is every other name of it; another descriptor
 * of ours (/dev/stderr, /dev/fd/N) is written as it is. Devices, pipes and
 * sockets are written at once; a FIFO's opening waits for its reader.
 *
 * One thread, but for output_discard_all().
 */
#ifndef COMMON_BASE_OUTPUT_H
#define COMMON_BASE_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

/* Zeroed: none; closing or discarding it does nothing. */
struct output {
	FILE *file;
	int fd;		/* under it, but for standard output */
	char *path;	/* as the user wrote it */
	char *target;	/* what its links lead to; NULL: written at once */
	char *part;	/* the file beside it; NULL: kept in memory */
	int older;	/* it, open, or -1 */
	bool was_there; /* there is an older one with something in it */
};

/* PATH is copied; NULL makes none. Returns 0, or -1 with errno. */
int
output_open(struct output *output, const char *path);

/* Makes it whole, and puts it where it belongs. Returns 0; or -1 with *WHY, and
 * the older file is as it was. */
int
output_close(struct output *output, const char **why);

/* The older file stays as it is. */
void
output_discard(struct output *output);

/* All that are open in this process, and the directory that we made if nothing
 * is in it. Safe in a signal handler; exit() does it. */
void
output_discard_all(void);

/* Makes PATH unless it is there. Returns 0, or -1 with errno. One at most. */
int
output_directory(const char *path);

/* Whether PATH is one of the names of standard output. */
bool
output_is_stdout(const char *path);

/* Whether both are, or will be, one file that is no device. */
bool
output_is_one_file(const char *path, const char *other);

#endif
