/* SPDX-License-Identifier: MIT */
/*
 * log: words for people, on standard error.
 *
 * Invariant: one line is one write(2) of at most LOG_LINE_MAX bytes, so that
 * lines of several threads or processes do not run into one another. Bytes
 * outside printable ASCII come out as \xXX: no client can forge a line or
 * drive a terminal. A line that cannot be written at once is dropped and
 * counted, and the next says so: a log never blocks, stops or ends its caller,
 * be it a terminal that nobody reads, a full disk or a file at its size limit
 * (process.h ignores the signals that these would send).
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
 * Once standard error is open: finds out what it is, so that no line will wait
 * for it. Opens pipes and terminals again where it may, because O_NONBLOCK on
 * what was inherited would change it for all who share it.
 */
void
log_take_stderr(void);

/*
 * Names the program (kept, not copied), the most talkative level that is
 * printed, and whether a line begins with the time and the process's number
 * (a server's does, a command's does not).
 */
void
log_open(const char *program, enum log_level level, bool stamped);

/* The name that log_open() was given. */
const char *
log_program(void);

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

/*
 * Lines that could not be written. In memory that all writers share, where
 * there are several processes.
 */
struct log_lost {
	_Atomic uint64_t total;
	_Atomic uint64_t untold; /* by a line since */
	_Atomic bool torn;	 /* the last one was written in part */
};

/* From now on they are counted in SHARED, which is zeroed and stays. */
void
log_lost_at(struct log_lost *shared);

/* How many lines were lost. */
uint64_t
log_lost(void);

/* For a terminal: progress and the like, without a prefix, escapes and all.
 * What cannot be written at once is dropped. */
void
log_status(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "program: " and the words, whatever the level, and exit(STATUS). */
void
die(int status, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));

#endif
