/* SPDX-License-Identifier: MIT */
/* compare: slices, quads, blocks, and a verdict. */
#include "common/load/compare.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/load/launch.h"
#include "common/load/owner.h"
#include "common/load/procs.h"

#define QUADS_MAX 64
#define TIMEOUT_NS (5 * NS_PER_S)
/* Shares of a CPU from which on it is the limit. */
#define CLIENT_FULL 0.85
#define SERVER_FULL 0.90

const struct scenario SCENARIOS[] = {
    {"churn", "What does a new worker for each connection cost?",
	"a connection for each request, 32 at once, 64 bytes", "echo", true, 32,
	64},
    {"steady", "What does it cost to switch between workers that stay?",
	"64 kept connections, 64 bytes", "echo", false, 64, 64},
    {NULL, NULL, NULL, NULL, false, 0, 0},
};

const struct scenario *
scenario_find(const char *name)
{
	for (const struct scenario *s = SCENARIOS; s->name; s++) {
		if (strcmp(s->name, name) == 0)
			return s;
	}
	return NULL;
}

/* One running instance: of a server, or of the control. */
struct instance {
	const struct contender *contender;
	struct launched server;
	struct engine engine;
	bool open; /* engine */
	struct load_result slice;
	double log_rate[2][QUADS_MAX]; /* out and back, of each quad */
	uint64_t cpu_before, begun_before;
};

struct run {
	const struct compare_plan *plan;
	struct scenario_result *out;
	const char **images;
	struct instance at[SERVERS_MAX + 1];
	size_t count; /* servers and the control */
	uint64_t random;
	size_t quads_done, quads_total;
};

static uint64_t
next_random(struct run *run)
{
	run->random ^= run->random >> 12;
	run->random ^= run->random << 25;
	run->random ^= run->random >> 27;
	return run->random * 0x2545f4914f6cdd1dULL;
}

static bool
stopped(const struct run *run)
{
	return run->plan->stop && *run->plan->stop;
}

/* A server in trouble is out for the rest of the scenario; so are all, if it
 * is the baseline, in either of its instances. */
static bool
in_trouble(const struct run *run, size_t i)
{
	return run->out->servers[0].trouble[0] ||
	       run->out->servers[run->count - 1].trouble[0] ||
	       run->out->servers[i].trouble[0];
}

/* ---- a block ---- */

static void
close_instance(struct instance *one)
{
	if (one->open)
		engine_close(&one->engine);
	one->open = false;
	launch_stop(&one->server);
}

/* The process that listens need not be the shell that was started. */
static void
look_at_image(struct run *run, const struct instance *one)
{
	size_t i = (size_t)(one->contender - run->plan->servers);
	pid_t pid =
	    run->images[i] ? 0 : listener_pid(&one->server.address, false);

	if (pid)
		run->images[i] = procs_image(pid);
}

static void
open_instance(struct run *run, size_t i)
{
	const struct scenario *scenario = run->out->scenario;
	struct server_result *result = &run->out->servers[i];
	struct instance *one = &run->at[i];
	struct load_plan plan = {
	    .protocol = protocol_find(scenario->protocol),
	    .connections = scenario->connections,
	    .churn = scenario->churn,
	    .size = scenario->size,
	    .timeout_ns = TIMEOUT_NS,
	};
	uint32_t missing;
	char why[200];

	if (launch_start(&one->server, one->contender->command,
		&run->plan->placement, next_random(run) % 4096, run->plan->stop,
		result->trouble, sizeof(result->trouble)) < 0) {
		if (stopped(run)) /* our impatience is not its trouble */
			result->trouble[0] = '\0';
		return;
	}
	plan.target.address = one->server.address;
	look_at_image(run, one);
	if (engine_open(&one->engine, &plan, why, sizeof(why)) < 0) {
		snprintf(result->trouble, sizeof(result->trouble),
		    "the client cannot load it: %s", why);
		return;
	}
	one->open = true;
	one->engine.stop = run->plan->stop;
	missing = engine_connect(&one->engine);
	if (missing && !stopped(run))
		snprintf(result->trouble, sizeof(result->trouble),
		    "%u of %u connections could not be made", missing,
		    scenario->connections);
}

/* One server under load. Whatever goes wrong is its trouble. */
static void
run_slice(struct run *run, size_t i, double *log_rate, bool counts)
{
	struct server_result *result = &run->out->servers[i];
	struct instance *one = &run->at[i];
	struct load_result *slice = &one->slice;

	*log_rate = NAN;
	if (in_trouble(run, i))
		return;
	result_clear(slice);
	engine_run(&one->engine, run->plan->slice_ns, UINT64_MAX, slice);
	if (counts || slice->ok < slice->begun)
		result_add(&result->load, slice);
	if (launch_died(&one->server, result->trouble, sizeof(result->trouble)))
		return;
	if (slice->ok < slice->begun) {
		snprintf(result->trouble, sizeof(result->trouble),
		    "%llu wrong, %llu timed out, %llu failed of %llu%s%s",
		    (unsigned long long)slice->wrong,
		    (unsigned long long)slice->timed_out,
		    (unsigned long long)slice->failed,
		    (unsigned long long)slice->begun,
		    slice->example[0] ? ": " : "", slice->example);
		return;
	}
	if (slice->ok)
		*log_rate = log(result_rate(slice));
}

/* All servers in turn and back; every other quad from the other end. */
static void
run_quad(struct run *run, size_t quad, bool counts)
{
	size_t n = run->count;

	for (size_t step = 0; step < 2 * n && !stopped(run); step++) {
		size_t i = step < n ? step : 2 * n - 1 - step;

		if (quad % 2)
			i = n - 1 - i;
		run_slice(
		    run, i, &run->at[i].log_rate[step >= n][quad], counts);
	}
	run->quads_done++;
	if (run->plan->progress)
		run->plan->progress(run->out->scenario->name, run->quads_done,
		    run->quads_total);
}

static void
sample_cpu(struct run *run, bool before)
{
	for (size_t i = 0; i < run->count; i++) {
		struct server_result *result = &run->out->servers[i];
		struct instance *one = &run->at[i];
		uint64_t cpu = 0;

		if (in_trouble(run, i))
			continue;
		cpu = procs_cpu_ns(one->server.pid);
		if (before) {
			result->cpu_lost |=
			    procs_loses_children(one->server.pid);
			one->cpu_before = cpu;
			one->begun_before = result->load.begun;
		} else {
			result->cpu_ns += cpu - one->cpu_before;
			result->cpu_begun +=
			    result->load.begun - one->begun_before;
		}
	}
}

/* The block's numbers from its quads. False if one is missing. */
static bool
conclude_block(struct run *run, size_t block)
{
	size_t quads = run->plan->quads;

	for (size_t i = 0; i < run->count; i++) {
		double rates[2 * QUADS_MAX], ratios[QUADS_MAX];
		struct server_result *result = &run->out->servers[i];

		if (in_trouble(run, i))
			continue;
		for (size_t q = 0; q < quads; q++) {
			double *base_out = run->at[0].log_rate[0];
			double *base_back = run->at[0].log_rate[1];
			double out = run->at[i].log_rate[0][q];
			double back = run->at[i].log_rate[1][q];

			rates[2 * q] = out;
			rates[2 * q + 1] = back;
			ratios[q] =
			    (out + back - base_out[q] - base_back[q]) / 2;
			if (!isfinite(ratios[q])) {
				snprintf(result->trouble,
				    sizeof(result->trouble),
				    "a slice without a reply");
				return false;
			}
		}
		result->rates[block] = exp(stats_median(rates, 2 * quads));
		result->ratios[block] = stats_median(ratios, quads);
	}
	return true;
}

/* What comes on kept connections after the last reply is wrong, too. */
static void
end_load(struct run *run, size_t i)
{
	struct server_result *result = &run->out->servers[i];
	struct instance *one = &run->at[i];

	if (!one->open || in_trouble(run, i) || stopped(run))
		return;
	result_clear(&one->slice);
	engine_finish(&one->engine, &one->slice);
	result->load.wrong += one->slice.wrong;
	if (one->slice.wrong)
		snprintf(result->trouble, sizeof(result->trouble), "%s",
		    one->slice.example);
}

static void
run_block(struct run *run)
{
	size_t order[SERVERS_MAX + 1];

	for (size_t i = 0; i < run->count; i++) {
		size_t j = next_random(run) % (i + 1);

		order[i] = order[j];
		order[j] = i;
	}
	for (size_t i = 0; i < run->count && !stopped(run); i++) {
		if (!in_trouble(run, order[i]))
			open_instance(run, order[i]);
	}
	run_quad(run, 0, false); /* warms up caches, and is not counted */
	sample_cpu(run, true);
	for (size_t q = 0; q < run->plan->quads && !stopped(run); q++)
		run_quad(run, q, true);
	sample_cpu(run, false);
	for (size_t i = 0; i < run->count; i++)
		end_load(run, i);
	if (!stopped(run) && conclude_block(run, run->out->blocks))
		run->out->blocks++;
	for (size_t i = 0; i < run->count; i++)
		close_instance(&run->at[i]);
}

/* ---- verdicts ---- */

static struct estimate
exp_of(struct estimate e)
{
	return (struct estimate){exp(e.value), exp(e.low), exp(e.high)};
}

static double
percent(double ratio)
{
	return 100 * fabs(ratio - 1);
}

enum verdict
compare_judge(const double *ratios, const double *control, size_t count,
    double delta, struct estimate *ratio, double *detectable, char *reason,
    size_t size)
{
	struct estimate aa = exp_of(stats_hodges_lehmann(control, count, 0.05));
	struct estimate inner;
	bool small;

	*ratio = exp_of(stats_hodges_lehmann(ratios, count, 0.05));
	inner = exp_of(stats_hodges_lehmann(ratios, count, 0.10));
	*detectable =
	    exp(stats_detectable(stats_robust_sd(ratios, count), count, 0.05));
	small = ratio->low > 1 - delta && ratio->high < 1 + delta;
	if (count < BLOCKS_MIN) {
		snprintf(reason, size, "%zu blocks are too few for a verdict",
		    count);
		return UNDECIDED;
	}
	if (aa.low > 1 + delta / 2 || aa.high < 1 - delta / 2) {
		snprintf(reason, size,
		    "the control, the same server twice, differs by %.1f %% "
		    "[%.3f, %.3f]: the machine was not steady enough",
		    percent(aa.value), aa.low, aa.high);
		return INVALID;
	}
	if (ratio->low > 1 || ratio->high < 1) {
		snprintf(reason, size, "by %.1f %%%s", percent(ratio->value),
		    small ? ", less than matters" : "");
		return ratio->low > 1 ? FASTER : SLOWER;
	}
	if (inner.low > 1 - delta && inner.high < 1 + delta) {
		snprintf(reason, size, "within %.0f %%", 100 * delta);
		return EQUIVALENT;
	}
	snprintf(reason, size,
	    "differences up to %.1f %% are not excluded; %.1f %% would have "
	    "shown",
	    fmax(percent(ratio->low), percent(ratio->high)),
	    percent(*detectable));
	return UNDECIDED;
}

/*
 * Whether ONE could have done more than this client: the client's CPU was full
 * and its own was not. (With a CPU each; on a shared one, both are the limit.)
 */
static bool
was_limited(const struct run *run, const struct server_result *one)
{
	double busy = one->load.wall_ns
			  ? (double)one->cpu_ns / (double)one->load.wall_ns
			  : 0;

	return run->plan->placement.kind == PLACEMENT_SPLIT &&
	       result_busy(&one->load) > CLIENT_FULL &&
	       (one->cpu_lost || busy < SERVER_FULL);
}

/* Its own trouble, or that of an instance of the baseline. */
static void
explain_trouble(struct scenario_result *out, size_t i, size_t control)
{
	struct server_result *one = &out->servers[i];
	const char *whose = "", *what = one->trouble;

	if (!what[0] && out->servers[0].trouble[0]) {
		whose = "no baseline: ";
		what = out->servers[0].trouble;
	} else if (!what[0]) {
		whose = "no control, the baseline's second instance ";
		what = out->servers[control].trouble;
	}
	snprintf(one->reason, sizeof(one->reason), "%s%s", whose, what);
}

static void
judge(const struct run *run)
{
	struct scenario_result *out = run->out;
	const struct server_result *control = &out->servers[run->count - 1];

	for (size_t i = 0; i < run->count; i++) {
		struct server_result *one = &out->servers[i];
		if (out->blocks) {
			one->rate =
			    stats_hodges_lehmann(one->rates, out->blocks, 0.05);
			one->verdict = compare_judge(one->ratios,
			    control->ratios, out->blocks, run->plan->delta,
			    &one->ratio, &one->detectable, one->reason,
			    sizeof(one->reason));
		} else {
			one->verdict = UNDECIDED;
			snprintf(one->reason, sizeof(one->reason),
			    "no block was completed");
		}
		one->limited = was_limited(run, one);
		if (one->limited || out->servers[0].limited) {
			one->verdict = INVALID;
			snprintf(one->reason, sizeof(one->reason),
			    "the client was the limit, not the server%s",
			    one->limited ? "" : " it is compared with");
		}
		if (in_trouble(run, i)) {
			one->verdict = INVALID;
			explain_trouble(out, i, run->count - 1);
		}
		one->usable = out->blocks && !in_trouble(run, i);
	}
}

/* ---- all of it ---- */

static int
run_scenario(struct run *run)
{
	const struct compare_plan *plan = run->plan;
	int bad = 0;

	for (size_t i = 0; i < run->count; i++) {
		run->at[i] = (struct instance){
		    .contender = &plan->servers[i < plan->server_count ? i : 0],
		};
		bad |= result_init(&run->out->servers[i].load);
		bad |= result_init(&run->at[i].slice);
	}
	for (size_t b = 0; b < plan->blocks && !bad && !stopped(run); b++) {
		if (in_trouble(run, 0))
			break;
		run_block(run);
	}
	judge(run);
	for (size_t i = 0; i < run->count; i++)
		result_release(&run->at[i].slice);
	return bad ? -1 : 0;
}

int
compare_run(const struct compare_plan *plan, struct compare_result *result)
{
	struct run *run = calloc(1, sizeof(*run));
	uint64_t start = now_ns();
	int bad = run ? 0 : -1;

	*result = (struct compare_result){0};
	if (!run)
		return -1;
	run->plan = plan;
	run->count = plan->server_count + 1;
	run->images = result->images;
	run->random = plan->seed | 1; /* xorshift has no way out of 0 */
	run->quads_total =
	    plan->scenario_count * plan->blocks * (plan->quads + 1);
	placement_of_client(&plan->placement);
	for (size_t i = 0; i < plan->scenario_count && !bad; i++) {
		run->out = &result->scenarios[i];
		run->out->scenario = plan->scenarios[i];
		result->count++;
		bad = run_scenario(run);
	}
	result->seconds = (double)(now_ns() - start) / 1e9;
	result->interrupted = stopped(run);
	free(run);
	return bad;
}

void
compare_release(const struct compare_plan *plan, struct compare_result *result)
{
	for (size_t i = 0; i < result->count; i++) {
		for (size_t s = 0; s <= plan->server_count; s++)
			result_release(&result->scenarios[i].servers[s].load);
	}
}
