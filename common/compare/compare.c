/* SPDX-License-Identifier: MIT */
/* compare: scenarios, points, blocks; a block is its measure's business. */
#include "common/compare/compare.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/base/version.h"
#include "common/compare/summary.h"
#include "common/compare/block_run.h"
#include "common/sysinfo/listen_overflows.h"
#include "common/launch/test_certificate.h"
#include "common/compare/slice_csv.h"

/* At each point, where there are several. */
#define POINT_BLOCKS 8
#define POINT_BLOCKS_QUICK 6

/* One comparison. */
struct run {
	const struct compare_plan *plan;
	struct comparison *result;
	uint64_t start_ns, random;
	struct compare_progress progress;
	bool csv_failed; /* and that is told */
};

/* One scenario of it. */
struct stage {
	struct run *run;
	const struct scenario *scenario;
	struct outcome *outcome;
	struct load_point points[POINTS_MAX];
	size_t count, blocks;
	struct tally *tallies[POINTS_MAX]; /* of each point, by server */
	struct instance instances[SERVERS_MAX + 1];
	struct tls_setup tls;
};

static size_t
instances_of(const struct compare_plan *plan)
{
	return plan->server_count + 1;
}

static bool
stopped(const struct run *run)
{
	return run->plan->stop && *run->plan->stop;
}

/* ---- what is planned ---- */

size_t
compare_blocks(const struct compare_plan *plan, const struct scenario *scenario,
    size_t points)
{
	const struct measure *measure = scenario->measure;
	size_t ratios = points * (plan->server_count - 1);
	size_t least = judge_blocks_least(ratios ? ratios : 1);
	size_t blocks = plan->quick ? measure->blocks_quick : measure->blocks;

	if (plan->blocks)
		blocks = plan->blocks;
	else if (points > 1)
		blocks = plan->quick ? POINT_BLOCKS_QUICK : POINT_BLOCKS;
	return blocks > least ? blocks : least;
}

static void
lay_out(struct stage *stage, char *note, size_t size)
{
	const struct compare_plan *plan = stage->run->plan;

	stage->count = scenario_lay_out(
	    stage->scenario, instances_of(plan), stage->points, note, size);
	for (size_t p = 0; p < stage->count; p++)
		stage->points[p].slice_ns = plan->slice_ns;
	stage->blocks = compare_blocks(plan, stage->scenario, stage->count);
}

static double
planned_seconds(const struct stage *stage)
{
	double seconds = 0;

	for (size_t p = 0; p < stage->count; p++)
		seconds += (double)stage->blocks *
			   stage->scenario->measure->seconds(
			       stage->run->plan, &stage->points[p]);
	return seconds;
}

/* How long all of it takes, and with how many blocks at the most. */
static int
plan_all(struct run *run)
{
	struct stage *stage = calloc(1, sizeof(*stage));
	char note[sizeof(stage->outcome->note)];

	if (!stage)
		return -1;
	stage->run = run;
	for (size_t i = 0; i < run->plan->scenario_count; i++) {
		stage->scenario = run->plan->scenarios[i];
		lay_out(stage, note, sizeof(note));
		run->progress.total_s += planned_seconds(stage);
		if (stage->blocks > run->result->blocks)
			run->result->blocks = stage->blocks;
	}
	free(stage);
	return 0;
}

/* ---- progress ---- */

static void
show_progress(struct run *run, double seconds_more)
{
	struct compare_progress now = run->progress;

	now.done_s += seconds_more;
	if (run->plan->progress)
		run->plan->progress(&now);
}

static void
block_progress(struct trial *trial, double share)
{
	struct stage *stage = trial->context;

	show_progress(stage->run, share * trial->seconds);
}

/* ---- a scenario ---- */

static void
put_note(struct stage *stage, const char *words)
{
	char *note = stage->outcome->note;
	size_t len = strlen(note);

	if (!words[0])
		return;
	snprintf(note + len, sizeof(stage->outcome->note) - len, "%s%s",
	    len ? "; " : "", words);
	if (stage->run->plan->note)
		stage->run->plan->note(stage->scenario->name, words);
}

static void
block_note(struct trial *trial, const char *words)
{
	put_note(trial->context, words);
}

static uint64_t
next_random(struct run *run)
{
	struct trial trial = {.random = &run->random};

	return trial_random(&trial);
}

static struct trial
trial_of(struct stage *stage, size_t p, size_t block)
{
	struct run *run = stage->run;

	return (struct trial){
	    .plan = run->plan,
	    .scenario = stage->scenario,
	    .point = &stage->points[p],
	    .tls = stage->tls.client,
	    .count = instances_of(run->plan),
	    .at = stage->instances,
	    .tallies = stage->tallies[p],
	    .findings = stage->outcome->points[p].findings,
	    .result = run->result,
	    .block = block,
	    .start_ns = run->start_ns,
	    .random = &run->random,
	    .seconds =
		stage->scenario->measure->seconds(run->plan, &stage->points[p]),
	    .progress = block_progress,
	    .note = block_note,
	    .context = stage,
	};
}

/* The user need not wait for the end to hear of it. */
static void
tell_failure(struct stage *stage, const struct tally *failed, const char *name)
{
	char words[TROUBLE_MAX + 60];

	snprintf(words, sizeof(words), "%.40s is not measured: %s", name,
	    failed->trouble);
	if (stage->run->plan->note)
		stage->run->plan->note(stage->scenario->name, words);
}

/* A server that does not start with some options would not at any other point
 * that has the same: as long a wait each. */
static void
share_failure(struct stage *stage, size_t p, size_t server)
{
	const struct tally *failed = &stage->tallies[p][server];

	for (size_t q = 0; q < stage->count; q++) {
		struct tally *other = &stage->tallies[q][server];

		if (other->trouble[0] || strcmp(stage->points[p].options,
					     stage->points[q].options) != 0)
			continue;
		memcpy(other->trouble, failed->trouble, sizeof(other->trouble));
		other->failed_to_start = failed->failed_to_start;
		other->told = true;
	}
}

static void
look_for_failures(struct stage *stage, struct trial *trial, size_t p)
{
	for (size_t i = 0; i < trial->count; i++) {
		struct tally *tally = &trial->tallies[i];

		if (tally->told || !tally->failed_to_start ||
		    !trial_lacks(trial, i))
			continue;
		/* The control is the baseline, once more. */
		if (i < trial->plan->server_count || !trial->tallies[0].told)
			tell_failure(stage, tally, trial_name(trial, i));
		tally->told = true;
		share_failure(stage, p, i);
	}
}

/* To which nothing could be compared. */
static bool
has_baseline(const struct stage *stage, size_t p)
{
	const struct tally *baseline = &stage->tallies[p][0];

	return !baseline->failed_to_start || !baseline->trouble[0];
}

/* A full disk, say: whoever wants the slices need not wait for the end to hear
 * of it. */
static void
check_csv(struct stage *stage)
{
	struct run *run = stage->run;
	FILE *csv = run->plan->csv;

	if (!csv || run->csv_failed || !ferror(csv))
		return;
	run->csv_failed = true;
	if (run->plan->note)
		run->plan->note(stage->scenario->name,
		    "the slices cannot be written: their file is not whole");
}

static void
run_block(struct stage *stage, size_t p, size_t block)
{
	struct run *run = stage->run;
	struct trial trial = trial_of(stage, p, block);

	run->progress.block++;
	if (run->progress.block == 1)
		show_progress(run, 0);
	stage->scenario->measure->block(&trial);
	check_csv(stage);
	run->progress.done_s += trial.seconds;
	show_progress(run, 0);
	look_for_failures(stage, &trial, p);
	if (stopped(run))
		return;
	for (size_t i = 0; i < trial.count; i++)
		trial.findings[i].blocks = block + 1;
}

/* Each point in turn, in random order, and again. */
static void
run_blocks(struct stage *stage)
{
	struct run *run = stage->run;

	for (size_t b = 0; b < stage->blocks && !stopped(run); b++) {
		size_t order[POINTS_MAX];

		for (size_t i = 0; i < stage->count; i++) {
			size_t j = next_random(run) % (i + 1);

			order[i] = order[j];
			order[j] = i;
		}
		for (size_t i = 0; i < stage->count && !stopped(run); i++) {
			if (has_baseline(stage, order[i]))
				run_block(stage, order[i], b);
		}
	}
}

/* ---- before and after ---- */

/* A server that knows nothing of the scenario is measured as it is. */
static void
note_unchanged(struct stage *stage)
{
	const struct compare_plan *plan = stage->run->plan;
	char words[512];

	if (!stage->points[0].options[0] &&
	    !stage->points[stage->count - 1].options[0])
		return;
	for (size_t i = 0; i < plan->server_count; i++) {
		if (strstr(plan->servers[i].command, "{options}"))
			continue;
		snprintf(words, sizeof(words),
		    "the command of %.40s has no {options}: it runs as it is, "
		    "without %s",
		    plan->servers[i].name,
		    stage->points[stage->count - 1].options);
		put_note(stage, words);
	}
}

/* The server's side of TLS, in all points. Returns 0, or -1 with a note. */
static int
set_up_tls(struct stage *stage)
{
	char why[200], words[260];

	if (!stage->scenario->tls)
		return 0;
	if (tls_setup_open(&stage->tls, why, sizeof(why)) < 0) {
		snprintf(words, sizeof(words), "not measured: %s", why);
		put_note(stage, words);
		return -1;
	}
	for (size_t p = 0; p < stage->count; p++)
		snprintf(stage->points[p].options,
		    sizeof(stage->points[p].options), "%s", stage->tls.options);
	return 0;
}

static void
note_blocks(struct stage *stage)
{
	size_t wanted = stage->run->plan->blocks;
	char words[160];

	if (!wanted || wanted == stage->blocks)
		return;
	snprintf(words, sizeof(words),
	    "%zu blocks, since with %zu none of its ratios could have a "
	    "verdict",
	    stage->blocks, wanted);
	put_note(stage, words);
}

static void
describe(struct stage *stage)
{
	const struct scenario *s = stage->scenario;
	struct outcome *out = stage->outcome;

	snprintf(out->name, sizeof(out->name), "%s", s->name);
	snprintf(out->question, sizeof(out->question), "%s", s->question);
	snprintf(out->load, sizeof(out->load), "%s", s->load);
	snprintf(out->metric, sizeof(out->metric), "%s", s->metric);
	snprintf(out->unit, sizeof(out->unit), "%s", s->unit);
	out->higher_is_better = s->higher_is_better;
}

static int
allocate(struct stage *stage)
{
	const struct compare_plan *plan = stage->run->plan;
	size_t n = instances_of(plan);
	int bad = outcome_init(stage->outcome);

	for (size_t p = 0; p < stage->count && !bad; p++) {
		stage->tallies[p] = calloc(n, sizeof(*stage->tallies[p]));
		bad |= stage->tallies[p] ? 0 : -1;
		for (size_t i = 0; i < n && !bad; i++)
			bad |= result_init(&stage->tallies[p][i].counted);
	}
	for (size_t i = 0; i < n && !bad; i++) {
		stage->instances[i].contender =
		    &plan->servers[i < plan->server_count ? i : 0];
		bad |= result_init(&stage->instances[i].slice);
	}
	return bad;
}

static void
release(struct stage *stage)
{
	size_t n = instances_of(stage->run->plan);

	for (size_t p = 0; p < stage->count; p++) {
		for (size_t i = 0; i < n && stage->tallies[p]; i++)
			result_release(&stage->tallies[p][i].counted);
		free(stage->tallies[p]);
	}
	for (size_t i = 0; i < n; i++)
		result_release(&stage->instances[i].slice);
	tls_setup_close(&stage->tls);
	free(stage);
}

static void
measure(struct stage *stage)
{
	const struct measure *kind = stage->scenario->measure;
	int64_t overflows = listen_overflows();
	double planned = planned_seconds(stage);
	char words[100];

	if (kind->prepare) {
		struct trial trial = trial_of(stage, 0, 0);

		kind->prepare(&trial, stage->points, stage->count);
		look_for_failures(stage, &trial, 0);
		for (size_t i = 0; i < trial.count; i++) {
			if (trial_lacks(&trial, i))
				share_failure(stage, 0, i);
		}
		stage->run->progress.total_s +=
		    planned_seconds(stage) - planned;
	}
	run_blocks(stage);
	overflows = listen_overflows() - overflows;
	if (overflows > 0) {
		snprintf(words, sizeof(words),
		    "queues of connections to be accepted were full %lld times",
		    (long long)overflows);
		put_note(stage, words);
	}
}

/* What is known of each point by now, and what follows. */
static void
conclude(struct stage *stage)
{
	const struct compare_plan *plan = stage->run->plan;

	for (size_t p = 0; p < stage->count; p++) {
		struct point *point = &stage->outcome->points[p];

		point->setting_count = stage->points[p].setting_count;
		memcpy(point->settings, stage->points[p].settings,
		    sizeof(point->settings));
		conclude_point(
		    point, stage->tallies[p], plan, &stage->points[p]);
	}
	judge_scenario(stage->outcome, plan->server_count, plan->delta);
}

static int
run_scenario(struct run *run, const struct scenario *scenario)
{
	struct comparison *result = run->result;
	struct stage *stage = calloc(1, sizeof(*stage));
	char note[sizeof(stage->outcome->note)];
	int bad;

	if (!stage)
		return -1;
	stage->run = run;
	stage->scenario = scenario;
	stage->outcome = &result->scenarios[result->scenario_count++];
	lay_out(stage, note, sizeof(note));
	bad = allocate(stage);
	if (!bad) {
		describe(stage);
		put_note(stage, note);
		run->progress.scenario = scenario->name;
		run->progress.block = 0;
		run->progress.blocks = stage->blocks * stage->count;
	}
	if (!bad && set_up_tls(stage) == 0) {
		note_unchanged(stage);
		note_blocks(stage);
		measure(stage);
		stage->outcome->point_count = stage->count;
		conclude(stage);
	}
	release(stage);
	return bad;
}

/* ---- all of it ---- */

static void
fill_head(struct comparison *result, const struct compare_plan *plan)
{
	time_t now = time(NULL);
	struct tm local;

	snprintf(
	    result->version, sizeof(result->version), "%s", PERCONN_VERSION);
	localtime_r(&now, &local);
	strftime(
	    result->when, sizeof(result->when), "%Y-%m-%dT%H:%M:%S%z", &local);
	snprintf(result->command, sizeof(result->command), "%s",
	    plan->command ? plan->command : "");
	snprintf(result->placement, sizeof(result->placement), "%s",
	    placement_name(plan->placement.kind));
	placement_format(
	    &plan->placement, result->placed, sizeof(result->placed));
	result->quads = plan->quads;
	result->slice_s = (double)plan->slice_ns / 1e9;
	result->delta = plan->delta;
	result->seed = plan->seed;
	result->quick = plan->quick;
	result->server_count = plan->server_count;
	for (size_t i = 0; i < plan->server_count; i++) {
		snprintf(result->servers[i].name,
		    sizeof(result->servers[i].name), "%s",
		    plan->servers[i].name);
		snprintf(result->servers[i].command,
		    sizeof(result->servers[i].command), "%s",
		    plan->servers[i].command);
	}
}

static int
run_all(struct run *run)
{
	const struct compare_plan *plan = run->plan;
	int bad = 0;

	for (size_t i = 0; i < plan->scenario_count && !bad; i++) {
		const struct scenario *scenario = plan->scenarios[i];

		if (i > 0 && stopped(run))
			break;
		bad = run_scenario(run, scenario);
	}
	return bad;
}

int
compare_run(const struct compare_plan *plan, struct comparison *result)
{
	struct run run = {
	    .plan = plan,
	    .result = result,
	    .start_ns = now_ns(),
	    .random = plan->seed | 1, /* xorshift has no way out of 0 */
	};
	int bad;

	comparison_init(result);
	if (plan_all(&run) < 0)
		return -1;
	fill_head(result, plan);
	machine_ask(&result->before);
	if (plan->csv)
		slices_csv_head(plan->csv);
	placement_of_client(&plan->placement);
	bad = run_all(&run);
	machine_ask(&result->after);
	result->seconds = (double)(now_ns() - run.start_ns) / 1e9;
	result->interrupted = stopped(&run);
	return bad;
}
