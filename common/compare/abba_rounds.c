/* SPDX-License-Identifier: MIT */
/* slices: quads until the servers are warm, and then those that count. */
#include "common/compare/abba_rounds.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/sysinfo/proc_tree.h"
#include "common/compare/slice_csv.h"

/* Fewer requests in a slice make a rate in coarse steps: it gets longer. */
#define REQUESTS_LEAST 100
#define SLICE_MOST_NS (100 * NS_PER_MS)

/* One slice as it was: for the rows of the file. */
struct record {
	bool done;
	size_t step;
	uint64_t at_ns, wall_ns, sending_ns, begun, ok, cpu_ns;
	double rate, p50_us, p99_us, foreign, stretch;
	bool still;
	uint64_t backlog, full;
};

struct block {
	struct trial *trial;
	slices_value *value;
	size_t order[SERVERS_MAX + 1];
	size_t quads; /* so far */
	struct judge_slice slices[SERVERS_MAX + 1][QUADS_MAX];
	double service[SERVERS_MAX + 1][QUADS_MAX]; /* logarithms */
	struct record records[SERVERS_MAX + 1][QUADS_MAX][2];
	struct load_result results[SERVERS_MAX + 1][2]; /* of this quad */
	/* Both slices of each quad but the first, which never counts: which of
	 * them do is known when the block ends. */
	struct load_result wholes[SERVERS_MAX + 1][QUADS_MAX];
	struct judge_block judged;
};

static size_t
most_quads(const struct trial *trial)
{
	return JUDGE_QUADS_MOST(trial->plan->quads);
}

/* ---- a slice ---- */

static void
count_throttled(struct comparison *result, const struct load_result *slice)
{
	result->throttled += slice->throttled;
	result->throttled_s += (double)slice->throttled_ns / 1e9;
}

static void
count_all(struct tally *tally, const struct load_result *slice)
{
	tally->begun += slice->begun;
	tally->wrong += slice->wrong;
	tally->timed_out += slice->timed_out;
	tally->failed += slice->failed;
	tally->retries += slice->retries;
	tally->still_ns += slice->still_ns;
	tally->throttled += slice->throttled;
	for (int i = 0; i < RESULT_ERRNOS; i++)
		tally->errors[i] += slice->errors[i];
}

static void
judge_disturbance(const struct trial *trial, struct judge_slice *judged,
    struct record *record, size_t back)
{
	bool keep = trial->plan->keep_disturbed;

	judged->foreign[back] = keep ? 0 : record->foreign;
	judged->stretch[back] = keep ? 1 : record->stretch;
	judged->still[back] = !keep && record->still;
}

static void
fill_record(struct record *record, const struct load_result *slice,
    uint64_t start, size_t step)
{
	bool any = slice->latency.total > 0;

	*record = (struct record){
	    .done = true,
	    .step = step,
	    .at_ns = start,
	    .wall_ns = slice->wall_ns,
	    .begun = slice->begun,
	    .ok = slice->ok,
	    .cpu_ns = slice->cpu_ns,
	    .still = slice->still_ns || slice->throttled,
	    .rate = result_rate(slice),
	    .p50_us =
		any ? (double)hist_percentile(&slice->latency, 50) / 1e3 : NAN,
	    .p99_us =
		any ? (double)hist_percentile(&slice->latency, 99) / 1e3 : NAN,
	};
}

/* One server under load. Whatever goes wrong is its trouble. */
static void
run_slice(struct block *block, size_t i, size_t step)
{
	struct trial *trial = block->trial;
	struct tally *tally = &trial->tallies[i];
	struct instance *one = &trial->at[i];
	size_t back = step >= trial->count, quad = block->quads;
	struct load_result *slice = &block->results[i][back];
	struct record *record = &block->records[i][quad][back];
	uint64_t planned = trial->point->slice_ns, start = now_ns();
	struct backlog before = {0}, after;
	struct foreign foreign;

	result_clear(slice);
	if (trial->point->churn)
		backlog_ask(&one->server.address, &before);
	foreign_begin(&foreign, &trial->plan->placement, &one->watch);
	engine_run(&one->engine, planned, UINT64_MAX, slice);
	fill_record(record, slice, start, step);
	record->foreign = foreign_share(&foreign, &one->watch);
	record->sending_ns =
	    one->engine.stopped_ns - one->engine.schedule_start;
	record->stretch = (double)record->sending_ns / (double)planned;
	if (trial->point->churn && backlog_ask(&one->server.address, &after)) {
		record->backlog = after.size;
		record->full = backlog_full(&before, &after);
	}
	judge_disturbance(trial, &block->slices[i][quad], record, back);
	count_all(tally, slice);
	count_throttled(trial->result, slice);
	trial_note_still(trial, slice->still_ns);
	if (!instance_died(trial, i) && slice->ok < slice->begun) {
		trial_note_bad_replies(tally, slice);
		instance_blame_backlog(trial, i);
	}
}

/* Workers that stay are all there once each has served; those that come and go
 * beside many that stay are too many to look at. */
static void
watch_servers(struct trial *trial)
{
	bool change = trial->point->churn && !trial->point->held;

	for (size_t i = 0; i < trial->count; i++) {
		if (!trial_lacks(trial, i))
			watch_open(&trial->at[i].watch, trial->at[i].server.pid,
			    change);
	}
}

/* ---- a quad ---- */

/* What server I did in this quad, before anybody merges it. */
static void
keep_results(struct block *block, size_t i)
{
	struct load_result *whole = &block->wholes[i][block->quads];

	if (block->quads == 0)
		return;
	for (int back = 0; back < 2; back++)
		result_add(whole, &block->results[i][back]);
}

/* All servers in the block's order and back; every other quad from the other
 * end. */
static void
run_quad(struct block *block)
{
	struct trial *trial = block->trial;
	size_t n = trial->count;

	for (size_t step = 0; step < 2 * n && !trial_stopped(trial); step++) {
		size_t at = step < n ? step : 2 * n - 1 - step;
		size_t i = block->order[block->quads % 2 ? n - 1 - at : at];

		if (!trial_lacks(trial, i))
			run_slice(block, i, step);
	}
	for (size_t i = 0; i < n; i++) {
		double *value = block->slices[i][block->quads].log_value;

		double *service = &block->service[i][block->quads];

		value[0] = value[1] = *service = NAN;
		if (trial_lacks(trial, i) || trial_stopped(trial))
			continue;
		keep_results(block, i);
		block->value(&block->results[i][0], &block->results[i][1],
		    value, service);
	}
	block->quads++;
}

/* Longer slices for a slow server, from the second quad on of the point's first
 * block: all that count have one length. */
static void
fit_slices(struct block *block)
{
	struct trial *trial = block->trial;
	uint64_t *slice_ns = &trial->point->slice_ns;

	if (trial->block > 0 || block->quads != 1 || trial->point->rate > 0)
		return;
	for (size_t i = 0; i < trial->count; i++) {
		const struct record *both = block->records[i][0];
		double rate = fmax(both[0].rate, both[1].rate);

		if (trial_lacks(trial, i))
			continue;
		while (*slice_ns < SLICE_MOST_NS &&
		       rate * (double)*slice_ns / 1e9 < REQUESTS_LEAST)
			*slice_ns = earlier(2 * *slice_ns, SLICE_MOST_NS);
	}
}

static void
show_progress(const struct block *block)
{
	struct trial *trial = block->trial;
	double share = (double)block->quads / (double)(trial->plan->quads + 1);

	if (trial->progress)
		trial->progress(trial, share < 1 ? share : 1);
}

/* How many quads at the start are warm-up; all, if it is not over. */
static size_t
warm_up(const struct block *block)
{
	const struct judge_slice *slices[SERVERS_MAX + 1];

	for (size_t i = 0; i < block->trial->count; i++)
		slices[i] = block->slices[i];
	return judge_warm_up(slices, block->trial->count, block->quads);
}

static bool
anybody_left(const struct trial *trial)
{
	for (size_t i = 0; i < trial->count; i++) {
		if (!trial_lacks(trial, i))
			return !trial_stopped(trial);
	}
	return false;
}

/* As many quads as planned, after the warm-up; or as many as may be. */
static void
run_quads(struct block *block)
{
	struct trial *trial = block->trial;
	size_t planned = trial->plan->quads;

	trial_shuffle(trial, block->order, trial->count);
	while (block->quads < most_quads(trial) && anybody_left(trial)) {
		if (block->quads > planned &&
		    block->quads - warm_up(block) >= planned)
			break;
		run_quad(block);
		if (block->quads == 1)
			watch_servers(trial);
		fit_slices(block);
		show_progress(block);
	}
}

/* ---- before and after ---- */

static void
begin_costs(struct trial *trial)
{
	for (size_t i = 0; i < trial->count; i++) {
		struct instance *one = &trial->at[i];

		if (trial_lacks(trial, i))
			continue;
		one->begun_before = trial->tallies[i].begun;
		cost_begin(&one->meter, one->server.pid, &one->group);
	}
}

static void
end_costs(struct trial *trial)
{
	for (size_t i = 0; i < trial->count; i++) {
		struct instance *one = &trial->at[i];
		struct tally *tally = &trial->tallies[i];

		if (trial_lacks(trial, i))
			continue;
		cost_end(&one->meter, &tally->sums);
		tally->sums_requests += tally->begun - one->begun_before;
		if (!trial->point->churn)
			instance_note_memory(
			    trial, i, trial->point->connections);
	}
}

/* What comes on kept connections after the last reply is wrong, too. */
static void
end_load(struct trial *trial, size_t i)
{
	struct tally *tally = &trial->tallies[i];
	struct instance *one = &trial->at[i];

	if (!one->open || trial_lacks(trial, i) || trial_stopped(trial))
		return;
	result_clear(&one->slice);
	engine_finish(&one->engine, &one->slice);
	tally->wrong += one->slice.wrong;
	if (one->slice.wrong)
		snprintf(tally->trouble, sizeof(tally->trouble), "%s",
		    one->slice.example);
}

/* ---- what it says ---- */

/* Latency, and whether the client was the limit, are of the quads that the
 * number is of: of others it would be of somebody else's load. */
static void
count_kept(struct block *block, size_t i)
{
	struct tally *tally = &block->trial->tallies[i];

	for (size_t quad = 0; quad < block->quads; quad++) {
		const struct record *both = block->records[i][quad];

		if (!block->judged.counts[quad])
			continue;
		result_add(&tally->counted, &block->wholes[i][quad]);
		tally->sending_ns += both[0].sending_ns + both[1].sending_ns;
		tally->full += both[0].full + both[1].full;
		tally->full_slices += both[0].full > 0;
		tally->full_slices += both[1].full > 0;
		tally->backlog = both[0].backlog;
	}
}

static void
note_numbers(struct block *block, double scale)
{
	struct trial *trial = block->trial;
	struct judge_block *judged = &block->judged;
	const struct judge_slice *slices[SERVERS_MAX + 1];

	for (size_t i = 0; i < trial->count; i++)
		slices[i] = block->slices[i];
	judge_block(slices, trial->count, block->quads,
	    trial->scenario->higher_is_better, judged);
	for (size_t i = 0; i < trial->count; i++) {
		struct tally *tally = &trial->tallies[i];

		tally->ratios_all[trial->block] = NAN;
		if (trial_lacks(trial, i))
			continue;
		count_kept(block, i);
		trial_note(trial, i, judged->value[i] * scale,
		    trial_lacks(trial, 0) ? NAN : judged->log_ratio[i]);
		tally->ratios_all[trial->block] = judged->log_ratio_all[i];
		tally->kept += 2 * judged->kept;
		tally->warm_up += 2 * judged->warm_up;
		tally->dropped += 2 * judged->dropped;
		tally->unsettled |= !judged->settled[i];
	}
}

static const char *
state_of(const struct block *block, size_t quad)
{
	const struct trial *trial = block->trial;

	if (trial_stopped(trial))
		return "interrupted";
	if (block->judged.counts[quad])
		return "kept";
	if (quad < block->judged.warm_up)
		return "warm-up";
	for (size_t i = 0; i < trial->count; i++) {
		const struct judge_slice *s = &block->slices[i][quad];

		for (int back = 0; back < 2; back++) {
			if (s->still[back])
				return "dropped:still";
			if (s->foreign[back] > JUDGE_FOREIGN)
				return "dropped:foreign";
		}
	}
	return "dropped:gap";
}

/* Over the same quads, and in the same way, as judge_block() has the value:
 * else the one could not be compared with the other. */
static double
service_of(const struct block *block, size_t i)
{
	double kept[QUADS_MAX];
	size_t n = 0;

	for (size_t quad = 0; quad < block->quads; quad++) {
		if (!block->judged.counts[quad])
			continue;
		kept[n] = block->service[i][quad];
		if (!isfinite(kept[n++]))
			return NAN;
	}
	return n ? exp(stats_median(kept, n)) : NAN;
}

static void
note_service(const struct block *block, double scale)
{
	struct trial *trial = block->trial;

	for (size_t i = 0; i < trial->count; i++)
		trial->tallies[i].service[trial->block] =
		    service_of(block, i) * scale;
}

static void
write_row(const struct block *block, size_t quad, size_t i, size_t back)
{
	const struct trial *trial = block->trial;
	const struct record *record = &block->records[i][quad][back];
	char point[100];
	struct slice_row row = {
	    .scenario = trial->scenario->name,
	    .point = load_point_format(trial->point, point, sizeof(point)),
	    .block = trial->block + 1,
	    .quad = quad + 1,
	    .step = record->step + 1,
	    .server = trial_name(trial, i),
	    .state = state_of(block, quad),
	    .begin_s = (double)(record->at_ns - trial->start_ns) / 1e9,
	    .seconds = (double)record->wall_ns / 1e9,
	    .begun = record->begun,
	    .ok = record->ok,
	    .rate = record->rate,
	    .p50_us = record->p50_us,
	    .p99_us = record->p99_us,
	    .client_cpu_us = (double)record->cpu_ns / 1e3,
	    .foreign = record->foreign,
	    .stretch = record->stretch,
	};

	slices_csv_row(trial->plan->csv, &row);
}

/* In the order in which they ran. */
static void
write_rows(const struct block *block)
{
	const struct trial *trial = block->trial;
	size_t steps = 2 * trial->count;

	for (size_t at = 0; at < block->quads * steps; at++) {
		size_t quad = at / steps, step = at % steps;

		for (size_t i = 0; i < trial->count; i++) {
			size_t back = step >= trial->count;
			const struct record *r = &block->records[i][quad][back];

			if (r->done && r->step == step)
				write_row(block, quad, i, back);
		}
	}
	fflush(trial->plan->csv);
}

/* ---- a block ---- */

static int
prepare(struct block *block, struct trial *trial)
{
	int bad = 0;

	block->trial = trial;
	for (size_t i = 0; i < trial->count; i++) {
		bad |= result_init(&block->results[i][0]);
		bad |= result_init(&block->results[i][1]);
		for (size_t quad = 1; quad < most_quads(trial); quad++)
			bad |= result_init(&block->wholes[i][quad]);
	}
	return bad;
}

static void
release(struct block *block)
{
	for (size_t i = 0; i < block->trial->count; i++) {
		result_release(&block->results[i][0]);
		result_release(&block->results[i][1]);
		for (size_t quad = 1; quad < most_quads(block->trial); quad++)
			result_release(&block->wholes[i][quad]);
	}
	free(block);
}

static void
open_all(struct trial *trial)
{
	size_t order[SERVERS_MAX + 1];

	trial_shuffle(trial, order, trial->count);
	for (size_t i = 0; i < trial->count && !trial_stopped(trial); i++) {
		if (!trial_lacks(trial, order[i]) &&
		    instance_start(trial, order[i]))
			instance_connect(trial, order[i]);
	}
}

void
slices_block(struct trial *trial, slices_value *value, double scale)
{
	struct block *block = calloc(1, sizeof(*block));

	if (!block || prepare(block, trial) < 0) {
		if (block)
			release(block);
		return;
	}
	block->value = value;
	open_all(trial);
	begin_costs(trial);
	run_quads(block);
	if (!trial_stopped(trial)) {
		end_costs(trial);
		for (size_t i = 0; i < trial->count; i++)
			end_load(trial, i);
		note_numbers(block, scale);
		note_service(block, scale);
	}
	if (trial->plan->csv)
		write_rows(block);
	for (size_t i = 0; i < trial->count; i++)
		instance_stop(trial, i);
	release(block);
}

double
slices_seconds(const struct compare_plan *plan, const struct load_point *point)
{
	double instances = (double)plan->server_count + 1;
	double slice = (double)point->slice_ns / 1e9;

	/* A slice ends when its last reply is there; starting and ending a
	 * server takes a while. */
	return instances * (2 * (double)(plan->quads + 1) * (slice + 0.004) +
			       0.05 + 0.0003 * (double)point->held);
}
