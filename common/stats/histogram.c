/* SPDX-License-Identifier: MIT */
/* histogram: 1024 linear buckets in each power of two. */
#include "common/stats/histogram.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The largest value of BUCKET. */
static uint64_t
bucket_max(unsigned bucket)
{
	unsigned shift = bucket < 2 * HIST_HALF ? 0 : bucket / HIST_HALF - 1;
	uint64_t part = bucket - shift * HIST_HALF;

	return (part << shift) + ((uint64_t)1 << shift) - 1;
}

/* The value that represents BUCKET; never above the recorded maximum. */
static uint64_t
bucket_value(const struct histogram *hist, unsigned bucket)
{
	uint64_t top = bucket_max(bucket);

	return top < hist->max ? top : hist->max;
}

int
histogram_init(struct histogram *hist)
{
	hist->counts = calloc(HIST_BUCKETS, sizeof(hist->counts[0]));
	if (!hist->counts)
		return -1;
	hist->total = 0;
	hist->min = UINT64_MAX;
	hist->max = 0;
	hist->sum = 0;
	return 0;
}

void
histogram_release(struct histogram *hist)
{
	free(hist->counts);
	hist->counts = NULL;
}

void
histogram_clear(struct histogram *hist)
{
	/* Clears only the range in use: all of it is 440 KiB, and a caller may
	 * clear often. */
	if (hist->total) {
		unsigned first = histogram_bucket(hist->min);

		memset(hist->counts + first, 0,
		    (histogram_bucket(hist->max) - first + 1) *
			sizeof(hist->counts[0]));
	}
	hist->total = 0;
	hist->min = UINT64_MAX;
	hist->max = 0;
	hist->sum = 0;
}

void
histogram_add(struct histogram *hist, const struct histogram *from)
{
	if (!from->total)
		return;
	for (unsigned i = histogram_bucket(from->min);
	     i <= histogram_bucket(from->max); i++)
		hist->counts[i] += from->counts[i];
	hist->total += from->total;
	hist->sum += from->sum;
	if (from->min < hist->min)
		hist->min = from->min;
	if (from->max > hist->max)
		hist->max = from->max;
}

/* As a double, 99.9 is slightly above 99.9. The product is rounded down by some
 * epsilons, so that a rank that is a whole number does not become the next. */
static double
rank_of(double percent, uint64_t total)
{
	double rank = percent * (double)total / 100;

	return ceil(rank - rank * 4 * DBL_EPSILON);
}

uint64_t
histogram_percentile(const struct histogram *hist, double percent)
{
	double rank = rank_of(percent, hist->total);
	uint64_t need = rank < 1 ? 1 : (uint64_t)rank, seen = 0;

	if (!hist->total)
		return 0;
	for (unsigned i = histogram_bucket(hist->min);
	     i <= histogram_bucket(hist->max); i++) {
		seen += hist->counts[i];
		if (seen >= need)
			return bucket_value(hist, i);
	}
	return hist->max;
}

double
histogram_mean(const struct histogram *hist)
{
	return hist->total ? (double)hist->sum / (double)hist->total : 0;
}

bool
histogram_next(const struct histogram *hist, struct histogram_walk *walk)
{
	while (walk->seen < hist->total && !hist->counts[walk->bucket])
		walk->bucket++;
	if (walk->seen == hist->total)
		return false;
	walk->value = bucket_value(hist, walk->bucket);
	walk->count = hist->counts[walk->bucket++];
	walk->seen += walk->count;
	return true;
}

double
histogram_deviation(const struct histogram *hist)
{
	struct histogram_walk walk = {0};
	double mean = histogram_mean(hist), sum = 0;

	while (histogram_next(hist, &walk)) {
		double off = (double)walk.value - mean;

		sum += off * off * (double)walk.count;
	}
	return hist->total ? sqrt(sum / (double)hist->total) : 0;
}
