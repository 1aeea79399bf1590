/* SPDX-License-Identifier: MIT */
/*
 * histogram: a latency histogram that keeps three digits of any 64-bit value.
 *
 * The scheme of HdrHistogram: each power of two has 1024 buckets of equal
 * width, so the error is at most 1/1024 of the value, and 0 below 2048. No
 * value is too large. Two histograms can be added without a further error. The
 * unit is the caller's; here, nanoseconds.
 *
 *	struct histogram h = {0};
 *	if (histogram_init(&h) < 0) ...
 *	histogram_record(&h, ns);
 *	p99 = histogram_percentile(&h, 99);
 *	histogram_release(&h);
 *
 * Not thread-safe.
 */
#ifndef COMMON_STATS_HISTOGRAM_H
#define COMMON_STATS_HISTOGRAM_H

#include <stdbool.h>
#include <stdint.h>

struct histogram {
	uint64_t *counts;
	uint64_t total;
	uint64_t min, max; /* exact; min is UINT64_MAX while empty */
	__extension__ unsigned __int128 sum; /* cannot overflow */
};

enum {
	HIST_HALF_BITS = 10,
	HIST_HALF = 1 << HIST_HALF_BITS, /* buckets of a power of two */
	/* One for each of [0, 2048), then HIST_HALF for each power of two. */
	HIST_BUCKETS = (64 - HIST_HALF_BITS + 1) * HIST_HALF,
};

/* Allocates 440 KiB of address space; only pages with recorded values take
 * memory. Returns 0, or -1 with errno. */
int
histogram_init(struct histogram *hist);

/* Harmless if HIST is zeroed or released. */
void
histogram_release(struct histogram *hist);

void
histogram_clear(struct histogram *hist);

/* The index in `counts` for VALUE. */
static inline unsigned
histogram_bucket(uint64_t value)
{
	/* The shift that leaves HIST_HALF_BITS + 1 bits. */
	unsigned shift = (unsigned)(63 - __builtin_clzll(value | HIST_HALF)) -
			 HIST_HALF_BITS;

	return shift * HIST_HALF + (unsigned)(value >> shift);
}

/* Inline: the engine calls it for each reply. */
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

/* Adds the values of FROM to HIST. */
void
histogram_add(struct histogram *hist, const struct histogram *from);

/*
 * The least value that at least PERCENT % of the recorded values do not exceed,
 * within 1/1024, and never above the maximum. 0 if HIST is empty.
 */
uint64_t
histogram_percentile(const struct histogram *hist, double percent);

/* Exact. 0 if HIST is empty. */
double
histogram_mean(const struct histogram *hist);

/* The standard deviation, within the error of the buckets. 0 if HIST is
 * empty. */
double
histogram_deviation(const struct histogram *hist);

/*
 * An iterator over the recorded values in ascending order:
 *
 *	struct histogram_walk walk = {0};
 *	while (histogram_next(&h, &walk)) ... walk.value, walk.count, walk.seen
 */
struct histogram_walk {
	uint64_t value;	 /* the largest of the bucket, or the maximum */
	uint64_t count;	 /* recorded values in the bucket */
	uint64_t seen;	 /* recorded values so far, these included */
	unsigned bucket; /* the next to look at */
};

/* Returns false at the end. */
bool
histogram_next(const struct histogram *hist, struct histogram_walk *walk);

#endif
