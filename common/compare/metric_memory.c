/* SPDX-License-Identifier: MIT */
/* metric_memory: what idle connections take, beyond the server itself. */
#include <math.h>
#include <stdio.h>

#include "common/compare/block_run.h"
#include "common/compare/instance.h"
#include "common/compare/metric.h"

static double
sum_of_kinds(const struct usage *usage)
{
	double sum = 0;

	for (int kind = 0; kind < MEMORY_KINDS; kind++) {
		if (isfinite(usage->memory_kib[kind]))
			sum += usage->memory_kib[kind];
	}
	return sum;
}

/* KiB for a connection; NAN if it is in trouble. */
static double
memory_of(struct block_run *run, size_t i)
{
	struct accumulator *accumulator = &run->accumulators[i];
	struct instance *one = &run->at[i];
	uint32_t connections = run->point->connections;
	double kib = NAN;
	char why[200];

	if (!instance_start(run, i))
		return NAN;
	if (idle_connections_open(&one->idle, &one->server.address, connections,
		run->plan->stop, why, sizeof(why)) == 0) {
		instance_note_memory(run, i, connections);
		if (accumulator->memory_count)
			kib = sum_of_kinds(
			    &accumulator
				 ->memory[accumulator->memory_count - 1]);
	} else if (!block_run_stopped(run) && !instance_died(run, i)) {
		snprintf(accumulator->trouble, sizeof(accumulator->trouble),
		    "%s", why);
	}
	block_run_note_stall(run, one->idle.stall_ns);
	instance_stop(run, i);
	return kib;
}

static void
memory_block(struct block_run *run)
{
	block_run_once(run, memory_of);
}

static double
memory_seconds(const struct compare_plan *plan, const struct load_point *point)
{
	return ((double)plan->server_count + 1) *
	       (0.06 + 0.001 * (double)point->connections);
}

const struct metric METRIC_MEMORY = {
    .block = memory_block,
    .seconds = memory_seconds,
    .blocks = 10,
    .blocks_quick = 6,
};
