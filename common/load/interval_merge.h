/* SPDX-License-Identifier: MIT */
/*
 * interval_merge: the intervals of several engines, merged into those of the
 * load.
 *
 * All engines count intervals from one start. An interval is complete, and
 * passed on, when each engine has told its part; one that is late holds back
 * those after it. At the end the caller passes on the rest.
 *
 *	interval_merge_open(&merge, 4, put, context);
 *	interval_merge_add(&merge, part, from_ns, to_ns);    any thread
 *	interval_merge_close(&merge);
 *
 * interval_merge_add() is safe in any thread; PUT is called by one at a time.
 */
#ifndef COMMON_LOAD_INTERVAL_MERGE_H
#define COMMON_LOAD_INTERVAL_MERGE_H

#include <pthread.h>
#include <stdint.h>

#include "common/load/load_result.h"

struct merged_interval; /* one that is not complete, or waits for such */

struct interval_merge {
	pthread_mutex_t lock; /* of all below */
	uint32_t engines;
	struct merged_interval *first; /* a list, in the order of time */
	void (*put)(void *context, const struct load_result *part,
	    uint64_t from_ns, uint64_t to_ns);
	void *context;
};

void
interval_merge_open(struct interval_merge *merge, uint32_t engines,
    void (*put)(void *context, const struct load_result *part, uint64_t from_ns,
	uint64_t to_ns),
    void *context);

/* Adds the PART of an engine. Without memory for it, it is passed on alone. */
void
interval_merge_add(struct interval_merge *merge, const struct load_result *part,
    uint64_t from_ns, uint64_t to_ns);

/* Passes on what is left. Adding may go on. */
void
interval_merge_flush(struct interval_merge *merge);

/* Drops what is left. */
void
interval_merge_close(struct interval_merge *merge);

#endif
