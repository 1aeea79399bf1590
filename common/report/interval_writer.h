/* SPDX-License-Identifier: MIT */
/*
 * interval_writer: writes the lines of an interval series in a thread of its
 * own: a reader that is slow or has stopped never holds up the load.
 *
 *	interval_writer_begin(&writer, out)
 *	... interval_writer_put(&writer, rate, part, from, to) during the load
 *	dropped = interval_writer_end(&writer)
 *
 * INTERVAL_WRITER_LINES lines may wait; further lines are dropped and counted.
 * Each line is flushed, for a reader that follows along. Meanwhile OUT belongs
 * to the thread.
 */
#ifndef COMMON_REPORT_INTERVAL_WRITER_H
#define COMMON_REPORT_INTERVAL_WRITER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/load/load_result.h"

#define INTERVAL_WRITER_LINES 256

struct interval_writer {
	FILE *out;
	pthread_t thread;
	pthread_mutex_t mutex; /* of all below */
	pthread_cond_t changed;
	char *lines[INTERVAL_WRITER_LINES]; /* a ring */
	size_t first, count;
	uint64_t dropped;
	bool over;
};

/* Returns 0, or -1 with errno. */
int
interval_writer_begin(struct interval_writer *writer, FILE *out);

/* As load_json_interval(). Never waits. */
void
interval_writer_put(struct interval_writer *writer, double rate,
    const struct load_result *part, uint64_t from_ns, uint64_t to_ns);

/* Waits until the reader has all that waits. Returns how many were dropped. */
uint64_t
interval_writer_end(struct interval_writer *writer);

#endif
