/* SPDX-License-Identifier: MIT */
/*
 * measure_response: how late the latest 1 % of the answers are, at a rate that
 * does not wait for them.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/compare/capacity.h"
#include "common/compare/abba_rounds.h"

/* A p99 of fewer replies is that of its ten slowest, or less. */
#define REPLIES_LEAST 1000
#define SLICE_LEAST_NS (100 * NS_PER_MS)
#define SLICE_MOST_NS NS_PER_S
#define PROBE_CONNECTIONS 32

/* ---- rates, of the capacity of the slowest ---- */

/* They will be tried again, at rates that one of them can do. */
static void
forget_troubles(struct trial *trial)
{
	for (size_t i = 0; i < trial->count; i++)
		trial->tallies[i] =
		    (struct tally){.counted = trial->tallies[i].counted};
}

/* A rate in three digits. */
static double
rounded(double rate)
{
	double unit = 1;

	while (rate / unit >= 1000)
		unit *= 10;
	return floor(rate / unit) * unit;
}

static uint64_t
slice_for(double rate)
{
	double ns = 0.55 * REPLIES_LEAST / rate * 1e9;

	if (ns < (double)SLICE_LEAST_NS)
		return SLICE_LEAST_NS;
	return ns < (double)SLICE_MOST_NS ? (uint64_t)ns : SLICE_MOST_NS;
}

static void
find_rates(struct trial *trial, struct load_point *points, size_t count)
{
	struct load_point probe = points[0];
	double slowest;

	probe.connections = PROBE_CONNECTIONS;
	trial->point = &probe;
	slowest = capacity_of_slowest(trial);
	if (slowest > 0)
		forget_troubles(trial);
	trial->point = points;
	for (size_t p = 0; p < count; p++) {
		double rate = rounded(points[p].share * slowest);
		struct setting *share = &points[p].settings[0];

		points[p].rate = rate < 1 ? 1 : rate;
		points[p].slice_ns = slice_for(points[p].rate);
		points[p].settings[1] = *share;
		*share = (struct setting){"rate", "", points[p].rate};
		points[p].setting_count = 2;
	}
}

/* ---- the blocks ---- */

static double
log_p99(const struct hist *hist)
{
	return log((double)hist_percentile(hist, 99) / 1e3);
}

static void
tails(struct load_result *there, struct load_result *back, double value[2],
    double *service)
{
	result_add(there, back);
	value[0] = value[1] = NAN;
	if (there->latency.total < REPLIES_LEAST)
		return;
	value[0] = value[1] = log_p99(&there->latency);
	*service = log_p99(&there->service);
}

/* Whether two slices can give enough of them. */
static bool
suffices(const struct load_point *point)
{
	return 2 * point->rate * (double)point->slice_ns / 1e9 >= REPLIES_LEAST;
}

static void
response_block(struct trial *trial)
{
	if (suffices(trial->point)) {
		slices_block(trial, tails, 1);
		return;
	}
	for (size_t i = 0; i < trial->count; i++) {
		if (trial_lacks(trial, i))
			continue;
		snprintf(trial->tallies[i].trouble, TROUBLE_MAX,
		    "too few replies for a 99th percentile: at %.3g/s, two "
		    "slices have fewer than %d",
		    trial->point->rate, REPLIES_LEAST);
	}
}

const struct measure MEASURE_RESPONSE = {
    .prepare = find_rates,
    .block = response_block,
    .seconds = slices_seconds,
    .blocks = 8,
    .blocks_quick = 6,
};
