/* SPDX-License-Identifier: MIT */
/* measure_memory: what idle connections take, beyond the server itself. */
#include <math.h>
#include <stdio.h>

#include "common/compare/block_run.h"

static double
sum_of_kinds(const struct cost *cost)
{
	double sum = 0;

	for (int kind = 0; kind < MEMORY_KINDS; kind++) {
		if (isfinite(cost->memory_kib[kind]))
			sum += cost->memory_kib[kind];
	}
	return sum;
}

/* KiB for a connection; NAN if it is in trouble. */
static double
memory_of(struct trial *trial, size_t i)
{
	struct tally *tally = &trial->tallies[i];
	struct instance *one = &trial->at[i];
	uint32_t connections = trial->point->connections;
	double kib = NAN;
	char why[200];

	if (!instance_start(trial, i))
		return NAN;
	if (hold_open(&one->hold, &one->server.address, connections,
		trial->plan->stop, why, sizeof(why)) == 0) {
		instance_note_memory(trial, i, connections);
		if (tally->memory_count)
			kib = sum_of_kinds(
			    &tally->memory[tally->memory_count - 1]);
	} else if (!trial_stopped(trial) && !instance_died(trial, i)) {
		snprintf(tally->trouble, sizeof(tally->trouble), "%s", why);
	}
	trial_note_still(trial, one->hold.still_ns);
	instance_stop(trial, i);
	return kib;
}

static void
memory_block(struct trial *trial)
{
	trial_once(trial, memory_of);
}

static double
memory_seconds(const struct compare_plan *plan, const struct load_point *point)
{
	return ((double)plan->server_count + 1) *
	       (0.06 + 0.001 * (double)point->connections);
}

const struct measure MEASURE_MEMORY = {
    .block = memory_block,
    .seconds = memory_seconds,
    .blocks = 10,
    .blocks_quick = 6,
};
