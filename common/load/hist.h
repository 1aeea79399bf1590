/* SPDX-License-Identifier: MIT */
/*
 * hist: a latency histogram that keeps three digits of any 64-bit value.
 *
 * HdrHistogram's scheme: each power of two is cut into 1024 equal parts, so a
 * value is kept within 1/1024 of itself, and values below 2048 exactly. No
 * value is too large to count. Two histograms add up to the one that all their
 * values would have made. Units are the caller's; here, nanoseconds.
 *
 *	struct hist h = {0};
 *	if (hist_init(&h) < 0) ...
 *	hist_record(&h, ns);
 *	p99 = hist_percentile(&h, 99);
 *	hist_release(&h);
 *
 * One thread at a time.
 */
#ifndef COMMON_LOAD_HIST_H
#define COMMON_LOAD_HIST_H

#include <stdint.h>

struct hist {
	uint64_t *counts;
	uint64_t total;
	uint64_t min, max; /* exact; min is UINT64_MAX while empty */
	double sum;
};

/* Takes 440 KiB of address space, which only recorded values make memory.
 * Returns 0, or -1 with errno. */
int
hist_init(struct hist *hist);

void
hist_release(struct hist *hist);

/* Empties it. */
void
hist_clear(struct hist *hist);

void
hist_record(struct hist *hist, uint64_t value);

/* Adds all of FROM to HIST. */
void
hist_add(struct hist *hist, const struct hist *from);

/*
 * The least value that at least PERCENT % of the recorded ones do not exceed,
 * within 1/1024, and never above the maximum. 0 if nothing was recorded.
 */
uint64_t
hist_percentile(const struct hist *hist, double percent);

/* Exact. 0 if nothing was recorded. */
double
hist_mean(const struct hist *hist);

#endif
