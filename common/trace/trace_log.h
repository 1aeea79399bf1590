/* SPDX-License-Identifier: MIT */
/*
 * trace_log: reads what a server or client recorded (common/base/trace.h).
 *
 * It trusts nothing: the file may be cut, of another program, still being
 * written, or have any bytes that a faulty worker left in it. What is no event
 * is counted and left out; only a file without a right header is an error.
 */
#ifndef COMMON_TRACE_TRACE_LOG_H
#define COMMON_TRACE_TRACE_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/trace.h"

/* An event that may have happened: its kind is one that we know, and its pid,
 * its tid and its time are possible. */
struct trace_record {
	uint64_t sequence; /* from 1 */
	uint64_t time_ns;  /* CLOCK_MONOTONIC */
	uint64_t connection, value;
	int32_t pid, tid;
	enum trace_kind kind;
};

struct trace_log {
	char program[33], model[17]; /* any bytes; model: "" for a client */
	int32_t pid;		     /* 0: none that is possible */
	struct trace_record *events; /* in the order of time */
	size_t count;
	uint64_t lost;	  /* older ones, for which the ring had no room */
	uint64_t damaged; /* not written to the end, or overwritten */
};

/* Reads the file PATH. Returns 0; or -1 with the reason in WHY of SIZE bytes
 * and an empty log. Where memory is missing, the program ends with a line. */
int
trace_log_read(struct trace_log *log, const char *path, char *why, size_t size);

/* The same of the descriptor FD, whose file offset it does not use: a trace may
 * be in memory (memfd_create(2)). FD stays open. */
int
trace_log_read_fd(struct trace_log *log, int fd, char *why, size_t size);

/* The same of the SIZE bytes of a file, for tests. */
int
trace_log_parse(struct trace_log *log, const void *bytes, size_t size,
    char *why, size_t why_size);

void
trace_log_release(struct trace_log *log);

#endif
