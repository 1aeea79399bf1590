/* SPDX-License-Identifier: MIT */
/*
 * log: messages on standard error.
 *
 * One line is one write(2) of at most LOG_LINE_MAX bytes, so lines of several
 * threads or processes do not mix. Bytes outside printable ASCII become \xNN,
 * so a client cannot forge a line or drive a terminal. Logging never blocks,
 * stops or ends its caller: a line that cannot be written at once is dropped
 * and counted, and the next line tells the count. (process.h ignores the
 * signals of a closed pipe, a full file and a background terminal.)
 *
 *	log_open("server_fork", LOG_INFO, true);
 *	log_warn("fork: %s", strerror(errno));
 *
 * Safe in any thread and in a forked child; not in a signal handler.
 */
#ifndef COMMON_BASE_LOG_H
#define COMMON_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#define LOG_LINE_MAX 1024

enum log_level {
	LOG_ERROR,
	LOG_WARN,
	LOG_INFO,
	LOG_DEBUG,
};

/*
 * Call it once standard error is open. Finds out how to write there without
 * waiting. Opens a pipe or terminal again if possible, because O_NONBLOCK on
 * the inherited descriptor would affect other processes.
 */
void
log_take_stderr(void);

/*
 * Sets the program's name (kept, not copied), the most verbose level that is
 * printed, and whether a line begins with the time and the process number (for
 * servers).
 */
void
log_open(const char *program, enum log_level level, bool stamped);

/* The program's name. */
const char *
log_program(void);

/* Whether LEVEL is printed, for callers with expensive arguments. */
bool
log_on(enum log_level level);

void
log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void
log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void
log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void
log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Printed at any level: lines that scripts wait for. */
void
log_always(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * For a line that clients could make the server repeat: at most one a second
 * for each LIMIT, which starts as {0}. The next printed line tells how many
 * were not. Threads, and processes with shared memory, may share a LIMIT.
 */
struct log_limit {
	_Atomic uint64_t next_ns;
	_Atomic uint64_t dropped;
};

void
log_limited(struct log_limit *limit, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Logs how many lines about WHAT were not printed, if any: call it when there
 * may be no later line. */
void
log_left_out(struct log_limit *limit, const char *what);

/*
 * Counts lines that could not be written. In memory that all writing processes
 * share.
 */
struct log_lost {
	_Atomic uint64_t total;
	_Atomic uint64_t untold; /* not reported by a later line yet */
	_Atomic bool torn;	 /* the last line was written in part */
};

/* From now on counts in SHARED, which is zeroed and stays. */
void
log_lost_at(struct log_lost *shared);

/* How many lines were lost. */
uint64_t
log_lost(void);

/* Writes progress to a terminal, without prefix, escape sequences included.
 * Drops what cannot be written at once. */
void
log_status(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints "program: " and the message at any level, then exit(STATUS). */
void
die(int status, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));

#endif
