/* SPDX-License-Identifier: MIT */
/*
 * metric_burst: how long it takes until the last of many clients that come at
 * one instant has its answer.
 */
#include <math.h>
#include <stdio.h>

#include "common/compare/block_run.h"
#include "common/compare/idle_connections.h"
#include "common/compare/instance.h"
#include "common/compare/metric.h"

static double
ms_until_the_last(struct block_run *run, size_t i)
{
	struct accumulator *accumulator = &run->accumulators[i];
	struct idle_connections burst = {0};
	double ms = NAN;
	char why[400];

	if (!instance_start(run, i))
		return NAN;
	if (idle_connections_burst(&burst, &run->at[i].server.address,
		run->point->connections, run->plan->stop, why,
		sizeof(why)) == 0) {
		ms = (double)burst.opened_ns / 1e6;
		instance_note_memory(run, i, run->point->connections);
	} else if (!block_run_stopped(run) && !instance_died(run, i)) {
		snprintf(accumulator->trouble, sizeof(accumulator->trouble),
		    "%s", why);
		instance_note_backlog(run, i);
	}
	block_run_note_stall(run, burst.stall_ns);
	idle_connections_close(&burst);
	instance_stop(run, i);
	return ms;
}

static void
burst_block(struct block_run *run)
{
	block_run_once(run, ms_until_the_last);
}

static double
burst_seconds(const struct compare_plan *plan, const struct load_point *point)
{
	return ((double)plan->server_count + 1) *
	       (0.1 + 0.0003 * point->connections);
}

const struct metric METRIC_BURST = {
    .block = burst_block,
    .seconds = burst_seconds,
    .blocks = 10,
    .blocks_quick = 6,
};
