/* SPDX-License-Identifier: MIT */
/* metric_crash: how many connections end with one worker. */
#include <math.h>
#include <stdio.h>

#include "common/compare/block_run.h"
#include "common/compare/instance.h"
#include "common/compare/metric.h"
#include "common/compare/worker_crash.h"

static double
lost_with_one(struct block_run *run, size_t i)
{
	struct accumulator *accumulator = &run->accumulators[i];
	struct worker_crash crash = {0};
	double lost = NAN;
	char why[200];

	if (!instance_start(run, i))
		return NAN;
	if (worker_crash_one(&run->at[i].server, run->point->connections,
		run->plan->stop, &crash, why, sizeof(why)) == 0)
		lost = crash.lost;
	else if (!block_run_stopped(run) && !instance_died(run, i))
		snprintf(accumulator->trouble, sizeof(accumulator->trouble),
		    "%s", why);
	block_run_note_stall(run, crash.stall_ns);
	instance_stop(run, i);
	return lost;
}

static void
crash_block(struct block_run *run)
{
	block_run_once(run, lost_with_one);
}

static double
crash_seconds(const struct compare_plan *plan, const struct load_point *point)
{
	(void)point;
	return ((double)plan->server_count + 1) * 0.12;
}

const struct metric METRIC_CRASH = {
    .block = crash_block,
    .seconds = crash_seconds,
    .blocks = 10,
    .blocks_quick = 6,
};
