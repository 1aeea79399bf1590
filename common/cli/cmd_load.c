/* SPDX-License-Identifier: MIT */
/* cmd_load: one target, at one rate or several, and the reports. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/process.h"
#include "common/base/trace.h"
#include "common/base/trace_guard.h"
#include "common/chatload/chat_load.h"
#include "common/cli/load_options.h"
#include "common/cli/load_run.h"
#include "common/net/tls_client.h"
#include "common/report/hdr_percentiles.h"
#include "common/report/load_json.h"
#include "common/report/rate_sweep_report.h"
#include "common/sysinfo/limits_check.h"
#include "common/sysinfo/proc_tree.h"
#include "common/sysinfo/socket_owner.h"

/* Returns how the server PID is linked, or NULL if it is none of this machine,
 * and PID is 0. */
static const char *
place(struct load_options *config, pid_t pid)
{
	struct cpu_placement *placement = &config->placement;
	const char *image = pid ? proc_tree_image(pid) : NULL;

	if (placement->kind == CPU_PLACEMENT_FREE)
		return image;
	if (!pid || cpu_placement_pin_server(placement, pid) < 0)
		log_warn(
		    "the server cannot be placed from here (another machine, "
		    "user or container): only the client is placed");
	cpu_placement_pin_client(placement);
	return image;
}

/* New connections in a minute, at the most; 0: as many as it can. */
static double
churned_in_a_minute(const struct load_options *config)
{
	double seconds =
		   (double)earlier(config->duration_ns, 60 * NS_PER_S) / 1e9,
	       most = 0;
	size_t runs =
	    config->question.rates.count ? config->question.rates.count : 1;

	for (size_t i = 0; i < config->question.rates.count; i++)
		most += (double)config->question.rates.rates[i] * seconds;
	if (config->requests == UINT64_MAX)
		return most;
	return most > 0 ? fmin(most, (double)config->requests * (double)runs)
			: (double)config->requests;
}

/* Names the limit that the load would run into; dies of one that it will. */
static void
check_limits(const struct load_options *config, const struct load_plan *plan,
    pid_t server)
{
	const struct protocol *p = plan->protocol;
	bool churn = load_plan_churns(plan) && plan->target.kind != TARGET_UDP;
	struct limits_check_plan limits = {
	    .connections =
		p->chat ? chat_load_descriptors(plan) : plan->connections,
	    .sources = load_plan_sources(plan),
	    .ports = plan->target.address.any.sa_family != AF_UNIX,
	    /* A server that ends them keeps their rest, too. */
	    .churn = churn && !p->closes,
	    .churned = churned_in_a_minute(config),
	    .loopback = address_is_loopback(&plan->target.address),
	    /* Kept connections are made a few at a time. */
	    .burst = churn,
	    .server = server,
	};
	char why[500];
	int found = limits_check(&limits, why, sizeof(why));

	if (found < 0)
		die(1, "cannot load: %s", why);
	if (found > 0)
		log_warn("%s", why);
}

static struct load_report
report_of(const struct load_report *common, const struct load_run *run)
{
	struct load_report report = *common;

	report.plan = &run->plan;
	report.result = &run->result;
	report.seconds = run->seconds;
	report.fairness = run->has_fairness ? &run->fairness : NULL;
	report.overflows = run->overflows;
	report.backlog = &run->backlog;
	return report;
}

/* Each rate, until all are done or we are told to stop. Returns how many were
 * begun. */
static size_t
run_all(const struct load_options *config, const struct load_plan *plan,
    const struct load_span *span, const struct load_report *common, bool local,
    struct load_run *runs, struct load_report *reports)
{
	size_t count = config->question.rates.count
			   ? config->question.rates.count
			   : 1,
	       i = 0;
	FILE *words = load_options_words(config);
	bool rows = count > 1;

	while (i < count && !cli_interrupted) {
		struct load_run *run = &runs[i];

		run->plan = *plan;
		run->local = local;
		if (config->question.rates.count)
			run->plan.rate =
			    (double)config->question.rates.rates[i];
		load_run(run, span, common->placement);
		reports[i] = report_of(common, run);
		if (rows && i == 0)
			rate_sweep_report_head(&reports[0], count, words);
		if (rows)
			rate_sweep_report_row(&reports[i], words);
		i++;
		if (load_result_is_refused(&run->result))
			break;
	}
	return i;
}

/* Words and JSON. */
static void
report_all(const struct load_options *config, const struct load_report *reports,
    size_t count, FILE *json)
{
	FILE *words = load_options_words(config);

	if (config->question.rates.count > 1)
		rate_sweep_report_foot(reports, count, words);
	else
		load_report_print(reports, words);
	if (json && config->question.rates.count > 1)
		load_json_print_sweep(reports, count, json);
	else if (json)
		load_json_print(reports, json);
}

struct outputs {
	struct output json, histogram, series;
};

/* Opening a FIFO may wait for its reader: an interrupt ends the client then. */
static struct outputs
open_outputs(const struct load_options *config)
{
	cli_take_interrupts();
	return (struct outputs){
	    .json = cli_open_output(config->json),
	    .histogram = cli_open_output(config->histogram),
	    .series = cli_open_output(config->series),
	};
}

static struct interval_writer *
begin_series(struct interval_writer *writer, FILE *out)
{
	if (!out)
		return NULL;
	if (interval_writer_begin(writer, out) < 0)
		die(1, "--interval: %s", strerror(errno));
	return writer;
}

static void
end_series(struct interval_writer *writer, const char *interval)
{
	uint64_t dropped = writer ? interval_writer_end(writer) : 0;

	if (dropped)
		log_warn("--interval %s: %llu lines were dropped, because "
			 "their reader is too slow",
		    interval, (unsigned long long)dropped);
}

/* As cli_close_output(); a fault of one costs no other. */
static int
close_outputs(struct outputs *outputs, bool measured)
{
	int bad = cli_close_output(&outputs->json, measured);

	bad |= cli_close_output(&outputs->histogram, measured);
	bad |= cli_close_output(&outputs->series, measured);
	return bad;
}

static void
begin_trace(const char *path)
{
	char why[200];

	if (path && trace_open(path, TRACE_CAPACITY, "client", "", why,
			sizeof(why)) < 0)
		die(1, "--trace %.200s: %s", path, why);
}

static void
end_trace(const char *path)
{
	uint64_t gone = trace_overwritten();

	if (trace_guard_is_lost())
		log_warn("--trace %.200s: " TRACE_LOST, path);
	else if (gone)
		log_warn("--trace %.200s: full; the oldest %llu events were "
			 "overwritten",
		    path, (unsigned long long)gone);
	trace_close();
}

static bool
any_reply(const struct load_run *runs, size_t count)
{
	bool any = false;

	for (size_t i = 0; i < count; i++)
		any |= runs[i].result.ok || runs[i].result.wrong;
	return any;
}

static bool
all_clean(const struct load_run *runs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct load_result *r = &runs[i].result;

		if (!r->ok || r->ok != r->begun || r->wrong || r->duplicated)
			return false;
	}
	return count > 0;
}

int
cmd_load(int argc, char **argv)
{
	static struct load_run runs[RATE_LIST_MAX];
	static struct load_report reports[RATE_LIST_MAX];
	static struct load_options config;
	struct load_plan plan;
	struct load_report common = {
	    .target = load_options_read(argc, argv, &config, &plan),
	    .placement = &config.placement,
	    .sources = &config.sources,
	};
	struct outputs outputs = open_outputs(&config);
	struct interval_writer writer;
	struct load_span span = {
	    .duration_ns = config.duration_ns,
	    .requests = config.requests,
	    .interval_ns = config.interval_ns,
	    .series = begin_series(&writer, outputs.series.file),
	};
	pid_t server = socket_owner_listener(
	    &plan.target.address, plan.target.kind == TARGET_UDP);
	size_t count;
	bool clean, written;

	begin_trace(config.trace);
	check_limits(&config, &plan, server);
	plan.tls = cli_open_tls(&plan.target, &config.tls);
	common.insecure = config.tls.insecure > 0;
	common.image = place(&config, server);
	plan.spin = config.placement.kind == CPU_PLACEMENT_SPLIT;
	plan.cpus = &config.placement.client_cpus;
	cli_second_interrupt_is_told = config.placement.placed != 0;
	count =
	    run_all(&config, &plan, &span, &common, server > 0, runs, reports);
	cpu_placement_undo(&config.placement);
	cli_second_interrupt_is_told = false; /* CPUs are given back */
	end_series(span.series, config.interval);
	end_trace(config.trace);
	/* Told to stop before the first run: there is nothing to report. */
	if (count > 0)
		report_all(&config, reports, count, outputs.json.file);
	if (count > 0 && load_result_is_refused(&runs[count - 1].result))
		log_error("%.300s%s", common.target,
		    cli_refused_advice(ECONNREFUSED));
	if (count > 0 && outputs.histogram.file)
		hdr_percentiles_print(
		    &runs[0].result.latency, outputs.histogram.file);
	written = close_outputs(&outputs, any_reply(runs, count)) == 0;
	if (written) /* else it may be told already */
		process_flush();
	clean = all_clean(runs, count) && written;
	for (size_t i = 0; i < count; i++)
		load_run_release(&runs[i]);
	load_options_release(&config);
	tls_client_close(plan.tls);
	if (cli_interrupted)
		return 128 + abs(cli_interrupted);
	return clean ? 0 : 1;
}
