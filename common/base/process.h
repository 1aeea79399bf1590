/* SPDX-License-Identifier: MIT */
/*
 * process: what each of our programs does first and last.
 *
 *	process_begin();
 *	... print to stdout ...
 *	process_flush();
 */
#ifndef COMMON_BASE_PROCESS_H
#define COMMON_BASE_PROCESS_H

#include <stdio.h>

/*
 * Call it before anything is opened or printed.
 *
 * - Opens closed standard descriptors, so that no file or socket gets their
 *   numbers. Printing to a standard output that was closed fails.
 * - Makes stdout and stderr wait where their descriptors are non-blocking.
 * - Ignores SIGPIPE and SIGXFSZ: write() and send() report these errors.
 * - Ignores SIGTTOU: a terminal must not stop a background process that logs.
 * - Restores the default of SIGCHLD: where the parent ignored it, no child
 *   could be waited for.
 * - Prepares the log (log_take_stderr()).
 */
void
process_begin(void);

/*
 * The program's name in its messages: the last part of argv[0]. OTHERWISE where
 * argv[0] is empty, too long, or has characters that a log line cannot show.
 */
const char *
process_name(char **argv, const char *otherwise);

/* Restores the signal dispositions that process_begin() changed: call it in a
 * child before exec, which would inherit ignored signals. Async-signal-safe. */
void
process_restore_signals(void);

/* Flushes OUT. Returns the reason why some output was not written, or NULL. If
 * so, the file may end with an additional newline. */
const char *
process_write_error(FILE *out);

/* Flushes stdout; if that fails, prints the reason and calls exit(1). */
void
process_flush(void);

#endif
