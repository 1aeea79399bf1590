/* SPDX-License-Identifier: MIT */
/*
 * histogram: a latency histogram that keeps three digits of any 64-bit value.
 *
 * HdrHistogram's scheme: each power of two is cut into 1024 equal parts, so a
 * value is kept within 1/1024 of itself, and values below 2048 exactly. No
 * value is too large to count. Two histograms add up to the one that all their
 * values would have made. Units are the caller's; here, nanoseconds.
 *
 *	struct histogram h = {0};
 *	if (histogram_init(&h) < 0) ...
 *	histogram_record(&h, ns);
 *	p99 = histogram_percentile(&h, 99);
 *	histogram_release(&h);
 *
 * One thread at a time.
 */
#ifndef COMMON_STATS_HISTOGRAM_H
#define COMMON_STATS_HISTOGRAM_H

#include <stdbool.h>
#include <stdint.h>

struct histogram {
	uint64_t *counts;
	uint64_t total;
	uint64_t min, max; /* exact; min is UINT64_MAX while empty */
	__extension__ unsigned __int128 sum; /* 2^64 of the largest fit */
};

enum {
	HIST_HALF_BITS = 10,
	HIST_HALF = 1 << HIST_HALF_BITS, /* parts of a power of two */
	/* [0, 2048) one by one, then a half for each further power of two. */
	HIST_BUCKETS = (64 - HIST_HALF_BITS + 1) * HIST_HALF,
};

/* Takes 440 KiB of address space, which only recorded values make memory.
 * Returns 0, or -1 with errno. */
int
histogram_init(struct histogram *hist);

void
histogram_release(struct histogram *hist);

/* Empties it. */
void
histogram_clear(struct histogram *hist);

/* Which of the counts VALUE belongs to. */
static inline unsigned
histogram_bucket(uint64_t value)
{
	/* How far to shift until HIST_HALF_BITS + 1 bits are left. */
	unsigned shift = (unsigned)(63 - __builtin_clzll(value | HIST_HALF)) -
			 HIST_HALF_BITS;

	return shift * HIST_HALF + (unsigned)(value >> shift);
}

/* Inline: it is called for each reply. */
static inline void
histogram_record(struct histogram *hist, uint64_t value)
{
	hist->counts[histogram_bucket(value)]++;
	hist->total++;
	hist->sum += value;
	if (value < hist->min)
		hist->min = value;
	if (value > hist->max)
		hist->max = value;
}

/* Adds all of FROM to HIST. */
void
histogram_add(struct histogram *hist, const struct histogram *from);

/*
 * The least value that at least PERCENT % of the recorded ones do not exceed,
 * within 1/1024, and never above the maximum. 0 if nothing was recorded.
 */
uint64_t
histogram_percentile(const struct histogram *hist, double percent);

/* Exact. 0 if nothing was recorded. */
double
histogram_mean(const struct histogram *hist);

/* Of the values as they are kept. 0 if nothing was recorded. */
double
histogram_deviation(const struct histogram *hist);

/*
 * Walks over what was recorded, the least first. Zeroed before the first call:
 *
 *	struct histogram_walk walk = {0};
 *	while (histogram_next(&h, &walk)) ... walk.value, walk.count, walk.seen
 */
struct histogram_walk {
	uint64_t value;	 /* the largest that counts as this one; the maximum
			    counts as itself */
	uint64_t count;	 /* how often it was recorded */
	uint64_t seen;	 /* how many so far, these included */
	unsigned bucket; /* where it goes on */
};

bool
histogram_next(const struct histogram *hist, struct histogram_walk *walk);

#endif
