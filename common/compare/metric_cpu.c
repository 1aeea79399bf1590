/* SPDX-License-Identifier: MIT */
/*
 * metric_cpu: how much CPU time a server uses for what it is sent.
 *
 * CPU for each request depends on the rate: a server that is never idle is
 * woken less often. So all servers get the same rate, on a schedule, which the
 * slowest of them and the client can do. What the client uses itself does not
 * matter then, as long as that rate is reached.
 */
#include <math.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/units.h"
#include "common/compare/abba_rounds.h"
#include "common/compare/capacity.h"
#include "common/compare/metric.h"

/* A request that is begun in one slice and ends after it is little beside so
 * many. */
#define REQUESTS_LEAST 50
#define SLICE_MOST_NS (100 * NS_PER_MS)

/* What each does when nothing paces it, which a reader wants to know, too. */
static void
remark_capacities(
    struct block_run *run, const struct load_point *point, const double *rates)
{
	char words[300] = "without a schedule:", number[32];

	for (size_t i = 0; i < run->plan->server_count; i++) {
		if (rates[i] > 0)
			text_append(words, sizeof(words), " %.40s %s/s,",
			    run->plan->servers[i].name,
			    format_number(number, sizeof(number), rates[i]));
	}
	text_append(words, sizeof(words),
	    " the load: %s/s, %.0f %% of the least",
	    format_number(number, sizeof(number), point->rate),
	    100 * point->share);
	run->remark(run, words);
}

static void
find_rate(struct block_run *run, struct load_point *points, size_t count)
{
	double rates[SERVERS_MAX] = {0};

	for (size_t p = 0; p < count; p++)
		points[p].counts_cpu = true;
	capacity_put_rates(run, points, count, points[0].connections, rates);
	for (size_t p = 0; p < count; p++) {
		struct load_point *point = &points[p];

		while (point->slice_ns < SLICE_MOST_NS &&
		       point->rate * (double)point->slice_ns / 1e9 <
			   REQUESTS_LEAST)
			point->slice_ns =
			    earlier(2 * point->slice_ns, SLICE_MOST_NS);
		if (!block_run_stopped(run))
			remark_capacities(run, point, rates);
	}
}

/* The rates say when the servers are warm, and which rounds have a figure. */
static void
rates_of(struct load_result *there, struct load_result *back, double value[2],
    double *service)
{
	(void)service;
	value[0] = there->ok ? log(load_result_rate(there)) : NAN;
	value[1] = back->ok ? log(load_result_rate(back)) : NAN;
}

/* The CPU time of all slices in the place of the rates. */
static void
cpu_block(struct block_run *run)
{
	const struct server_result *all = run->results;
	size_t b = run->block;

	abba_rounds_block(run, rates_of, 1);
	for (size_t i = 0; i < run->count; i++) {
		double us = all[i].cpu_us[b];

		run->accumulators[i].ratios_all[b] = NAN;
		if (!isfinite(all[i].values[b]))
			continue;
		block_run_note(run, i, us * run->scenario->per_request,
		    isfinite(all[0].values[b]) ? log(all[0].cpu_us[b] / us)
					       : NAN);
	}
}

const struct metric METRIC_CPU = {
    .prepare = find_rate,
    .block = cpu_block,
    .seconds = abba_rounds_seconds,
    .blocks = 12,
    .blocks_quick = 6,
};
