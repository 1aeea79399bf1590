/* SPDX-License-Identifier: MIT */
/* summary: errors, latency, cost, and whether the figures can be true. */
#include "common/compare/summary.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/sysinfo/listen_backlog.h"
#include "common/verdict/paired_estimate.h"
#include "common/verdict/verdict.h"

/* A server that used this share of its CPUs had no room for more. */
#define SERVER_FULL COMPARISON_LOOP_FULL
/* How far Little's law may be off. */
#define LITTLE_OFF 0.05
/* The share of requests that may be due and unsent. */
#define UNSENT 0.01
/* A share of the slices in which a backlog may have been full. */
#define FULL_SLICES 0.05
/* Little's law is not checked with fewer replies. */
#define LITTLE_REPLIES 1000

/* The first reason stays: later ones may follow from it. */
static void
invalidate(struct server_result *found, const char *cause, const char *reason)
{
	if (found->verdict == INVALID)
		return;
	found->verdict = INVALID;
	snprintf(found->cause, sizeof(found->cause), "%s", cause);
	snprintf(found->reason, sizeof(found->reason), "%s", reason);
}

/* ---- what was counted ---- */

static void
add_error(struct server_result *found, const char *name, uint64_t count)
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
summarize_errors(
    struct server_result *found, const struct accumulator *accumulator)
{
	found->requests = accumulator->begun;
	found->retries = accumulator->retries;
	found->reconnects = accumulator->reconnects;
	found->errors =
	    accumulator->wrong + accumulator->timed_out + accumulator->failed;
	add_error(found, "wrong", accumulator->wrong);
	add_error(found, "timed out", accumulator->timed_out);
	for (int i = 0; i < LOAD_RESULT_ERRNOS; i++) {
		const char *name = i ? strerrorname_np(i) : "EOF";

		add_error(
		    found, name ? name : "EUNKNOWN", accumulator->errors[i]);
	}
}

static void
summarize_latency(struct latency *latency, struct latency_curve *curve,
    const struct histogram *hist)
{
	/* A curve is drawn over 1 / (1 - percent): ten points a decade. */
	const double step = pow(10, -0.1);
	double tail = 1;

	if (!hist->total)
		return;
	*latency = (struct latency){
	    .min = (double)hist->min / 1e3,
	    .mean = histogram_mean(hist) / 1e3,
	    .p50 = (double)histogram_percentile(hist, 50) / 1e3,
	    .p90 = (double)histogram_percentile(hist, 90) / 1e3,
	    .p99 = (double)histogram_percentile(hist, 99) / 1e3,
	    .p99_9 = (double)histogram_percentile(hist, 99.9) / 1e3,
	    .max = (double)hist->max / 1e3,
	};
	for (curve->count = 0; curve->count < CURVE_MAX - 1; curve->count++) {
		curve->percent[curve->count] = 100 * (1 - tail);
		curve->us[curve->count] =
		    (double)histogram_percentile(hist, 100 * (1 - tail)) / 1e3;
		if (tail * (double)hist->total < 1)
			break;
		tail *= step;
	}
	curve->percent[curve->count] = 100;
	curve->us[curve->count++] = (double)hist->max / 1e3;
}

static void
summarize_client(struct server_result *found, const struct load_result *load)
{
	if (!load->begun)
		return;
	found->client_us = (double)load->cpu_ns / 1e3 / (double)load->begun;
	found->client_busy = load_result_busy(load);
}

/* What it does for the last requests may fall into the time after them. */
static void
summarize_loop(
    struct server_result *found, const struct accumulator *accumulator)
{
	if (!accumulator->loop_requests || !accumulator->loop_wall_ns)
		return;
	found->loop_us = (double)accumulator->loop_ns / 1e3 /
			 (double)accumulator->loop_requests;
	found->loop_busy = fmin(1,
	    (double)accumulator->loop_ns / (double)accumulator->loop_wall_ns);
}

/* ---- usage ---- */

/* Where in a struct usage its memory's figures are. */
static const size_t MEMORY_FIGURES[] = {
    offsetof(struct usage, memory_kib[MEMORY_ANONYMOUS]),
    offsetof(struct usage, memory_kib[MEMORY_FILE]),
    offsetof(struct usage, memory_kib[MEMORY_PAGE_TABLES]),
    offsetof(struct usage, memory_kib[MEMORY_KERNEL_STACKS]),
    offsetof(struct usage, memory_kib[MEMORY_SLAB]),
    offsetof(struct usage, pss_kib),
    offsetof(struct usage, connections),
    offsetof(struct usage, processes),
    offsetof(struct usage, threads),
    offsetof(struct usage, mappings),
    offsetof(struct usage, kept_kib),
};

static double *
figure_at(const struct usage *usage, size_t offset)
{
	return (double *)((uintptr_t)usage + offset);
}

/*
 * Where the context switches of ended processes are unknown, those of the
 * server's whole life replace them, divided by all requests; they include a
 * start and an end. This is not done with idle connections beside the load,
 * which would weigh too much, nor for a server that does not wait for its
 * children, because the switches of the children are lost in both counts.
 */
static void
summarize_switches(struct server_result *found,
    const struct accumulator *accumulator, uint32_t held)
{
	struct usage life;

	if (!isnan(found->usage.voluntary) || accumulator->sums.lost_faults ||
	    held)
		return;
	usage_of_requests(&accumulator->life, accumulator->begun, &life);
	found->usage.voluntary = life.voluntary;
	found->usage.involuntary = life.involuntary;
}

/* The median of each figure over the blocks. */
static void
summarize_cost(struct server_result *found,
    const struct accumulator *accumulator, uint32_t held)
{
	if (accumulator->sums_requests)
		usage_of_requests(&accumulator->sums,
		    accumulator->sums_requests, &found->usage);
	summarize_switches(found, accumulator, held);
	for (size_t k = 0;
	     k < sizeof(MEMORY_FIGURES) / sizeof(MEMORY_FIGURES[0]); k++) {
		double known[RANK_MAX];
		size_t n = 0;

		for (size_t b = 0; b < accumulator->memory_count; b++) {
			known[n] = *figure_at(
			    &accumulator->memory[b], MEMORY_FIGURES[k]);
			n += isfinite(known[n]) ? 1 : 0;
		}
		if (n)
			*figure_at(&found->usage, MEMORY_FIGURES[k]) =
			    rank_median(known, n);
	}
	/* A median of two counts may lie between them. */
	found->usage.connections = round(found->usage.connections);
	found->usage.processes = round(found->usage.processes);
	found->usage.threads = round(found->usage.threads);
	found->usage.mappings = round(found->usage.mappings);
}

/* ---- whether the figures can be true ---- */

bool
summary_is_client_bound(const struct load_result *load,
    const struct cpu_placement *placement, double server_ns, double loop_ns)
{
	double full = SERVER_FULL * (double)load->wall_ns;

	return placement->kind == CPU_PLACEMENT_SPLIT &&
	       load_result_is_client_bound(load, true) &&
	       !(server_ns >= full * fmax(1, CPU_COUNT(&placement->server))) &&
	       !(loop_ns >= full);
}

/*
 * The server's CPU time covers all requests, the client's those that count:
 * both are scaled to the same number. A client starved of CPU by other
 * processes measures the machine, not a lower bound of the server. One that
 * was the limit makes no result invalid yet: compare_by_cpu().
 */
static void
check_limit(struct server_result *found, const struct accumulator *accumulator,
    const struct compare_plan *plan, const struct load_point *point)
{
	const struct load_result *load = &accumulator->counted;
	double server = (double)usage_cpu_ns(&accumulator->sums);
	struct cpu_placement placement = plan->placement;
	char reason[200];

	cpu_placement_take(&placement, point->cpus);
	server = accumulator->sums.lost_cpu || !accumulator->sums_requests
		     ? NAN
		     : server * (double)load->begun /
			   (double)accumulator->sums_requests;
	if (point->counts_cpu ||
	    !summary_is_client_bound(load, &placement, server,
		found->loop_busy * (double)load->wall_ns))
		return;
	found->client_bound = load_result_is_client_bound(load, false);
	if (found->client_bound)
		return;
	snprintf(reason, sizeof(reason),
	    "other work had the client's CPU for %.0f %% of the time, and the "
	    "client used the rest: the figure says little about the server",
	    100 * load_result_waited(load));
	invalidate(found, CAUSE_DISTURBED, reason);
}

/* What is compared must be known. */
static void
check_cpu(struct server_result *found, const struct accumulator *accumulator,
    const struct load_point *point)
{
	if (point->counts_cpu && accumulator->sums.lost_cpu)
		invalidate(found, "",
		    "its CPU time is not known: it does not wait for processes "
		    "that it starts");
}

/*
 * Little's law, N = X R. A connection is with the server, or with the client
 * between a reply and the next request. The sum of both times is at least N
 * times the time in which requests were begun, and at most N times the time
 * until the last reply. If not, some request or some time was not counted.
 */
static double
little(const struct accumulator *accumulator, uint32_t connections)
{
	const struct load_result *load = &accumulator->counted;
	double used = (double)load->latency.sum + (double)load->think_ns;
	double least = used / (double)load->span_ns;
	double most = used / (double)accumulator->sending_ns;
	double n = connections;

	if (n < least)
		return n / least;
	return n > most ? n / most : 1;
}

static void
check_little(struct server_result *found, const struct accumulator *accumulator,
    const struct load_point *load)
{
	char reason[200];

	if (load->churn || load->rate > 0 || !accumulator->sending_ns ||
	    accumulator->counted.ok < LITTLE_REPLIES)
		return;
	found->little = little(accumulator, load->connections);
	if (fabs(found->little - 1) <= LITTLE_OFF)
		return;
	snprintf(reason, sizeof(reason),
	    "rate x latency should be the %u connections (Little's law), but "
	    "is off by a factor of %.2f: something was not counted",
	    load->connections, 1 / found->little);
	invalidate(found, CAUSE_LITTLE, reason);
}

/* Open loop: requests that were due and never sent are in no percentile. That
 * of a client that was the limit is not compared. */
static void
check_rate(struct server_result *found, const struct accumulator *accumulator)
{
	const struct load_result *load = &accumulator->counted;
	char reason[200];

	if (found->client_bound ||
	    (double)load->unsent <= UNSENT * (double)load->begun)
		return;
	snprintf(reason, sizeof(reason),
	    "the rate was not reached: %llu requests were due, beside %llu "
	    "that were sent, but no connection was free",
	    (unsigned long long)load->unsent, (unsigned long long)load->begun);
	invalidate(found, CAUSE_RATE, reason);
}

/* A client that finds the backlog full retries after 1, 3, 7 s. That comes of
 * the number that the server gave to listen(2), not of its model. One such
 * slice in many is mentioned, but moves medians and ranks no more than any
 * other outlier.
 */
static void
check_backlog(
    struct server_result *found, const struct accumulator *accumulator)
{
	char reason[300], words[100];

	found->backlog = accumulator->backlog;
	found->backlog_overflows = accumulator->full;
	if ((double)accumulator->full_slices <=
	    FULL_SLICES * (double)accumulator->kept)
		return;
	snprintf(reason, sizeof(reason),
	    "%s: each of those connections tried again after 1 s or more, "
	    "which is not a cost of the model",
	    listen_backlog_words(
		accumulator->backlog, accumulator->full, words, sizeof(words)));
	invalidate(found, CAUSE_BACKLOG, reason);
}

/* Checked here, because too little may be left for a verdict. */
static void
check_foreign(
    struct server_result *found, const struct accumulator *accumulator)
{
	double all = (double)(found->slices + found->dropped);
	char reason[200], what[100] = "other work on this machine";
	const char *cause = CAUSE_DISTURBED;

	if ((double)found->dropped <= VERDICT_SPOILT * all)
		return;
	if (accumulator->throttled) {
		cause = CAUSE_QUOTA;
		snprintf(what, sizeof(what),
		    "a quota of CPU time stopped the client %llu times and",
		    (unsigned long long)accumulator->throttled);
	} else if (accumulator->stall_ns) {
		cause = CAUSE_STALL;
		snprintf(what, sizeof(what),
		    "the client did not run for %.2f s, which",
		    (double)accumulator->stall_ns / 1e9);
	}
	snprintf(reason, sizeof(reason), "%s disturbed %.0f %% of the slices",
	    what, 100 * (double)found->dropped / all);
	invalidate(found, cause, reason);
}

/* ---- where the client was the limit ---- */

/* In each block that has a figure. */
static bool
knows_cpu(const struct server_result *f)
{
	for (size_t b = 0; b < f->blocks; b++) {
		if (isfinite(f->values[b]) && !(f->cpu_us[b] > 0))
			return false;
	}
	return true;
}

static void
say_cpu_unknown(struct server_result *found, const char *whose, bool paced)
{
	char reason[300];

	snprintf(reason, sizeof(reason),
	    "the client was the limit, not the server: %s; the CPU time of %s, "
	    "which would be compared instead, is not known: it does not wait "
	    "for processes that it starts",
	    paced ? "some of the delay is the client's"
		  : "the figure is a lower bound",
	    whose);
	invalidate(found, CAUSE_CLIENT, reason);
}

/* Puts the ratios by CPU in the place of those by the figure. */
static void
compare_by_cpu(struct server_result *found,
    const struct server_result *baseline, const struct server_result *control,
    bool paced)
{
	const char *whose = !knows_cpu(found)	   ? "this server"
			    : !knows_cpu(baseline) ? "the baseline"
			    : !knows_cpu(control)  ? "the control"
						   : NULL;

	if (whose) {
		say_cpu_unknown(found, whose, paced);
		return;
	}
	found->basis = BASIS_SERVER_CPU;
	found->with_dropped = NAN; /* its CPU time is that of all slices */
	for (size_t b = 0; b < found->blocks; b++)
		found->ratios[b] = log(baseline->cpu_us[b] / found->cpu_us[b]);
}

/*
 * A rate that the client has limited says nothing of its server, nor of one
 * that is compared with it. Of several servers, those that the client has not
 * limited are still compared by their figures, if the baseline is.
 */
static void
choose_basis(struct point *point, const struct accumulator *accumulators,
    size_t control, bool paced)
{
	struct server_result *all = point->results;
	bool limited[SERVERS_MAX + 1];

	for (size_t i = 0; i <= control; i++)
		limited[i] = all[i].client_bound && all[i].verdict != INVALID &&
			     !accumulators[i].trouble[0];
	for (size_t i = 0; i <= control; i++) {
		if (all[i].verdict != INVALID &&
		    (limited[i] || limited[0] || limited[control]))
			compare_by_cpu(&all[i], &all[0], &all[control], paced);
	}
}

/* ---- trouble ---- */

/* The trouble of the server itself, or of an instance of the baseline. */
static void
explain_trouble(struct server_result *found, const struct accumulator *own,
    const struct accumulator *baseline, const struct accumulator *control)
{
	const struct accumulator *source = own->trouble[0]	  ? own
					   : baseline->trouble[0] ? baseline
								  : control;

	if (!source->trouble[0])
		return;
	found->verdict = INVALID;
	snprintf(found->cause, sizeof(found->cause), "%s", CAUSE_SERVER);
	snprintf(found->reason, sizeof(found->reason), "%s%.600s",
	    source == own ? ""
	    : source == baseline
		? "no baseline: "
		: "no control, because the baseline's second instance ",
	    source->trouble);
	if (source == own) {
		found->usable = false;
		found->has_ratio = false;
	}
}

/* A figure that stands alone needs no baseline. */
static void
value_alone(struct server_result *found)
{
	double known[RANK_MAX];
	size_t n = 0;

	for (size_t b = 0; b < found->blocks; b++) {
		if (isfinite(found->values[b]))
			known[n++] = found->values[b];
	}
	if (n)
		found->value = rank_hodges_lehmann(known, n, PAIRED_ALPHA);
}

/* Over the blocks that the value comes from. */
static void
service_beside(
    struct server_result *found, const struct accumulator *accumulator)
{
	double known[RANK_MAX];
	size_t n = 0;

	for (size_t b = 0; b < found->blocks; b++) {
		if (isfinite(found->values[b]) && accumulator->service[b] > 0)
			known[n++] = accumulator->service[b];
	}
	if (n)
		found->service_value =
		    rank_hodges_lehmann(known, n, PAIRED_ALPHA).value;
}

/* ---- all of it ---- */

static void
summarize_one(struct server_result *found,
    const struct accumulator *accumulator, const struct compare_plan *plan,
    const struct load_point *load)
{
	summarize_errors(found, accumulator);
	summarize_latency(
	    &found->latency, &found->curve, &accumulator->counted.latency);
	summarize_latency(&found->service, &found->service_curve,
	    &accumulator->counted.service);
	summarize_client(found, &accumulator->counted);
	summarize_loop(found, accumulator);
	summarize_cost(found, accumulator, load->held);
	found->slices = accumulator->kept;
	found->warm_up = accumulator->warm_up;
	found->dropped = accumulator->dropped;
	found->settled = !accumulator->unsettled;
	found->with_dropped =
	    paired_ratio(accumulator->ratios_all, found->blocks);
	check_backlog(found, accumulator);
	/* Disturbance comes first: all else may follow from it. */
	check_foreign(found, accumulator);
	check_cpu(found, accumulator, load);
	check_limit(found, accumulator, plan, load);
	check_little(found, accumulator, load);
	check_rate(found, accumulator);
}

void
summary_of_point(struct point *point, const struct accumulator *accumulators,
    const struct compare_plan *plan, const struct load_point *load)
{
	size_t control = plan->server_count;
	struct server_result *baseline = &point->results[0];

	for (size_t i = 0; i <= control; i++)
		summarize_one(&point->results[i], &accumulators[i], plan, load);
	choose_basis(point, accumulators, control, load->rate > 0);
	for (size_t i = 0; i <= control; i++) {
		struct server_result *found = &point->results[i];

		paired_estimate(found, baseline, plan->delta);
		value_alone(found);
		service_beside(found, &accumulators[i]);
		found->usable = isfinite(found->value.value);
	}
	for (size_t i = 0; i <= control; i++) {
		explain_trouble(&point->results[i], &accumulators[i],
		    &accumulators[0], &accumulators[control]);
	}
}
