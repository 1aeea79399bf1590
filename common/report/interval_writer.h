/* SPDX-License-Identifier: MIT */
/*
 * series_writer: the lines of a series, written by a thread of their own: a
 * reader who is slow, or stands still, never holds up the load.
 *
 *	series_begin(&writer, out)
 *	... series_put(&writer, rate, part, from, to), while the load runs
 *	dropped = series_end(&writer)
 *
 * SERIES_LINES lines may wait; what comes then is dropped and counted. Each
 * line is flushed: somebody may be looking. Meanwhile OUT is the thread's.
 */
#ifndef COMMON_REPORT_INTERVAL_WRITER_H
#define COMMON_REPORT_INTERVAL_WRITER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/load/load_result.h"

#define SERIES_LINES 256

struct series_writer {
	FILE *out;
	pthread_t thread;
	pthread_mutex_t mutex; /* of all below */
	pthread_cond_t changed;
	char *lines[SERIES_LINES]; /* a ring */
	size_t first, count;
	uint64_t dropped;
	bool over;
};

/* Returns 0, or -1 with errno. */
int
series_begin(struct series_writer *writer, FILE *out);

/* As series_print(). Waits for nobody. */
void
series_put(struct series_writer *writer, double rate,
    const struct load_result *part, uint64_t from_ns, uint64_t to_ns);

/* Waits until the reader has all that waits. Returns how many were dropped. */
uint64_t
series_end(struct series_writer *writer);

#endif
