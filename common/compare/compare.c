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
#include "common/base/random.h"
#include "common/base/version.h"
#include "common/compare/block_run.h"
#include "common/compare/instance.h"
#include "common/compare/metric.h"
#include "common/compare/scenario_points.h"
#include "common/compare/slice_csv.h"
#include "common/compare/summary.h"
#include "common/launch/test_certificate.h"
#include "common/load/protocol_table.h"
#include "common/sysinfo/busy_processes.h"
#include "common/sysinfo/listen_overflows.h"
#include "common/verdict/speedup.h"
#include "common/verdict/verdict.h"

/* At each point, where there are several. */
#define POINT_BLOCKS 8
#define POINT_BLOCKS_QUICK 6
/* What scenario_expand() may have to say. */
#define NOTE_SIZE sizeof(((struct scenario_result *)0)->note)

/* How long blocks took, and how long they were planned to take. */
struct pace {
	double took_s, planned_s;
};

/* One comparison. */
struct experiment {
	const struct compare_plan *plan;
	struct comparison *result;
	uint64_t start_ns, random;
	struct compare_progress progress;
	struct pace all; /* of the blocks of all scenarios so far */
	double later_s;	 /* planned for the scenarios that are not begun */
	bool csv_failed; /* and that is told */
};

/* One scenario of it. */
struct scenario_run {
	struct experiment *experiment;
	const struct scenario *scenario;
	struct scenario_result *scenario_result;
	struct load_point points[POINTS_MAX];
	size_t count, blocks;
	size_t blocks_done[POINTS_MAX];
	struct pace pace;
	struct accumulator
	    *accumulators[POINTS_MAX]; /* of each point, by server */
	struct instance instances[SERVERS_MAX + 1];
	struct test_certificate tls[TLS_MAKE_KINDS]; /* those in use */
};

static size_t
instances_of(const struct compare_plan *plan)
{
	return plan->server_count + 1;
}

static bool
stopped(const struct experiment *experiment)
{
	return experiment->plan->stop && *experiment->plan->stop;
}

/* ---- what is planned ---- */

/* How many blocks SCENARIO has at each of POINTS points: PLAN's, or those that
 * are usual; never so few that no ratio could have a verdict. */
static size_t
blocks_of(const struct compare_plan *plan, const struct scenario *scenario,
    size_t points)
{
	const struct metric *measure = scenario->measure;
	size_t ratios = points * (plan->server_count - 1);
	size_t least = verdict_blocks_least(ratios ? ratios : 1);
	size_t blocks = plan->quick ? measure->blocks_quick : measure->blocks;

	if (plan->blocks)
		blocks = plan->blocks;
	else if (points > 1)
		blocks = plan->quick ? POINT_BLOCKS_QUICK : POINT_BLOCKS;
	return blocks > least ? blocks : least;
}

/* SCENARIO's points, with PLAN's pace. As scenario_expand(). */
static size_t
plan_points(const struct compare_plan *plan, const struct scenario *scenario,
    struct load_point *points, char *note, size_t size)
{
	size_t count = scenario_expand(
	    scenario, &plan->placement, instances_of(plan), points, note, size);

	for (size_t p = 0; p < count; p++)
		points[p].slice_ns = plan->slice_ns;
	return count;
}

static double
block_seconds(const struct scenario_run *s, size_t p)
{
	return s->scenario->measure->seconds(
	    s->experiment->plan, &s->points[p]);
}

void
compare_plan_pace(struct compare_plan *plan, bool quick)
{
	plan->quick = quick;
	plan->rounds = quick ? 3 : 5;
	plan->slice_ns = (quick ? 25 : 50) * NS_PER_MS;
}

double
compare_seconds(
    const struct compare_plan *plan, const struct scenario *scenario)
{
	struct load_point points[POINTS_MAX];
	char note[NOTE_SIZE];
	size_t count = plan_points(plan, scenario, points, note, sizeof(note));
	double sum = 0;

	for (size_t p = 0; p < count; p++)
		sum += scenario->measure->seconds(plan, &points[p]);
	return sum * (double)blocks_of(plan, scenario, count);
}

/* How many blocks at the most, and how long all of it takes. */
static void
plan_all(struct experiment *experiment)
{
	const struct compare_plan *plan = experiment->plan;
	struct load_point points[POINTS_MAX];
	char note[NOTE_SIZE];

	for (size_t i = 0; i < plan->scenario_count; i++) {
		const struct scenario *scenario = plan->scenarios[i];
		size_t count =
		    plan_points(plan, scenario, points, note, sizeof(note));
		size_t blocks = blocks_of(plan, scenario, count);

		experiment->later_s += compare_seconds(plan, scenario);
		if (blocks > experiment->result->blocks)
			experiment->result->blocks = blocks;
	}
	experiment->progress.count = plan->scenario_count;
}

/* ---- progress ---- */

/* How many times longer than planned; OTHERWISE where no block is done. */
static double
slowness(const struct pace *pace, double otherwise)
{
	return pace->planned_s > 0 ? pace->took_s / pace->planned_s : otherwise;
}

/* A point whose baseline does not start has no more blocks. */
static bool
has_baseline(const struct scenario_run *s, size_t p)
{
	const struct accumulator *baseline = &s->accumulators[p][0];

	return !baseline->failed_to_start || !baseline->trouble[0];
}

/* With as much as DONE_S of the present block, as planned. */
static void
show_progress(struct scenario_run *s, double done_s)
{
	struct experiment *experiment = s->experiment;
	double all = slowness(&experiment->all, 1), left = -done_s;

	if (!experiment->plan->progress)
		return;
	for (size_t p = 0; p < s->count; p++) {
		if (has_baseline(s, p))
			left += (double)(s->blocks - s->blocks_done[p]) *
				block_seconds(s, p);
	}
	experiment->progress.left_s =
	    fmax(left, 0) * slowness(&s->pace, all) + experiment->later_s * all;
	experiment->plan->progress(&experiment->progress);
}

static void
block_progress(struct block_run *run, double share)
{
	show_progress(run->context, share * run->seconds);
}

static void
note_pace(struct scenario_run *s, size_t p, uint64_t since)
{
	struct pace *paces[] = {&s->pace, &s->experiment->all};

	s->blocks_done[p]++;
	for (size_t i = 0; i < 2; i++) {
		paces[i]->took_s += (double)(now_ns() - since) / 1e9;
		paces[i]->planned_s += block_seconds(s, p);
	}
}

/* ---- a scenario ---- */

static void
put_remark(struct scenario_run *s, const char *words)
{
	char *note = s->scenario_result->note;
	size_t len = strlen(note);

	snprintf(note + len, sizeof(s->scenario_result->note) - len, "%s%s",
	    len ? "; " : "", words);
}

static void
put_note(struct scenario_run *s, const char *words)
{
	if (!words[0])
		return;
	put_remark(s, words);
	if (s->experiment->plan->note)
		s->experiment->plan->note(s->scenario->name, words);
}

static void
block_note(struct block_run *run, const char *words)
{
	put_note(run->context, words);
}

static void
block_remark(struct block_run *run, const char *words)
{
	put_remark(run->context, words);
}

static struct block_run
block_run_of(struct scenario_run *s, size_t p, size_t block)
{
	struct experiment *experiment = s->experiment;
	struct block_run run = {
	    .plan = experiment->plan,
	    .scenario = s->scenario,
	    .point = &s->points[p],
	    .tls = s->tls[s->points[p].certificate].client,
	    .count = instances_of(experiment->plan),
	    .at = s->instances,
	    .accumulators = s->accumulators[p],
	    .results = s->scenario_result->points[p].results,
	    .result = experiment->result,
	    .block = block,
	    .start_ns = experiment->start_ns,
	    .random = &experiment->random,
	    .seconds = block_seconds(s, p),
	    .progress = block_progress,
	    .note = block_note,
	    .remark = block_remark,
	    .context = s,
	    .placement = experiment->plan->placement,
	};

	cpu_placement_take(&run.placement, run.point->cpus);
	return run;
}

/* The user need not wait for the end to hear of it. */
static void
tell_failure(
    struct scenario_run *s, const struct accumulator *failed, const char *name)
{
	char words[TROUBLE_MAX + 60];

	snprintf(words, sizeof(words), "%.40s is not measured: %s", name,
	    failed->trouble);
	if (s->experiment->plan->note)
		s->experiment->plan->note(s->scenario->name, words);
}

/* A server that does not start with some options would not at any other point
 * that has the same: as long a wait each. */
static void
share_failure(struct scenario_run *s, size_t p, size_t server)
{
	const struct accumulator *failed = &s->accumulators[p][server];

	for (size_t q = 0; q < s->count; q++) {
		struct accumulator *other = &s->accumulators[q][server];

		if (other->trouble[0] ||
		    strcmp(s->points[p].options, s->points[q].options) != 0)
			continue;
		memcpy(other->trouble, failed->trouble, sizeof(other->trouble));
		other->failed_to_start = failed->failed_to_start;
		other->told = true;
	}
}

static void
look_for_failures(struct scenario_run *s, struct block_run *run, size_t p)
{
	for (size_t i = 0; i < run->count; i++) {
		struct accumulator *accumulator = &run->accumulators[i];

		if (accumulator->told || !accumulator->failed_to_start ||
		    !block_run_lacks(run, i))
			continue;
		/* The control is the baseline, once more. */
		if (i < run->plan->server_count || !run->accumulators[0].told)
			tell_failure(s, accumulator, block_run_name(run, i));
		accumulator->told = true;
		share_failure(s, p, i);
	}
}

/* A full disk, say: the user hears of it at once, not at the end. */
static void
check_csv(struct scenario_run *s)
{
	struct experiment *experiment = s->experiment;
	FILE *csv = experiment->plan->csv;

	if (!csv || experiment->csv_failed || !ferror(csv))
		return;
	experiment->csv_failed = true;
	if (experiment->plan->note)
		experiment->plan->note(s->scenario->name,
		    "the file of slices cannot be written and is not complete: "
		    "is the disk full?");
}

static void
run_block(struct scenario_run *s, size_t p, size_t block)
{
	struct experiment *experiment = s->experiment;
	struct block_run run = block_run_of(s, p, block);
	uint64_t since = now_ns();

	experiment->progress.block++;
	if (experiment->progress.block == 1)
		show_progress(s, 0);
	s->scenario->measure->block(&run);
	check_csv(s);
	note_pace(s, p, since);
	show_progress(s, 0);
	look_for_failures(s, &run, p);
	if (stopped(experiment))
		return;
	for (size_t i = 0; i < run.count; i++)
		run.results[i].blocks = block + 1;
}

/* Each point in turn, in random order, and again. */
static void
run_blocks(struct scenario_run *s)
{
	struct experiment *experiment = s->experiment;

	for (size_t b = 0; b < s->blocks && !stopped(experiment); b++) {
		size_t order[POINTS_MAX] = {0};

		random_order(&experiment->random, order, s->count);
		for (size_t i = 0; i < s->count && !stopped(experiment); i++) {
			if (has_baseline(s, order[i]))
				run_block(s, order[i], b);
		}
	}
}

/* ---- before and after ---- */

/* Whether OPTIONS only choose the service that speaks the protocol, which a
 * server of another kind does by itself. */
static bool
choose_protocol(const struct scenario *scenario, const char *options)
{
	static const char option[] = "--service ";
	const char *service = protocol_find(scenario->protocol)->service;

	return service && strncmp(options, option, sizeof(option) - 1) == 0 &&
	       strcmp(options + sizeof(option) - 1, service) == 0;
}

/* A server that knows nothing of the scenario is measured as it is. */
static void
note_unchanged(struct scenario_run *s)
{
	const struct compare_plan *plan = s->experiment->plan;
	const char *options = s->points[s->count - 1].options;
	char words[512];

	if ((!s->points[0].options[0] && !options[0]) ||
	    choose_protocol(s->scenario, options))
		return;
	for (size_t i = 0; i < plan->server_count; i++) {
		if (strstr(plan->servers[i].command, "{options}"))
			continue;
		snprintf(words, sizeof(words),
		    "the command of %.40s has no {options}, so it runs without "
		    "%s%s",
		    plan->servers[i].name, options,
		    s->points[s->count - 1].servers > 1
			? ", and alone where others share a port"
			: "");
		put_note(s, words);
	}
}

/* The server's side of TLS, in all points. Returns 0, or -1 with a note. */
static int
set_up_tls(struct scenario_run *s)
{
	char why[200], words[260], more[sizeof(s->tls[0].options) + 1];

	for (size_t p = 0; p < s->count && s->scenario->tls; p++) {
		struct load_point *point = &s->points[p];
		struct test_certificate *tls = &s->tls[point->certificate];

		if (!tls->client &&
		    test_certificate_open(
			tls, point->certificate, why, sizeof(why)) < 0) {
			snprintf(words, sizeof(words), "not measured: %s", why);
			put_note(s, words);
			return -1;
		}
		if (s->scenario->insecure)
			tls_client_trust_all(tls->client);
		snprintf(more, sizeof(more), "%s%s",
		    point->options[0] ? " " : "", tls->options);
		strncat(point->options, more,
		    sizeof(point->options) - strlen(point->options) - 1);
	}
	if (s->scenario->insecure)
		put_note(s, "THE SERVERS' CERTIFICATES WERE NOT CHECKED "
			    "(--insecure)");
	return 0;
}

static void
note_blocks(struct scenario_run *s)
{
	size_t wanted = s->experiment->plan->blocks;
	char words[200];

	if (!wanted || wanted == s->blocks)
		return;
	snprintf(words, sizeof(words),
	    "%zu blocks instead of %zu, because fewer could give no verdict",
	    s->blocks, wanted);
	put_note(s, words);
}

static void
describe(struct scenario_run *s)
{
	const struct scenario *scenario = s->scenario;
	struct scenario_result *out = s->scenario_result;

	snprintf(out->name, sizeof(out->name), "%s", scenario->name);
	snprintf(
	    out->question, sizeof(out->question), "%s", scenario->question);
	snprintf(out->load, sizeof(out->load), "%s", scenario->load);
	snprintf(out->metric, sizeof(out->metric), "%s", scenario->metric);
	snprintf(out->unit, sizeof(out->unit), "%s", scenario->unit);
	out->higher_is_better = scenario->higher_is_better;
}

static int
allocate(struct scenario_run *s)
{
	const struct compare_plan *plan = s->experiment->plan;
	size_t n = instances_of(plan);
	int bad = 0;

	for (size_t p = 0; p < s->count && !bad; p++) {
		s->accumulators[p] = calloc(n, sizeof(*s->accumulators[p]));
		bad |= s->accumulators[p] ? 0 : -1;
		for (size_t i = 0; i < n && !bad; i++)
			bad |= load_result_init(&s->accumulators[p][i].counted);
	}
	for (size_t i = 0; i < n && !bad; i++) {
		s->instances[i].contender =
		    &plan->servers[i < plan->server_count ? i : 0];
		bad |= load_result_init(&s->instances[i].slice);
	}
	return bad;
}

static void
release(struct scenario_run *s)
{
	size_t n = instances_of(s->experiment->plan);

	for (size_t p = 0; p < s->count; p++) {
		for (size_t i = 0; i < n && s->accumulators[p]; i++)
			load_result_release(&s->accumulators[p][i].counted);
		free(s->accumulators[p]);
	}
	for (size_t i = 0; i < n; i++)
		load_result_release(&s->instances[i].slice);
	for (size_t i = 0; i < TLS_MAKE_KINDS; i++)
		test_certificate_close(&s->tls[i]);
	free(s);
}

static void
measure(struct scenario_run *s)
{
	const struct metric *kind = s->scenario->measure;
	int64_t overflows = listen_overflows();
	char words[200];

	if (kind->prepare) {
		struct block_run run = block_run_of(s, 0, 0);

		kind->prepare(&run, s->points, s->count);
		look_for_failures(s, &run, 0);
		for (size_t i = 0; i < run.count; i++) {
			if (block_run_lacks(&run, i))
				share_failure(s, 0, i);
		}
	}
	run_blocks(s);
	overflows = listen_overflows() - overflows;
	if (overflows > 0) {
		snprintf(words, sizeof(words),
		    "queues of connections to be accepted were full %lld "
		    "times on this machine, for the servers or another "
		    "program: connecting then takes 1 s or more",
		    (long long)overflows);
		put_note(s, words);
	}
}

/* What is known of each point by now, and what follows. */
static void
summarize(struct scenario_run *s)
{
	const struct compare_plan *plan = s->experiment->plan;

	for (size_t p = 0; p < s->count; p++) {
		struct point *point = &s->scenario_result->points[p];

		point->setting_count = s->points[p].setting_count;
		memcpy(point->settings, s->points[p].settings,
		    sizeof(point->settings));
		summary_of_point(
		    point, s->accumulators[p], plan, &s->points[p]);
	}
	speedup_of_scenario(s->scenario_result, plan->server_count);
	verdict_of_scenario(
	    s->scenario_result, plan->server_count, plan->delta);
}

static void
begin_progress(struct scenario_run *s)
{
	struct compare_progress *progress = &s->experiment->progress;

	progress->scenario = s->scenario->name;
	progress->number++;
	progress->block = 0;
	progress->blocks = s->blocks * s->count;
}

/* As far as what it needs can be had; why not is noted. */
static void
try_to_measure(struct scenario_run *s)
{
	if (allocate(s) < 0) {
		put_note(s,
		    "not measured: the client has no memory for its results; "
		    "see ulimit -v and ulimit -d");
		return;
	}
	/* With its own certificate, a server does not miss ours. */
	if (s->scenario->insecure)
		note_unchanged(s);
	if (set_up_tls(s) < 0)
		return;
	if (!s->scenario->insecure)
		note_unchanged(s);
	note_blocks(s);
	measure(s);
	s->scenario_result->point_count = s->count;
	summarize(s);
}

static int
run_scenario(struct experiment *experiment, const struct scenario *scenario)
{
	struct comparison *result = experiment->result;
	struct scenario_run *s = calloc(1, sizeof(*s));
	struct scenario_result *out =
	    &result->scenarios[result->scenario_count];
	char note[NOTE_SIZE];

	if (!s || scenario_result_init(out) < 0) {
		free(s);
		return -1;
	}
	result->scenario_count++;
	s->experiment = experiment;
	s->scenario = scenario;
	s->scenario_result = out;
	experiment->later_s -= compare_seconds(experiment->plan, scenario);
	s->count = plan_points(
	    experiment->plan, scenario, s->points, note, sizeof(note));
	s->blocks = blocks_of(experiment->plan, scenario, s->count);
	describe(s);
	put_note(s, note);
	begin_progress(s);
	try_to_measure(s);
	release(s);
	return 0;
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
	    cpu_placement_name(plan->placement.kind));
	cpu_placement_format(
	    &plan->placement, result->placed, sizeof(result->placed));
	cpu_list_format(&plan->placement.client_cpus, result->client_cpus,
	    sizeof(result->client_cpus));
	cpu_list_format(&plan->placement.server_cpus, result->server_cpus,
	    sizeof(result->server_cpus));
	result->cpu_quota = plan->placement.quota;
	result->rounds = plan->rounds;
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

/* An interrupt has come before it. */
static void
note_not_begun(struct comparison *result, const char *name)
{
	size_t len = strlen(result->not_begun);

	snprintf(result->not_begun + len, sizeof(result->not_begun) - len,
	    "%s%s", len ? ", " : "", name);
}

static int
run_all(struct experiment *experiment)
{
	const struct compare_plan *plan = experiment->plan;
	int bad = 0;

	for (size_t i = 0; i < plan->scenario_count && !bad; i++) {
		const struct scenario *scenario = plan->scenarios[i];

		if (i > 0 && stopped(experiment))
			note_not_begun(experiment->result, scenario->name);
		else
			bad = run_scenario(experiment, scenario);
	}
	return bad;
}

static bool
is_disturbed(const struct comparison *c)
{
	for (size_t i = 0; i < c->scenario_count; i++) {
		const struct scenario_result *o = &c->scenarios[i];

		for (size_t p = 0; p < o->point_count; p++) {
			for (size_t k = 0; k <= c->server_count; k++) {
				if (o->points[p].results[k].dropped)
					return true;
			}
		}
	}
	return false;
}

int
compare_run(const struct compare_plan *plan, struct comparison *result)
{
	struct experiment experiment = {
	    .plan = plan,
	    .result = result,
	    .start_ns = now_ns(),
	    .random = plan->seed | 1, /* never 0 */
	};
	struct busy_processes others;
	char busiest[sizeof(result->busiest)];
	int bad;

	comparison_init(result);
	plan_all(&experiment);
	fill_head(result, plan);
	machine_read(&result->before);
	if (plan->csv)
		slice_csv_head(plan->csv);
	cpu_placement_pin_client(&plan->placement);
	busy_processes_begin(&others);
	bad = run_all(&experiment);
	busy_processes_end(&others, busiest, sizeof(busiest));
	if (is_disturbed(result))
		memcpy(result->busiest, busiest, sizeof(busiest));
	machine_read(&result->after);
	result->seconds = (double)(now_ns() - experiment.start_ns) / 1e9;
	result->interrupted = stopped(&experiment);
	if (bad)
		errno = ENOMEM;
	return bad;
}
