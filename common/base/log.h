/* SPDX-License-Identifier: MIT */
/*
 * log: words for people, on standard error.
 *
 * Invariant: one line is one write(2) of at most LOG_LINE_MAX bytes, so that
 * lines of several threads or processes do not run into one another. Bytes
 * outside printable ASCII come out as \xXX: no client can forge a line or
 * drive a terminal. A line that cannot be written at once is dropped, and the
 * next says so; a log never blocks or ends its caller.
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
 * Names the program (kept, not copied), the most talkative level that is
 * printed, and whether a line begins with the time and the process's number
 * (a server's does, a command's does not).
 */
void
log_open(const char *program, enum log_level level, bool stamped);

/* Whether LEVEL is printed: for callers whose arguments cost something. */
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

/* Printed whatever the level: the lines that scripts wait for. */
void
log_always(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * A line that an overload, or anybody outside, would repeat: at most one a
 * second for each LIMIT (start with {0}); the next one that is printed tells
 * how many were not, of whatever words. Threads, and processes that have it in
 * shared memory, may use one LIMIT.
 */
struct log_limit {
	_Atomic uint64_t next_ns;
	_Atomic uint64_t dropped;
};

void
log_limited(struct log_limit *limit, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* For when there may be no next one: tells how many lines about WHAT were not
 * printed, unless that is none or told. */
void
log_left_out(struct log_limit *limit, const char *what);

/* "program: " and the words, whatever the level, and exit(STATUS). */
void
die(int status, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));

#endif
