/* SPDX-License-Identifier: MIT */
/*
 * process: what each of our programs does first, and last.
 */
#ifndef COMMON_BASE_PROCESS_H
#define COMMON_BASE_PROCESS_H

#include <stdio.h>

/*
 * Before anything is opened or printed: fills closed standard descriptors, for
 * what is opened in their place would be written to as if it were that (what
 * is printed to a standard output that was closed fails); makes stdout and
 * stderr wait where they are non-blocking; ignores SIGPIPE and SIGXFSZ, for a
 * reader that has gone and a file that may not grow are errors of write() or
 * send(), not our end, and SIGTTOU, so that a terminal does not stop us in the
 * background for a word of the log; does not ignore SIGCHLD, as who started us
 * may, for then nobody could wait for a child; and sees to it that the log
 * waits for nobody (log_take_stderr()).
 */
void
process_begin(void);

/*
 * What this program is called in its words: the last part of ARGV's first, as
 * it was installed or linked under another name; or OTHERWISE if that is none
 * that can stand in a line of the log.
 */
const char *
process_name(char **argv, const char *otherwise);

/* In a child that will be another program: those signals as we found them, for
 * what is ignored stays so. Async-signal-safe. */
void
process_restore_signals(void);

/* A descriptor, with close-on-exec, that is nobody's: /dev/null, or where there
 * is none one that can be neither read nor written. -1 with errno at the limit
 * of descriptors. */
int
process_open_null(void);

/* Until FD is ready for EVENTS of poll(2), or a signal comes. */
void
process_wait(int fd, short events);

/* All of it, even if FD is non-blocking, which is left as it is: others share
 * that with us. Returns 0, or -1 with errno. */
int
process_write(int fd, const char *data, size_t len);

/* A stream on FD, which it closes, that writes so. NULL with errno. */
FILE *
process_stream(int fd);

/*
 * A description of our own, to write without waiting (EAGAIN), of the pipe or
 * terminal that FD is: O_NONBLOCK on FD itself would change it for all who
 * share it. With close-on-exec; -1 if it is neither or cannot be had.
 */
int
process_open_again(int fd);

/* Flushes OUT. What kept some of it from getting out, NULL if nothing did. Of a
 * file that is not whole, it may end with a line more. */
const char *
process_write_error(FILE *out);

/* After data was printed: exit(1) with an error line if it did not get out. */
void
process_flush(void);

/*
 * Closes the descriptors FIRST to LAST, all but KEPT. By one call where the
 * kernel has it and lets us (close_range(2): Linux 5.9), else one by one. Safe
 * in a forked child.
 */
void
process_close(unsigned first, unsigned last, int kept);

#endif
