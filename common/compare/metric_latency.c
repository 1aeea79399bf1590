/* SPDX-License-Identifier: MIT */
/*
 * metric_latency: how late the latest 1 % of the answers are, at a rate that
 * does not wait for them.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/compare/abba_rounds.h"
#include "common/compare/capacity.h"
#include "common/compare/metric.h"

/* With fewer replies, a p99 rests on ten replies or less. */
#define REPLIES_LEAST 1000
#define SLICE_LEAST_NS (100 * NS_PER_MS)
#define SLICE_MOST_NS NS_PER_S
#define PROBE_CONNECTIONS 32

/* New connections in a second that the slower of the pair takes on one CPU. */
#define CAPACITY_USUAL 7000

/* ---- rates ---- */

static uint64_t
slice_for(double rate)
{
	double ns = 0.55 * REPLIES_LEAST / rate * 1e9;

	if (ns < (double)SLICE_LEAST_NS)
		return SLICE_LEAST_NS;
	return ns < (double)SLICE_MOST_NS ? (uint64_t)ns : SLICE_MOST_NS;
}

static void
prepare(struct block_run *run, struct load_point *points, size_t count)
{
	if (points[0].share > 0)
		capacity_put_rates(run, points, count, PROBE_CONNECTIONS, NULL);
	for (size_t p = 0; p < count; p++)
		points[p].slice_ns = slice_for(points[p].rate);
}

/* ---- the blocks ---- */

static double
log_p99(const struct histogram *hist)
{
	return log((double)histogram_percentile(hist, 99) / 1e3);
}

static void
tails(struct load_result *there, struct load_result *back, double value[2],
    double *service)
{
	load_result_add(there, back);
	value[0] = value[1] = NAN;
	if (there->latency.total < REPLIES_LEAST)
		return;
	value[0] = value[1] = log_p99(&there->latency);
	*service = log_p99(&there->service);
}

/* Whether two slices can give enough replies. */
static bool
suffices(const struct load_point *point)
{
	return 2 * point->rate * (double)point->slice_ns / 1e9 >= REPLIES_LEAST;
}

static void
response_block(struct block_run *run)
{
	if (suffices(run->point)) {
		abba_rounds_block(run, tails, 1);
		return;
	}
	for (size_t i = 0; i < run->count; i++) {
		if (block_run_lacks(run, i))
			continue;
		snprintf(run->accumulators[i].trouble, TROUBLE_MAX,
		    "too few replies for a 99th percentile: at %.3g/s, two "
		    "slices have fewer than %d",
		    run->point->rate, REPLIES_LEAST);
	}
}

/* Until the capacity is known, it is taken for the usual one. */
static double
response_seconds(
    const struct compare_plan *plan, const struct load_point *point)
{
	struct load_point known = *point;

	known.slice_ns = slice_for(
	    point->rate > 0 ? point->rate : point->share * CAPACITY_USUAL);
	return abba_rounds_seconds(plan, &known);
}

const struct metric METRIC_LATENCY = {
    .prepare = prepare,
    .block = response_block,
    .seconds = response_seconds,
    .blocks = 8,
    .blocks_quick = 6,
};
