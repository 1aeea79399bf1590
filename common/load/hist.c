/* SPDX-License-Identifier: MIT */
/* hist: 1024 linear buckets in each power of two. */
#include "common/load/hist.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	HALF_BITS = 10,
	HALF = 1 << HALF_BITS, /* parts of a power of two */
	/* [0, 2048) one by one, then a half for each further power of two. */
	BUCKETS = (64 - HALF_BITS + 1) * HALF,
};

static unsigned
bucket_of(uint64_t value)
{
	/* How far to shift until HALF_BITS + 1 bits are left. */
	unsigned shift =
	    (unsigned)(63 - __builtin_clzll(value | HALF)) - HALF_BITS;

	return shift * HALF + (unsigned)(value >> shift);
}

/* The largest value that falls into BUCKET. */
static uint64_t
top_of(unsigned bucket)
{
	unsigned shift = bucket < 2 * HALF ? 0 : bucket / HALF - 1;
	uint64_t part = bucket - shift * HALF;

	return (part << shift) + ((uint64_t)1 << shift) - 1;
}

int
hist_init(struct hist *hist)
{
	hist->counts = calloc(BUCKETS, sizeof(hist->counts[0]));
	if (!hist->counts)
		return -1;
	hist->total = 0;
	hist->min = UINT64_MAX;
	hist->max = 0;
	hist->sum = 0;
	return 0;
}

void
hist_release(struct hist *hist)
{
	free(hist->counts);
	hist->counts = NULL;
}

void
hist_clear(struct hist *hist)
{
	if (hist->total)
		memset(hist->counts, 0, BUCKETS * sizeof(hist->counts[0]));
	hist->total = 0;
	hist->min = UINT64_MAX;
	hist->max = 0;
	hist->sum = 0;
}

void
hist_record(struct hist *hist, uint64_t value)
{
	hist->counts[bucket_of(value)]++;
	hist->total++;
	hist->sum += (double)value;
	if (value < hist->min)
		hist->min = value;
	if (value > hist->max)
		hist->max = value;
}

void
hist_add(struct hist *hist, const struct hist *from)
{
	if (!from->total)
		return;
	for (unsigned i = bucket_of(from->min); i <= bucket_of(from->max); i++)
		hist->counts[i] += from->counts[i];
	hist->total += from->total;
	hist->sum += from->sum;
	if (from->min < hist->min)
		hist->min = from->min;
	if (from->max > hist->max)
		hist->max = from->max;
}

uint64_t
hist_percentile(const struct hist *hist, double percent)
{
	double rank = ceil(percent * (double)hist->total / 100);
	uint64_t need = rank < 1 ? 1 : (uint64_t)rank, seen = 0;

	if (!hist->total)
		return 0;
	for (unsigned i = bucket_of(hist->min); i <= bucket_of(hist->max);
	     i++) {
		seen += hist->counts[i];
		if (seen >= need)
			return top_of(i) < hist->max ? top_of(i) : hist->max;
	}
	return hist->max;
}

double
hist_mean(const struct hist *hist)
{
	return hist->total ? hist->sum / (double)hist->total : 0;
}
