/* SPDX-License-Identifier: MIT */
/* abba_rounds: rounds until the servers are warm, then the rounds that count.
 */
#include "common/compare/abba_rounds.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/compare/instance.h"
#include "common/compare/scenario_points.h"
#include "common/compare/slice_csv.h"
#include "common/sysinfo/listen_backlog.h"
#include "common/sysinfo/proc_tree.h"
#include "common/verdict/block_estimate.h"

/* With fewer requests in a slice, rates come in coarse steps: the slice gets
 * longer. */
#define REQUESTS_LEAST 100
#define SLICE_MOST_NS (100 * NS_PER_MS)

/* One slice as it was, for its row in the file. */
struct record {
	bool done;
	size_t step;
	uint64_t at_ns, wall_ns, sending_ns, begun, ok, cpu_ns;
	double rate, p50_us, p99_us, contention, stretch;
	bool stall;
	uint64_t backlog, full;
};

struct block {
	struct block_run *run;
	abba_rounds_value *value;
	size_t order[SERVERS_MAX + 1];
	size_t rounds; /* so far */
	struct block_slice slices[SERVERS_MAX + 1][ROUNDS_MAX];
	double service[SERVERS_MAX + 1][ROUNDS_MAX]; /* logarithms */
	struct record records[SERVERS_MAX + 1][ROUNDS_MAX][2];
	struct load_result results[SERVERS_MAX + 1][2]; /* of this round */
	/* Both slices of each round but the first, which never counts; which
	 * rounds count is known when the block ends. */
	struct load_result wholes[SERVERS_MAX + 1][ROUNDS_MAX];
	struct block_estimate estimate;
};

static size_t
most_rounds(const struct block_run *run)
{
	return BLOCK_ROUNDS_MOST(run->plan->rounds);
}

/* ---- a slice ---- */

static void
count_throttled(struct comparison *result, const struct load_result *slice)
{
	result->throttled += slice->throttled;
	result->throttled_s += (double)slice->throttled_ns / 1e9;
}

static void
count_all(struct accumulator *accumulator, const struct load_result *slice)
{
	accumulator->begun += slice->begun;
	accumulator->wrong += slice->wrong;
	accumulator->timed_out += slice->timed_out;
	accumulator->failed += slice->failed;
	accumulator->retries += slice->retries;
	accumulator->reconnects += slice->reconnects;
	accumulator->wall_ns += slice->wall_ns;
	accumulator->stall_ns += slice->stall_ns;
	accumulator->throttled += slice->throttled;
	for (int i = 0; i < LOAD_RESULT_ERRNOS; i++)
		accumulator->errors[i] += slice->errors[i];
}

static void
note_disturbance(const struct block_run *run, struct block_slice *slice,
    struct record *record, size_t back)
{
	bool keep = run->plan->keep_disturbed;

	slice->contention[back] = keep ? 0 : record->contention;
	slice->stretch[back] = keep ? 1 : record->stretch;
	slice->stall[back] = !keep && record->stall;
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
	    .stall = slice->stall_ns || slice->throttled,
	    .rate = load_result_rate(slice),
	    .p50_us =
		any ? (double)histogram_percentile(&slice->latency, 50) / 1e3
		    : NAN,
	    .p99_us =
		any ? (double)histogram_percentile(&slice->latency, 99) / 1e3
		    : NAN,
	};
}

/* One server under load. What goes wrong becomes its trouble. */
static void
run_slice(struct block *block, size_t i, size_t step)
{
	struct block_run *run = block->run;
	struct accumulator *accumulator = &run->accumulators[i];
	struct instance *one = &run->at[i];
	size_t back = step >= run->count, round = block->rounds;
	struct load_result *slice = &block->results[i][back];
	struct record *record = &block->records[i][round][back];
	uint64_t planned = run->point->slice_ns, start = now_ns();
	struct listen_backlog before = {0}, after;
	struct cpu_contention contention;

	load_result_clear(slice);
	if (run->point->churn)
		listen_backlog_read(&one->server.address, &before);
	cpu_contention_begin(&contention, &run->placement, &one->watch);
	engines_run(&one->engines, planned, UINT64_MAX, slice);
	fill_record(record, slice, start, step);
	record->contention = cpu_contention_share(&contention, &one->watch);
	record->sending_ns = one->engines.sending_ns;
	record->stretch = (double)record->sending_ns / (double)planned;
	if (run->point->churn &&
	    listen_backlog_read(&one->server.address, &after)) {
		record->backlog = after.size;
		record->full = listen_backlog_overflows(&before, &after);
	}
	note_disturbance(run, &block->slices[i][round], record, back);
	count_all(accumulator, slice);
	count_throttled(run->result, slice);
	block_run_note_stall(run, slice->stall_ns);
	if (!instance_died(run, i) && slice->ok < slice->begun) {
		block_run_note_bad_replies(accumulator, slice);
		instance_note_backlog(run, i);
	}
}

/* Kept workers are all there once each has served. Workers that come and go
 * beside many idle ones are too many to read. */
static void
watch_servers(struct block_run *run)
{
	bool change = run->point->churn && !run->point->held;

	for (size_t i = 0; i < run->count; i++) {
		if (!block_run_lacks(run, i))
			cpu_contention_open(
			    &run->at[i].watch, run->at[i].server.pid, change);
	}
}

/* ---- a round ---- */

/* What server I did in this round, before the two slices are merged. */
static void
keep_results(struct block *block, size_t i)
{
	struct load_result *whole = &block->wholes[i][block->rounds];

	if (block->rounds == 0)
		return;
	for (int back = 0; back < 2; back++)
		load_result_add(whole, &block->results[i][back]);
}

/* All servers in the block's order and back; every other round from the other
 * end. */
static void
run_round(struct block *block)
{
	struct block_run *run = block->run;
	size_t n = run->count;

	for (size_t step = 0; step < 2 * n && !block_run_stopped(run); step++) {
		size_t at = step < n ? step : 2 * n - 1 - step;
		size_t i = block->order[block->rounds % 2 ? n - 1 - at : at];

		if (!block_run_lacks(run, i))
			run_slice(block, i, step);
	}
	for (size_t i = 0; i < n; i++) {
		double *value = block->slices[i][block->rounds].log_value;

		double *service = &block->service[i][block->rounds];

		value[0] = value[1] = *service = NAN;
		if (block_run_lacks(run, i) || block_run_stopped(run))
			continue;
		keep_results(block, i);
		block->value(&block->results[i][0], &block->results[i][1],
		    value, service);
	}
	block->rounds++;
}

/* Makes slices longer for a slow server, after the first round of the point's
 * first block: all rounds that count have slices of one length. */
static void
fit_slices(struct block *block)
{
	struct block_run *run = block->run;
	uint64_t *slice_ns = &run->point->slice_ns;

	if (run->block > 0 || block->rounds != 1 || run->point->rate > 0)
		return;
	for (size_t i = 0; i < run->count; i++) {
		const struct record *both = block->records[i][0];
		double rate = fmax(both[0].rate, both[1].rate);

		if (block_run_lacks(run, i))
			continue;
		while (*slice_ns < SLICE_MOST_NS &&
		       rate * (double)*slice_ns / 1e9 < REQUESTS_LEAST)
			*slice_ns = earlier(2 * *slice_ns, SLICE_MOST_NS);
	}
}

static void
show_progress(const struct block *block)
{
	struct block_run *run = block->run;
	double share = (double)block->rounds / (double)(run->plan->rounds + 1);

	if (run->progress)
		run->progress(run, share < 1 ? share : 1);
}

/* How many rounds at the start are warm-up; all, if the warm-up goes on. */
static size_t
warm_up(const struct block *block)
{
	const struct block_slice *slices[SERVERS_MAX + 1];

	for (size_t i = 0; i < block->run->count; i++)
		slices[i] = block->slices[i];
	return block_warm_up(slices, block->run->count, block->rounds);
}

static bool
any_server_left(const struct block_run *run)
{
	for (size_t i = 0; i < run->count; i++) {
		if (!block_run_lacks(run, i))
			return !block_run_stopped(run);
	}
	return false;
}

/* As many rounds as planned after the warm-up, at most most_rounds(). */
static void
run_rounds(struct block *block)
{
	struct block_run *run = block->run;
	size_t planned = run->plan->rounds;

	random_order(run->random, block->order, run->count);
	while (block->rounds < most_rounds(run) && any_server_left(run)) {
		if (block->rounds > planned &&
		    block->rounds - warm_up(block) >= planned)
			break;
		run_round(block);
		if (block->rounds == 1)
			watch_servers(run);
		fit_slices(block);
		show_progress(block);
	}
}

/* ---- before and after ---- */

static void
begin_costs(struct block_run *run)
{
	for (size_t i = 0; i < run->count; i++) {
		struct instance *one = &run->at[i];

		if (block_run_lacks(run, i))
			continue;
		one->begun_before = run->accumulators[i].begun;
		one->wall_before = run->accumulators[i].wall_ns;
		accept_loop_begin(&one->loops);
		usage_begin(&one->meter, one->server.pid, &one->group);
		instance_begin_counter(one);
	}
}

static void
note_accept_loop(const struct instance *one, struct accumulator *accumulator)
{
	uint64_t ns;

	if (!accept_loop_end(&one->loops, &ns))
		return;
	accumulator->loop_ns += ns;
	accumulator->loop_requests += accumulator->begun - one->begun_before;
	accumulator->loop_wall_ns += accumulator->wall_ns - one->wall_before;
}

/* Of all slices: reading it takes too long to do it between them. */
static void
end_cost(struct block_run *run, size_t i)
{
	struct instance *one = &run->at[i];
	struct accumulator *accumulator = &run->accumulators[i];
	struct usage_sums *sums = &accumulator->sums;
	uint64_t requests = accumulator->begun - one->begun_before;
	uint64_t before_ns = usage_cpu_ns(sums);

	note_accept_loop(one, accumulator);
	usage_end(&one->meter, sums);
	instance_end_counter(one, sums);
	accumulator->sums_requests += requests;
	if (!sums->lost_cpu && requests)
		run->results[i].cpu_us[run->block] =
		    (double)(usage_cpu_ns(sums) - before_ns) / 1e3 /
		    (double)requests;
}

static void
end_costs(struct block_run *run)
{
	for (size_t i = 0; i < run->count; i++) {
		if (block_run_lacks(run, i))
			continue;
		end_cost(run, i);
		if (!run->point->churn)
			instance_note_memory(run, i, run->point->connections);
		else if (!run->point->held)
			instance_note_kept_memory(run, i);
	}
}

/* Bytes on kept connections after the last reply are wrong, too. */
static void
end_load(struct block_run *run, size_t i)
{
	struct accumulator *accumulator = &run->accumulators[i];
	struct instance *one = &run->at[i];

	if (!one->open || block_run_lacks(run, i) || block_run_stopped(run))
		return;
	load_result_clear(&one->slice);
	engines_finish(&one->engines, &one->slice);
	accumulator->wrong += one->slice.wrong;
	if (one->slice.wrong)
		snprintf(accumulator->trouble, sizeof(accumulator->trouble),
		    "%s", one->slice.first_wrong);
}

/* ---- the block's numbers ---- */

/* Latency, and whether the client was the limit, come from the same rounds as
 * the block's number: dropped rounds had another load beside them. */
static void
count_kept(struct block *block, size_t i)
{
	struct accumulator *accumulator = &block->run->accumulators[i];

	for (size_t round = 0; round < block->rounds; round++) {
		const struct record *both = block->records[i][round];

		if (!block->estimate.counts[round])
			continue;
		load_result_add(
		    &accumulator->counted, &block->wholes[i][round]);
		accumulator->sending_ns +=
		    both[0].sending_ns + both[1].sending_ns;
		accumulator->full += both[0].full + both[1].full;
		accumulator->full_slices += both[0].full > 0;
		accumulator->full_slices += both[1].full > 0;
		accumulator->backlog = both[0].backlog;
	}
}

static void
note_numbers(struct block *block, double scale)
{
	struct block_run *run = block->run;
	struct block_estimate *estimate = &block->estimate;
	const struct block_slice *slices[SERVERS_MAX + 1];

	for (size_t i = 0; i < run->count; i++)
		slices[i] = block->slices[i];
	block_estimate(slices, run->count, block->rounds,
	    run->scenario->higher_is_better, estimate);
	for (size_t i = 0; i < run->count; i++) {
		struct accumulator *accumulator = &run->accumulators[i];

		accumulator->ratios_all[run->block] = NAN;
		if (block_run_lacks(run, i))
			continue;
		count_kept(block, i);
		block_run_note(run, i, estimate->value[i] * scale,
		    block_run_lacks(run, 0) ? NAN : estimate->log_ratio[i]);
		accumulator->ratios_all[run->block] =
		    estimate->log_ratio_all[i];
		accumulator->kept += 2 * estimate->kept;
		accumulator->warm_up += 2 * estimate->warm_up;
		accumulator->dropped += 2 * estimate->dropped;
		accumulator->unsettled |= !estimate->settled[i];
	}
}

static const char *
state_of(const struct block *block, size_t round)
{
	const struct block_run *run = block->run;

	if (block_run_stopped(run))
		return "interrupted";
	if (block->estimate.counts[round])
		return "kept";
	if (round < block->estimate.warm_up)
		return "warm-up";
	for (size_t i = 0; i < run->count; i++) {
		const struct block_slice *s = &block->slices[i][round];

		for (int back = 0; back < 2; back++) {
			if (s->stall[back])
				return "dropped:still";
			if (s->contention[back] > BLOCK_CONTENTION)
				return "dropped:foreign";
		}
	}
	return "dropped:gap";
}

/* Over the same rounds, and in the same way, as block_estimate() computes the
 * value: otherwise the two could not be compared. */
static double
service_of(const struct block *block, size_t i)
{
	double kept[ROUNDS_MAX];
	size_t n = 0;

	for (size_t round = 0; round < block->rounds; round++) {
		if (!block->estimate.counts[round])
			continue;
		kept[n] = block->service[i][round];
		if (!isfinite(kept[n++]))
			return NAN;
	}
	return n ? exp(rank_median(kept, n)) : NAN;
}

static void
note_service(const struct block *block, double scale)
{
	struct block_run *run = block->run;

	for (size_t i = 0; i < run->count; i++)
		run->accumulators[i].service[run->block] =
		    service_of(block, i) * scale;
}

static void
write_row(const struct block *block, size_t round, size_t i, size_t back)
{
	const struct block_run *run = block->run;
	const struct record *record = &block->records[i][round][back];
	char point[LOAD_POINT_TEXT];
	struct slice_row row = {
	    .scenario = run->scenario->name,
	    .point = load_point_format(run->point, point, sizeof(point)),
	    .block = run->block + 1,
	    .round = round + 1,
	    .step = record->step + 1,
	    .server = block_run_name(run, i),
	    .state = state_of(block, round),
	    .begin_s = (double)(record->at_ns - run->start_ns) / 1e9,
	    .seconds = (double)record->wall_ns / 1e9,
	    .begun = record->begun,
	    .ok = record->ok,
	    .rate = record->rate,
	    .p50_us = record->p50_us,
	    .p99_us = record->p99_us,
	    .client_cpu_us = (double)record->cpu_ns / 1e3,
	    .contention = record->contention,
	    .stretch = record->stretch,
	};

	slice_csv_row(run->plan->csv, &row);
}

/* In the order in which they ran. */
static void
write_rows(const struct block *block)
{
	const struct block_run *run = block->run;
	size_t steps = 2 * run->count;

	for (size_t at = 0; at < block->rounds * steps; at++) {
		size_t round = at / steps, step = at % steps;

		for (size_t i = 0; i < run->count; i++) {
			size_t back = step >= run->count;
			const struct record *r =
			    &block->records[i][round][back];

			if (r->done && r->step == step)
				write_row(block, round, i, back);
		}
	}
	fflush(run->plan->csv);
}

/* ---- a block ---- */

static int
prepare(struct block *block, struct block_run *run)
{
	int bad = 0;

	block->run = run;
	for (size_t i = 0; i < run->count; i++) {
		bad |= load_result_init(&block->results[i][0]);
		bad |= load_result_init(&block->results[i][1]);
		for (size_t round = 1; round < most_rounds(run); round++)
			bad |= load_result_init(&block->wholes[i][round]);
	}
	return bad;
}

static void
release(struct block *block)
{
	for (size_t i = 0; i < block->run->count; i++) {
		load_result_release(&block->results[i][0]);
		load_result_release(&block->results[i][1]);
		for (size_t round = 1; round < most_rounds(block->run); round++)
			load_result_release(&block->wholes[i][round]);
	}
	free(block);
}

static void
open_all(struct block_run *run)
{
	size_t order[SERVERS_MAX + 1], count = run->count;

	random_order(run->random, order, count);
	for (size_t i = 0; i < count && !block_run_stopped(run); i++) {
		if (!block_run_lacks(run, order[i]) &&
		    instance_start(run, order[i]))
			instance_connect(run, order[i]);
	}
}

void
abba_rounds_block(struct block_run *run, abba_rounds_value *value, double scale)
{
	struct block *block = calloc(1, sizeof(*block));

	if (!block || prepare(block, run) < 0) {
		if (block)
			release(block);
		return;
	}
	block->value = value;
	open_all(run);
	begin_costs(run);
	run_rounds(block);
	if (!block_run_stopped(run)) {
		end_costs(run);
		for (size_t i = 0; i < run->count; i++)
			end_load(run, i);
		note_numbers(block, scale);
		note_service(block, scale);
	}
	if (run->plan->csv)
		write_rows(block);
	for (size_t i = 0; i < run->count; i++)
		instance_stop(run, i);
	release(block);
}

double
abba_rounds_seconds(
    const struct compare_plan *plan, const struct load_point *point)
{
	double instances = (double)plan->server_count + 1;
	double slice = (double)point->slice_ns / 1e9;

	/* A slice is longer where it would have too few replies, and ends when
	 * its last reply is there; starting and ending a server takes a while.
	 */
	if (point->request_s * REQUESTS_LEAST > slice)
		slice = fmin(point->request_s * REQUESTS_LEAST,
		    (double)SLICE_MOST_NS / 1e9);
	slice += 0.004 + (double)point->connections * point->request_s;
	return instances * (2 * (double)(plan->rounds + 1) * slice + 0.05 +
			       point->start_s + 0.0003 * (double)point->held);
}
