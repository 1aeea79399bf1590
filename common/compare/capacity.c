/* SPDX-License-Identifier: MIT */
/* capacity: a warm-up for each server, then tries in turn. */
#include "common/compare/capacity.h"

#include <math.h>
#include <stdio.h>

#include "common/base/clock.h"
#include "common/base/units.h"
#include "common/compare/instance.h"
#include "common/compare/summary.h"
#include "common/sysinfo/proc_tree.h"
#include "common/verdict/verdict.h"

#define WARM_UP_NS (250 * NS_PER_MS)
#define TRY_NS (100 * NS_PER_MS)

struct contest {
	struct capacity_try tries[SERVERS_MAX][CAPACITY_MOST];
	size_t counts[SERVERS_MAX];
};

/* ---- what the tries say ---- */

static size_t
undisturbed(const struct capacity_try *tries, size_t count)
{
	size_t good = 0;

	for (size_t i = 0; i < count; i++)
		good += !tries[i].disturbed;
	return good;
}

bool
capacity_is_known(const struct capacity_try *tries, size_t count)
{
	return count == CAPACITY_MOST ||
	       (count >= CAPACITY_TRIES &&
		   undisturbed(tries, count) >= CAPACITY_LEAST);
}

double
capacity_of(const struct capacity_try *tries, size_t count, bool *at_least)
{
	double good[CAPACITY_MOST], most = 0;
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		most = fmax(most, tries[i].rate);
		if (!tries[i].disturbed)
			good[n++] = tries[i].rate;
	}
	*at_least = n < CAPACITY_LEAST;
	return *at_least ? most : rank_median(good, n);
}

static bool
was_limited(const struct capacity_try *tries, size_t count)
{
	size_t client_bound = 0;

	for (size_t i = 0; i < count; i++)
		client_bound += tries[i].client_bound && !tries[i].disturbed;
	return 2 * client_bound > undisturbed(tries, count);
}

/* ---- tries ---- */

static void
open_all(struct block_run *run)
{
	for (size_t i = 0; i < run->plan->server_count; i++) {
		struct instance *one = &run->at[i];

		if (block_run_stopped(run) || !instance_start(run, i) ||
		    !instance_connect(run, i))
			continue;
		load_result_clear(&one->slice);
		engines_run(&one->engines, WARM_UP_NS, UINT64_MAX, &one->slice);
		cpu_contention_open(
		    &one->watch, one->server.pid, run->point->churn);
	}
}

/* Disturbed tries stay disturbed under --keep-disturbed, too: more tries are
 * worth it, of which the best is taken. */
static bool
was_disturbed(
    const struct instance *one, const struct cpu_contention *contention)
{

	return one->slice.stall_ns || one->slice.throttled ||
	       cpu_contention_share(contention, &one->watch) >
		   BLOCK_CONTENTION ||
	       (double)one->engines.sending_ns > BLOCK_GAP * (double)TRY_NS;
}

static struct capacity_try
try_once(struct block_run *run, size_t i)
{
	struct instance *one = &run->at[i];
	pid_t pid = one->server.pid;
	struct capacity_try got = {0};
	struct cpu_contention contention;
	uint64_t cpu = proc_tree_cpu_ns(pid), loop;
	bool lost = proc_tree_loses_children(pid), knows_loop;

	load_result_clear(&one->slice);
	accept_loop_begin(&one->loops);
	cpu_contention_begin(&contention, &run->placement, &one->watch);
	engines_run(&one->engines, TRY_NS, UINT64_MAX, &one->slice);
	got.disturbed = was_disturbed(one, &contention);
	cpu = proc_tree_cpu_ns(pid) - cpu;
	knows_loop = accept_loop_end(&one->loops, &loop);
	got.rate = load_result_rate(&one->slice);
	got.client_bound =
	    got.rate > 0 &&
	    summary_is_client_bound(&one->slice, &run->placement,
		lost ? NAN : (double)cpu, knows_loop ? (double)loop : NAN);
	if (!block_run_stopped(run) && !instance_died(run, i) && got.rate <= 0)
		block_run_note_bad_replies(&run->accumulators[i], &one->slice);
	return got;
}

/* Gives each server one more try if it needs one. False: none does. */
static bool
run_round(struct block_run *run, struct contest *contest)
{
	bool any = false;

	for (size_t i = 0; i < run->plan->server_count; i++) {
		struct capacity_try *tries = contest->tries[i];
		size_t *count = &contest->counts[i];

		if (block_run_stopped(run) || block_run_lacks(run, i) ||
		    capacity_is_known(tries, *count))
			continue;
		tries[(*count)++] = try_once(run, i);
		any = true;
	}
	return any;
}

static void
note_doubt(struct block_run *run, size_t i, const char *why, double rate)
{
	char words[200], number[32];

	snprintf(words, sizeof(words),
	    "%s while the capacity of %.40s was measured: it is above %s/s",
	    why, run->plan->servers[i].name,
	    format_number(number, sizeof(number), rate));
	/* Where the rate is not the figure, nobody has to be warned. */
	(run->point->counts_cpu ? run->remark : run->note)(run, words);
}

double
capacity_of_slowest(struct block_run *run, double rates[SERVERS_MAX])
{
	struct contest contest = {.counts = {0}};
	double slowest = 0;

	open_all(run);
	while (run_round(run, &contest))
		;
	for (size_t i = 0; i < run->plan->server_count; i++) {
		const struct capacity_try *tries = contest.tries[i];
		size_t count = contest.counts[i];
		bool at_least;
		double rate = capacity_of(tries, count, &at_least);

		instance_stop(run, i);
		if (rates)
			rates[i] = rate;
		if (block_run_stopped(run) || block_run_lacks(run, i) ||
		    rate <= 0)
			continue;
		if (at_least)
			note_doubt(run, i, "others had the CPUs", rate);
		else if (was_limited(tries, count))
			note_doubt(run, i, "the client was the limit", rate);
		if (slowest <= 0 || rate < slowest)
			slowest = rate;
	}
	return slowest;
}

/* ---- shares of it ---- */

static void
forget_troubles(struct block_run *run)
{
	for (size_t i = 0; i < run->count; i++)
		run->accumulators[i] = (struct accumulator){
		    .counted = run->accumulators[i].counted};
}

/* A rate in three digits. */
static double
rounded(double rate)
{
	double unit = 1;

	while (rate / unit >= 1000)
		unit *= 10;
	return floor(rate / unit) * unit;
}

void
capacity_put_rates(struct block_run *run, struct load_point *points,
    size_t count, uint32_t connections, double rates[SERVERS_MAX])
{
	struct load_point probe = points[0];
	double slowest;

	probe.connections = connections;
	run->point = &probe;
	slowest = capacity_of_slowest(run, rates);
	if (slowest > 0)
		forget_troubles(run);
	run->point = points;
	for (size_t p = 0; p < count; p++) {
		double rate = rounded(points[p].share * slowest);
		struct setting *share = &points[p].settings[0];

		points[p].rate = rate < 1 ? 1 : rate;
		points[p].settings[1] = *share;
		*share = (struct setting){"rate", "", points[p].rate};
		points[p].setting_count = 2;
	}
}
