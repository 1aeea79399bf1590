/* SPDX-License-Identifier: MIT */
/* conclude: errors, latency, cost, and whether the figures can be true. */
#include "common/compare/summary.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"

/* A share of a CPU from which on a server had no room for more. */
#define SERVER_FULL 0.95
/* How far Little's law may be off. */
#define LITTLE_OFF 0.05
/* A share of the requests that may be due and not sent. */
#define UNSENT 0.01
/* A share of the slices in which a backlog may have been full. */
#define FULL_SLICES 0.05
/* Fewer replies say nothing about it. */
#define LITTLE_REPLIES 1000

/* The first reason stays: others may be what comes of it. */
static void
invalidate(struct finding *found, const char *reason)
{
	if (found->verdict == INVALID)
		return;
	found->verdict = INVALID;
	snprintf(found->reason, sizeof(found->reason), "%s", reason);
}

/* ---- what was counted ---- */

static void
add_error(struct finding *found, const char *name, uint64_t count)
{
	for (size_t i = 0; i < ERRORS_MAX && count; i++) {
		if (found->errors_by_name[i].count)
			continue;
		snprintf(found->errors_by_name[i].name,
		    sizeof(found->errors_by_name[i].name), "%s", name);
		found->errors_by_name[i].count = count;
		return;
	}
}

static void
conclude_errors(struct finding *found, const struct tally *tally)
{
	found->requests = tally->begun;
	found->retries = tally->retries;
	found->errors = tally->wrong + tally->timed_out + tally->failed;
	add_error(found, "wrong", tally->wrong);
	add_error(found, "timed out", tally->timed_out);
	for (int i = 0; i < RESULT_ERRNOS; i++) {
		const char *name = i ? strerrorname_np(i) : "EOF";

		add_error(found, name ? name : "EUNKNOWN", tally->errors[i]);
	}
}

static void
conclude_latency(struct latency *latency, struct latency_curve *curve,
    const struct hist *hist)
{
	/* A curve is drawn over 1 / (1 - percent): ten points a decade. */
	const double step = pow(10, -0.1);
	double tail = 1;

	if (!hist->total)
		return;
	*latency = (struct latency){
	    .min = (double)hist->min / 1e3,
	    .mean = hist_mean(hist) / 1e3,
	    .p50 = (double)hist_percentile(hist, 50) / 1e3,
	    .p90 = (double)hist_percentile(hist, 90) / 1e3,
	    .p99 = (double)hist_percentile(hist, 99) / 1e3,
	    .p99_9 = (double)hist_percentile(hist, 99.9) / 1e3,
	    .max = (double)hist->max / 1e3,
	};
	for (curve->count = 0; curve->count < CURVE_MAX - 1; curve->count++) {
		curve->percent[curve->count] = 100 * (1 - tail);
		curve->us[curve->count] =
		    (double)hist_percentile(hist, 100 * (1 - tail)) / 1e3;
		if (tail * (double)hist->total < 1)
			break;
		tail *= step;
	}
	curve->percent[curve->count] = 100;
	curve->us[curve->count++] = (double)hist->max / 1e3;
}

static void
conclude_client(struct finding *found, const struct load_result *load)
{
	if (!load->begun)
		return;
	found->client_us = (double)load->cpu_ns / 1e3 / (double)load->begun;
	found->client_busy = result_busy(load);
}

/* ---- cost ---- */

/* Where in a struct cost its memory's figures are. */
static const size_t MEMORY_FIGURES[] = {
    offsetof(struct cost, memory_kib[MEMORY_ANONYMOUS]),
    offsetof(struct cost, memory_kib[MEMORY_FILE]),
    offsetof(struct cost, memory_kib[MEMORY_PAGE_TABLES]),
    offsetof(struct cost, memory_kib[MEMORY_KERNEL_STACKS]),
    offsetof(struct cost, memory_kib[MEMORY_SLAB]),
    offsetof(struct cost, pss_kib),
    offsetof(struct cost, connections),
    offsetof(struct cost, processes),
    offsetof(struct cost, threads),
    offsetof(struct cost, mappings),
};

static double *
figure_at(const struct cost *cost, size_t offset)
{
	return (double *)((uintptr_t)cost + offset);
}

/*
 * Where the dead took their switches along, those of whole lives for all
 * requests, which hold a start and an end more. Idle connections beside them
 * would weigh too much, and children whom nobody waits for are in neither.
 */
static void
conclude_switches(
    struct finding *found, const struct tally *tally, uint32_t held)
{
	struct cost life;

	if (!isnan(found->cost.voluntary) || tally->sums.lost_faults || held)
		return;
	cost_of_requests(&tally->life, tally->begun, &life);
	found->cost.voluntary = life.voluntary;
	found->cost.involuntary = life.involuntary;
}

/* Of the blocks, the median of each. */
static void
conclude_cost(struct finding *found, const struct tally *tally, uint32_t held)
{
	if (tally->sums_requests)
		cost_of_requests(
		    &tally->sums, tally->sums_requests, &found->cost);
	conclude_switches(found, tally, held);
	for (size_t k = 0;
	     k < sizeof(MEMORY_FIGURES) / sizeof(MEMORY_FIGURES[0]); k++) {
		double known[STATS_MAX];
		size_t n = 0;

		for (size_t b = 0; b < tally->memory_count; b++) {
			known[n] =
			    *figure_at(&tally->memory[b], MEMORY_FIGURES[k]);
			n += isfinite(known[n]) ? 1 : 0;
		}
		if (n)
			*figure_at(&found->cost, MEMORY_FIGURES[k]) =
			    stats_median(known, n);
	}
	/* A median of two counts may lie between them. */
	found->cost.connections = round(found->cost.connections);
	found->cost.processes = round(found->cost.processes);
	found->cost.threads = round(found->cost.threads);
	found->cost.mappings = round(found->cost.mappings);
}

/* ---- whether it can be true ---- */

bool
conclude_limited(const struct load_result *load,
    const struct placement *placement, double server_ns)
{
	return placement->kind == PLACEMENT_SPLIT &&
	       result_limited(load, true) &&
	       !(server_ns >= SERVER_FULL * (double)load->wall_ns);
}

/*
 * The server's CPU is that of all requests, the client's of those that count:
 * both for the same number of them. A client that somebody kept from its CPU
 * gives no lower bound of what the server can do, but a figure of somebody.
 */
static void
check_limit(struct finding *found, const struct tally *tally,
    const struct compare_plan *plan, const struct load_point *point)
{
	const struct load_result *load = &tally->counted;
	double server = (double)(tally->sums.user_ns + tally->sums.system_ns);
	char reason[200];

	server =
	    tally->sums.lost_cpu || !tally->sums_requests
		? NAN
		: server * (double)load->begun / (double)tally->sums_requests;
	if (!conclude_limited(load, &plan->placement, server))
		return;
	found->limited = result_limited(load, false);
	snprintf(reason, sizeof(reason),
	    "the client did not get its CPU for %.0f %% of the time, and used "
	    "what was left: the figure says little about the server",
	    100 * (double)load->wait_ns / (double)load->wall_ns);
	invalidate(found,
	    !found->limited ? reason
	    : point->rate > 0
		? "the client was the limit, not the server: some of the delay "
		  "is its own"
		: "the client was the limit, not the server: the figure is a "
		  "lower bound");
}

/*
 * Little's law, N = X R. A connection is with the server, or with the client
 * between a reply and the next request; all their time together is N times as
 * long as requests were begun, at least, and at most N times as long as until
 * the last reply. If it is not, some request or some time was not counted.
 */
static double
little(const struct tally *tally, uint32_t connections)
{
	const struct load_result *load = &tally->counted;
	double used = (double)load->latency.sum + (double)load->turn_ns;
	double least = used / (double)load->span_ns;
	double most = used / (double)tally->sending_ns;
	double n = connections;

	if (n < least)
		return n / least;
	return n > most ? n / most : 1;
}

static void
check_little(struct finding *found, const struct tally *tally,
    const struct load_point *load)
{
	char reason[200];

	if (load->churn || load->rate > 0 || !tally->sending_ns ||
	    tally->counted.ok < LITTLE_REPLIES)
		return;
	found->little = little(tally, load->connections);
	if (fabs(found->little - 1) <= LITTLE_OFF)
		return;
	snprintf(reason, sizeof(reason),
	    "rate times latency is not the %u connections, but off by a "
	    "factor of %.2f: something was not counted",
	    load->connections, 1 / found->little);
	invalidate(found, reason);
}

/* Open loop: requests that were due and not sent are in no percentile. */
static void
check_rate(struct finding *found, const struct tally *tally)
{
	const struct load_result *load = &tally->counted;
	char reason[200];

	if ((double)load->unsent <= UNSENT * (double)load->begun)
		return;
	snprintf(reason, sizeof(reason),
	    "the rate was not reached: for %llu requests beside %llu no "
	    "connection was free",
	    (unsigned long long)load->unsent, (unsigned long long)load->begun);
	invalidate(found, reason);
}

/* Who finds it full tries again after 1, 3, 7 s: that is a number which the
 * server gave to listen(2), and says nothing of how it works. One such slice in
 * many is told, but moves neither a median of slices nor the ranks of blocks by
 * more than any other odd one. */
static void
check_backlog(struct finding *found, const struct tally *tally)
{
	char reason[300], words[100];

	found->backlog = tally->backlog;
	found->backlog_full = tally->full;
	if ((double)tally->full_slices <= FULL_SLICES * (double)tally->kept)
		return;
	snprintf(reason, sizeof(reason),
	    "%s: each of those connections tried again after 1 s or more, "
	    "which is no cost of the model",
	    backlog_words(tally->backlog, tally->full, words, sizeof(words)));
	invalidate(found, reason);
}

/* Here already, since of what is left there may be too little to judge. */
static void
check_foreign(struct finding *found, const struct tally *tally)
{
	double all = (double)(found->slices + found->dropped);
	char reason[200], who[100] = "other work on this machine";

	if ((double)found->dropped <= JUDGE_SPOILT * all)
		return;
	if (tally->throttled)
		snprintf(who, sizeof(who),
		    "that the client was throttled %llu times by a quota of "
		    "CPU time",
		    (unsigned long long)tally->throttled);
	else if (tally->still_ns)
		snprintf(who, sizeof(who),
		    "that the client did not run for %.2f s",
		    (double)tally->still_ns / 1e9);
	snprintf(reason, sizeof(reason), "%s disturbed %.0f %% of the slices",
	    who, 100 * (double)found->dropped / all);
	invalidate(found, reason);
}

/* ---- trouble ---- */

/* Its own, or that of an instance of the baseline. */
static void
explain_trouble(struct finding *found, const struct tally *own,
    const struct tally *baseline, const struct tally *control)
{
	const struct tally *whose = own->trouble[0]	   ? own
				    : baseline->trouble[0] ? baseline
							   : control;

	if (!whose->trouble[0])
		return;
	found->verdict = INVALID;
	snprintf(found->reason, sizeof(found->reason), "%s%.600s",
	    whose == own	? ""
	    : whose == baseline ? "no baseline: "
				: "no control, the baseline's second instance ",
	    whose->trouble);
	if (whose == own) {
		found->usable = false;
		found->has_ratio = false;
	}
}

/* A figure that stands alone needs no baseline. */
static void
value_alone(struct finding *found)
{
	double known[STATS_MAX];
	size_t n = 0;

	for (size_t b = 0; b < found->blocks; b++) {
		if (isfinite(found->values[b]))
			known[n++] = found->values[b];
	}
	if (n)
		found->value = stats_hodges_lehmann(known, n, JUDGE_ALPHA);
}

/* Over the blocks that the value is of. */
static void
service_beside(struct finding *found, const struct tally *tally)
{
	double known[STATS_MAX];
	size_t n = 0;

	for (size_t b = 0; b < found->blocks; b++) {
		if (isfinite(found->values[b]) && tally->service[b] > 0)
			known[n++] = tally->service[b];
	}
	if (n)
		found->service_value =
		    stats_hodges_lehmann(known, n, JUDGE_ALPHA).value;
}

/* ---- all of it ---- */

static void
conclude_one(struct finding *found, const struct tally *tally,
    const struct compare_plan *plan, const struct load_point *load)
{
	conclude_errors(found, tally);
	conclude_latency(
	    &found->latency, &found->curve, &tally->counted.latency);
	conclude_latency(
	    &found->service, &found->service_curve, &tally->counted.service);
	conclude_client(found, &tally->counted);
	conclude_cost(found, tally, load->held);
	found->slices = tally->kept;
	found->warm_up = tally->warm_up;
	found->dropped = tally->dropped;
	found->settled = !tally->unsettled;
	found->with_dropped = judge_ratio(tally->ratios_all, found->blocks);
	check_backlog(found, tally);
	/* What others did comes first: all else may follow from it. */
	check_foreign(found, tally);
	check_limit(found, tally, plan, load);
	check_little(found, tally, load);
	check_rate(found, tally);
}

void
conclude_point(struct point *point, const struct tally *tallies,
    const struct compare_plan *plan, const struct load_point *load)
{
	size_t control = plan->server_count;
	struct finding *baseline = &point->findings[0];

	for (size_t i = 0; i <= control; i++) {
		struct finding *found = &point->findings[i];

		conclude_one(found, &tallies[i], plan, load);
		judge_point(found, baseline, plan->delta);
		value_alone(found);
		service_beside(found, &tallies[i]);
		found->usable = isfinite(found->value.value);
	}
	for (size_t i = 0; i <= control; i++) {
		explain_trouble(&point->findings[i], &tallies[i], &tallies[0],
		    &tallies[control]);
	}
}
