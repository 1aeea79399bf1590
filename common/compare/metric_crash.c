/* SPDX-License-Identifier: MIT */
/* measure_crash: how many connections end with one worker. */
#include <math.h>
#include <stdio.h>

#include "common/compare/worker_crash.h"
#include "common/compare/block_run.h"

static double
lost_with_one(struct trial *trial, size_t i)
{
	struct tally *tally = &trial->tallies[i];
	struct crash crash = {0};
	double lost = NAN;
	char why[200];

	if (!instance_start(trial, i))
		return NAN;
	if (crash_one(&trial->at[i].server, trial->point->connections,
		trial->plan->stop, &crash, why, sizeof(why)) == 0)
		lost = crash.lost;
	else if (!trial_stopped(trial) && !instance_died(trial, i))
		snprintf(tally->trouble, sizeof(tally->trouble), "%s", why);
	trial_note_still(trial, crash.still_ns);
	instance_stop(trial, i);
	return lost;
}

static void
crash_block(struct trial *trial)
{
	trial_once(trial, lost_with_one);
}

static double
crash_seconds(const struct compare_plan *plan, const struct load_point *point)
{
	(void)point;
	return ((double)plan->server_count + 1) * 0.12;
}

const struct measure MEASURE_CRASH = {
    .block = crash_block,
    .seconds = crash_seconds,
    .blocks = 10,
    .blocks_quick = 6,
};
