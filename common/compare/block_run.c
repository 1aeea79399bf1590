/* SPDX-License-Identifier: MIT */
/* block_run: figures noted, and blocks without slices. */
#include "common/compare/block_run.h"

#include <math.h>
#include <stdio.h>

#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/compare/scenario_points.h"
#include "common/compare/slice_csv.h"

bool
block_run_stopped(const struct block_run *run)
{
	return run->plan->stop && *run->plan->stop;
}

const char *
block_run_name(const struct block_run *run, size_t i)
{
	return i < run->plan->server_count ? run->plan->servers[i].name
					   : "control";
}

bool
block_run_lacks(const struct block_run *run, size_t i)
{
	return run->accumulators[i].trouble[0] != '\0';
}

void
block_run_note_bad_replies(
    struct accumulator *accumulator, const struct load_result *slice)
{
	snprintf(accumulator->trouble, sizeof(accumulator->trouble),
	    "%llu wrong, %llu timed out, %llu failed of %llu%s%s",
	    (unsigned long long)slice->wrong,
	    (unsigned long long)slice->timed_out,
	    (unsigned long long)slice->failed, (unsigned long long)slice->begun,
	    slice->first_wrong[0] ? ": " : "", slice->first_wrong);
}

void
block_run_note(struct block_run *run, size_t i, double value, double log_ratio)
{
	struct server_result *found = &run->results[i];

	found->values[run->block] = value;
	found->ratios[run->block] = log_ratio;
}

static void
write_figure(struct block_run *run, size_t i, size_t step, uint64_t began_ns,
    double figure)
{
	char point[LOAD_POINT_TEXT];
	struct slice_row row = {
	    .scenario = run->scenario->name,
	    .point = load_point_format(run->point, point, sizeof(point)),
	    .block = run->block + 1,
	    .step = step + 1,
	    .server = block_run_name(run, i),
	    .state = block_run_stopped(run) ? "interrupted"
		     : isnan(figure)	    ? "failed"
					    : "kept",
	    .begin_s = (double)(began_ns - run->start_ns) / 1e9,
	    .seconds = (double)(now_ns() - began_ns) / 1e9,
	    .figure = figure,
	};

	slice_csv_row(run->plan->csv, &row);
}

void
block_run_once(
    struct block_run *run, double (*figure)(struct block_run *run, size_t i))
{
	double values[SERVERS_MAX + 1];
	size_t order[SERVERS_MAX + 1], count = run->count;

	random_order(run->random, order, count);
	for (size_t k = 0; k < count; k++) {
		size_t i = order[k];
		uint64_t began_ns = now_ns();

		values[i] = NAN;
		if (block_run_lacks(run, i) || block_run_stopped(run))
			continue;
		values[i] = figure(run, i);
		if (run->plan->csv)
			write_figure(run, i, k, began_ns, values[i]);
	}
	if (run->plan->csv)
		fflush(run->plan->csv);
	for (size_t i = 0; i < count && !block_run_stopped(run); i++)
		block_run_note(run, i, values[i],
		    values[i] > 0 && values[0] > 0 ? log(values[0] / values[i])
						   : NAN);
}

void
block_run_note_stall(struct block_run *run, uint64_t ns)
{
	run->result->stall_s += (double)ns / 1e9;
}
