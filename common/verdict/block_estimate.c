/* SPDX-License-Identifier: MIT */
/* block_estimate: which rounds of a block count, and one number from them. */
#include "common/verdict/block_estimate.h"

#include <math.h>

#include "common/stats/rank_tests.h"

#define STEADY_HEAD 2 /* rounds, of two slices: those that are looked at */
#define STEADY_TAIL 4 /* and those that they are compared with */
#define STEADY_SDS 3
/* Smaller steps are none: a server without any spread would never settle. */
#define STEADY_FLOOR 0.01

/* ---- warm-up ---- */

/* The slices of COUNT rounds as one row. False if one has no value. */
static bool
flatten(const struct block_slice *rounds, size_t count, double *row)
{
	for (size_t i = 0; i < 2 * count; i++) {
		row[i] = rounds[i / 2].log_value[i % 2];
		if (!isfinite(row[i]))
			return false;
	}
	return true;
}

/* One instance: how far the first HEAD rounds lie from the TAIL that follow,
 * and the spread of those. Both 0 if it has no values. */
static void
step_of(const struct block_slice *rounds, size_t head, size_t tail,
    double *step, double *sd)
{
	double first[2 * STEADY_HEAD], then[2 * STEADY_TAIL];
	double slices = 2 * (double)tail;

	*step = *sd = 0;
	if (!flatten(rounds, head, first) ||
	    !flatten(rounds + head, tail, then))
		return;
	*step =
	    fabs(rank_median(first, 2 * head) - rank_median(then, 2 * tail));
	/* The median of so few lies too near to them. */
	*sd = rank_robust_sd(then, 2 * tail) * sqrt(slices / (slices - 1));
}

/* Whether all are; by instance in STEADY. */
static bool
steady_from(const struct block_slice *const slices[], size_t instances,
    size_t from, size_t count, bool *steady)
{
	size_t left = count - from, head = left < 4 ? 1 : STEADY_HEAD;
	size_t tail = left - head < STEADY_TAIL ? left - head : STEADY_TAIL;
	double steps[SERVERS_MAX + 1] = {0}, sds[SERVERS_MAX + 1] = {0};
	double typical;
	bool all = true;

	for (size_t i = 0; i < instances; i++)
		step_of(slices[i] + from, head, tail, &steps[i], &sds[i]);
	/* A spread of so few slices is often far too small by chance. */
	typical = rank_median(sds, instances);
	for (size_t i = 0; i < instances; i++) {
		double sd = fmax(fmax(sds[i], typical), STEADY_FLOOR);

		steady[i] = steps[i] <= STEADY_SDS * sd;
		all &= steady[i];
	}
	return all;
}

size_t
block_warm_up(
    const struct block_slice *const slices[], size_t instances, size_t count)
{
	bool steady[SERVERS_MAX + 1];

	for (size_t from = 1; from + 2 <= count; from++) {
		if (steady_from(slices, instances, from, count, steady))
			return from;
	}
	return count;
}

/* Notes the warm-up, and which instances settled. */
static void
end_warm_up(const struct block_slice *const slices[], size_t instances,
    size_t count, struct block_estimate *block)
{
	size_t from = block_warm_up(slices, instances, count);
	bool ended = from < count;

	if (!ended)
		from = (count + 1) / 2;
	if (!ended && from + 2 <= count)
		steady_from(slices, instances, from, count, block->settled);
	for (size_t i = 0; i < instances && ended; i++)
		block->settled[i] = true;
	block->warm_up = from;
}

/* ---- the block's numbers ---- */

static bool
spoilt(const struct block_slice *const slices[], size_t instances, size_t round)
{
	for (size_t i = 0; i < instances; i++) {
		for (size_t side = 0; side < 2; side++) {
			const struct block_slice *s = &slices[i][round];

			if (s->stall[side] ||
			    s->contention[side] > BLOCK_CONTENTION ||
			    s->stretch[side] > BLOCK_GAP)
				return true;
		}
	}
	return false;
}

/* Their median; NAN if there are none, or one of them is no number. */
static double
median_of_all(const double *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!isfinite(values[i]))
			return NAN;
	}
	return count ? rank_median(values, count) : NAN;
}

/* The logarithm of what ONE is to BASE, over the COUNT rounds in WHICH. */
static double
log_ratio(const struct block_slice *one, const struct block_slice *base,
    const size_t *which, size_t count)
{
	double ratios[ROUNDS_MAX];

	for (size_t i = 0; i < count; i++) {
		const double *a = base[which[i]].log_value;
		const double *b = one[which[i]].log_value;

		ratios[i] = (b[0] + b[1] - a[0] - a[1]) / 2;
	}
	return median_of_all(ratios, count);
}

static double
value_of(const struct block_slice *one, const size_t *which, size_t count)
{
	double values[2 * ROUNDS_MAX];

	for (size_t i = 0; i < 2 * count; i++)
		values[i] = one[which[i / 2]].log_value[i % 2];
	return exp(median_of_all(values, 2 * count));
}

void
block_estimate(const struct block_slice *const slices[], size_t instances,
    size_t count, bool higher, struct block_estimate *block)
{
	size_t all[ROUNDS_MAX], good[ROUNDS_MAX], n = 0, kept = 0;
	double sign = higher ? 1 : -1;

	*block = (struct block_estimate){0};
	end_warm_up(slices, instances, count, block);
	for (size_t q = block->warm_up; q < count; q++) {
		all[n++] = q;
		block->counts[q] = !spoilt(slices, instances, q);
		if (block->counts[q])
			good[kept++] = q;
	}
	block->kept = kept;
	block->dropped = n - kept;
	for (size_t i = 0; i < instances; i++) {
		block->value[i] = value_of(slices[i], good, kept);
		block->log_ratio[i] =
		    sign * log_ratio(slices[i], slices[0], good, kept);
		block->log_ratio_all[i] =
		    sign * log_ratio(slices[i], slices[0], all, n);
	}
}
