/* SPDX-License-Identifier: MIT */
/*
 * process: what each of our programs does first, and last.
 */
#ifndef COMMON_BASE_PROCESS_H
#define COMMON_BASE_PROCESS_H

#include <stdio.h>

/*
 * Before anything is opened or printed: fills closed standard descriptors with
 * /dev/null, for what is opened in their place would be written to as if it
 * were that; ignores SIGPIPE, for a reader that has gone is an error of write()
 * or send(), not our end; and does not ignore SIGCHLD, as who started us may,
 * for then nobody could wait for a child.
 */
void
process_begin(void);

/* Flushes OUT. What kept some of it from getting out, NULL if nothing did. Of a
 * file that is not whole, it may end with a line more. */
const char *
process_write_error(FILE *out);

/* After data was printed: exit(1) with an error line if it did not get out. */
void
process_flush(void);

#endif
