/* SPDX-License-Identifier: MIT */
/*
 * output: writes a file without losing the older one if the new one is
 * incomplete.
 *
 *	struct output out;
 *	if (output_open(&out, path) < 0)           before the work
 *		...errno: it cannot be written...
 *	fprintf(out.file, ...);
 *	if (output_close(&out, &why) < 0)          the older file stays
 *
 * A regular or new file is written as FILE.part beside it, and renamed when it
 * is complete. A symbolic link stays, and its target is replaced; mode, owner
 * and group are those of the older file. Where that is impossible (a folder or
 * owner that we may not change, further hard links, a mount point), the output
 * is collected elsewhere, in memory if necessary, and copied over the older
 * file at the end, after its room was found.
 *
 * "-" is standard output, and so is every other name of it. Another descriptor
 * of this process (/dev/stderr, /dev/fd/N) is written directly. Devices, pipes
 * and sockets are written at once; opening a FIFO waits for its reader.
 *
 * For one thread, except output_discard_all().
 */
#ifndef COMMON_BASE_OUTPUT_H
#define COMMON_BASE_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

/* Zeroed: no output; closing or discarding it does nothing. */
struct output {
	FILE *file;
	int fd;		/* the stream to write to */
	char *path;	/* the name that the user gave */
	char *target;	/* the name without links; NULL: written at once */
	char *part;	/* the .part file; NULL: in memory */
	int older;	/* the older file, open; or -1 */
	bool was_there; /* the older file is not empty */
};

/* Opens PATH, which is copied; NULL: no output. Returns 0, or -1 with errno. */
int
output_open(struct output *output, const char *path);

/* Completes the file and puts it in its place. Returns 0; or -1 with *WHY, and
 * the older file is unchanged. */
int
output_close(struct output *output, const char **why);

/* Drops the output; the older file is unchanged. */
void
output_discard(struct output *output);

/* Discards all open outputs of this process, and removes the directory that it
 * made, if empty. Safe in a signal handler; exit() calls it. */
void
output_discard_all(void);

/* Makes the directory PATH unless it exists; one at most. Returns 0, or -1 with
 * errno. */
int
output_directory(const char *path);

/* Whether PATH is a name of standard output. */
bool
output_is_stdout(const char *path);

/* Whether both are, or will be, the same file and no device. */
bool
output_is_one_file(const char *path, const char *other);

#endif
