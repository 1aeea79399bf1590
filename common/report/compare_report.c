/* SPDX-License-Identifier: MIT */
/* compare_report: one comparison, rendered. */
#include "common/report/compare_report.h"

#include <math.h>
#include <string.h>

#include "common/base/units.h"
#include "common/report/json.h"
#include "common/report/load_report.h"

static const struct {
	const char *word, *colour;
} VERDICTS[] = {
    [FASTER] = {"faster", "\033[32m"},
    [SLOWER] = {"slower", "\033[31m"},
    [EQUIVALENT] = {"equivalent", "\033[36m"},
    [UNDECIDED] = {"undecided", "\033[33m"},
    [INVALID] = {"invalid", "\033[35m"},
};

static double
cpu_us(const struct server_result *server)
{
	return server->cpu_begun && !server->cpu_lost
		   ? (double)server->cpu_ns / 1e3 / (double)server->cpu_begun
		   : NAN;
}

static uint64_t
errors_of(const struct server_result *server)
{
	return server->load.wrong + server->load.timed_out +
	       server->load.failed;
}

bool
compare_report_clean(const struct compare_report *report)
{
	for (size_t i = 0; i < report->result->count; i++) {
		const struct scenario_result *s = &report->result->scenarios[i];

		for (size_t k = 0; k <= report->plan->server_count; k++) {
			if (errors_of(&s->servers[k]) ||
			    s->servers[k].verdict == INVALID)
				return false;
		}
	}
	return true;
}

/* ---- for a person ---- */

static void
print_server(
    const struct server_result *server, const char *name, int width, FILE *out)
{
	char rate[24], low[24], high[24], range[64], p50[16], p99[16];
	char cpu[24] = "unknown";
	const struct hist *latency = &server->load.latency;

	if (!server->usable) {
		fprintf(out, "  %-*s  no result\n", width, name);
		return;
	}
	snprintf(range, sizeof(range), "%s .. %s",
	    format_number(low, sizeof(low), server->rate.low),
	    format_number(high, sizeof(high), server->rate.high));
	if (!isnan(cpu_us(server)))
		snprintf(cpu, sizeof(cpu), "%.1f us", cpu_us(server));
	fprintf(out, "  %-*s %9s  %-18s %10s %9s %9s %6llu\n", width, name,
	    format_number(rate, sizeof(rate), server->rate.value), range, cpu,
	    format_duration(
		p50, sizeof(p50), (double)hist_percentile(latency, 50)),
	    format_duration(
		p99, sizeof(p99), (double)hist_percentile(latency, 99)),
	    (unsigned long long)errors_of(server));
}

static void
print_verdict(const struct compare_plan *plan,
    const struct server_result *server, const char *name, FILE *out,
    bool colour)
{
	fprintf(out, "  %s against %s: ", name, plan->servers[0].name);
	if (server->usable)
		fprintf(out, "%.3f times the rate [%.3f, %.3f]\n    ",
		    server->ratio.value, server->ratio.low, server->ratio.high);
	fprintf(out, "%s%s%s, %s\n",
	    colour ? VERDICTS[server->verdict].colour : "",
	    VERDICTS[server->verdict].word, colour ? "\033[0m" : "",
	    server->reason);
}

static void
print_scenario(const struct compare_report *report,
    const struct scenario_result *s, FILE *out, bool colour)
{
	const struct compare_plan *plan = report->plan;
	const struct server_result *control = &s->servers[plan->server_count];
	int width = 8;

	for (size_t i = 0; i < plan->server_count; i++) {
		int len = (int)strlen(plan->servers[i].name);

		width = len > width ? len : width;
	}
	fprintf(out, "\n%s: %s\n  %s\n", s->scenario->name,
	    s->scenario->setting, s->scenario->question);
	fprintf(out, "  %-*s %9s  %-18s %10s %9s %9s %6s\n", width, "server",
	    "rate/s", "95 % interval", "CPU each", "p50", "p99", "errors");
	for (size_t i = 0; i < plan->server_count; i++)
		print_server(&s->servers[i], plan->servers[i].name, width, out);
	for (size_t i = 1; i < plan->server_count; i++)
		print_verdict(
		    plan, &s->servers[i], plan->servers[i].name, out, colour);
	if (s->servers[0].verdict == INVALID)
		fprintf(out, "  %s: %s\n", plan->servers[0].name,
		    s->servers[0].reason);
	if (control->usable)
		fprintf(out,
		    "  control, %s twice: %.3f [%.3f, %.3f] (1 is what it "
		    "should be)\n",
		    plan->servers[0].name, control->ratio.value,
		    control->ratio.low, control->ratio.high);
}

void
compare_report_print(
    const struct compare_report *report, FILE *out, bool colour)
{
	const struct compare_plan *plan = report->plan;
	const struct machine *m = &report->before;
	char text[100];

	fprintf(out,
	    "%s, %s%s\n%d CPUs, %.0f GiB; load average %.2f before, %.2f "
	    "after\n",
	    m->kernel, m->cpu, m->virtual_machine ? " (virtual)" : "", m->cpus,
	    m->memory_gib, m->load_average, report->after.load_average);
	fprintf(out,
	    "placement %s\n%zu blocks with fresh servers, each of %zu rounds "
	    "there and back\nin slices of %.0f ms; seed %llu; %.0f s\n",
	    placement_format(&plan->placement, text, sizeof(text)),
	    plan->blocks, plan->quads, (double)plan->slice_ns / 1e6,
	    (unsigned long long)plan->seed, report->result->seconds);
	for (size_t i = 0; i < plan->server_count; i++)
		fprintf(out, "%s: %s\n", plan->servers[i].name,
		    report->result->images[i] ? report->result->images[i]
					      : "image unknown");
	for (size_t i = 0; i < report->result->count; i++)
		print_scenario(
		    report, &report->result->scenarios[i], out, colour);
	fprintf(out, "\nThis holds for this machine, its loopback and these "
		     "sizes. Ratios travel\nbetter than rates do.\n");
	if (report->result->interrupted)
		fprintf(out, "Interrupted: what was done until then.\n");
}

/* ---- for a program ---- */

static bool
any_limited(const struct compare_plan *plan, const struct scenario_result *s)
{
	bool limited = false;

	for (size_t i = 0; i < plan->server_count; i++)
		limited |= s->servers[i].limited;
	return limited;
}

static void
json_machine(struct json *j, const struct compare_report *report)
{
	const struct machine *m = &report->before;

	json_object(j, "machine");
	json_string(j, "kernel", m->kernel);
	json_string(j, "cpu", m->cpu);
	json_uint(j, "cpus", (uint64_t)m->cpus);
	json_bool(j, "virtual", m->virtual_machine);
	json_string(j, "clocksource", m->clocksource);
	json_double(j, "memory_gib", m->memory_gib);
	json_double(j, "load_before", m->load_average);
	json_double(j, "load_after", report->after.load_average);
	json_end(j);
}

static void
json_estimate(
    struct json *j, const struct estimate *e, const char *value, bool known)
{
	json_double(j, value, known ? e->value : NAN);
	json_double(j, "low", known ? e->low : NAN);
	json_double(j, "high", known ? e->high : NAN);
}

static void
json_server(
    struct json *j, const struct server_result *server, const char *name)
{
	bool known = server->usable;

	json_object(j, NULL);
	json_string(j, "server", name);
	json_estimate(j, &server->rate, "value", known);
	json_double(j, "cpu_us_per_request", known ? cpu_us(server) : NAN);
	json_latency(j, "latency_us", &server->load.latency);
	json_null(j, "memory_kib_per_connection");
	json_uint(j, "errors", errors_of(server));
	json_uint(j, "requests", server->load.begun);
	json_errors(j, "errors_by_name", &server->load);
	json_double(j, "client_cpu_us_per_request",
	    client_us_per_request(&server->load));
	json_double(j, "client_busy", result_busy(&server->load));
	json_end(j);
}

static void
json_ratio(struct json *j, const struct compare_plan *plan,
    const struct scenario_result *s, size_t i)
{
	const struct server_result *server = &s->servers[i];

	json_object(j, NULL);
	json_string(j, "of", plan->servers[i].name);
	json_string(j, "to", plan->servers[0].name);
	json_estimate(j, &server->ratio, "estimate", server->usable);
	json_string(j, "verdict", VERDICTS[server->verdict].word);
	json_string(j, "reason", server->reason);
	json_double(j, "detectable", server->usable ? server->detectable : NAN);
	json_end(j);
}

static void
json_scenario(struct json *j, const struct compare_plan *plan,
    const struct scenario_result *s)
{
	const struct server_result *control = &s->servers[plan->server_count];

	json_object(j, NULL);
	json_string(j, "name", s->scenario->name);
	json_string(j, "unit", "requests/s");
	json_string(j, "better", "higher");
	json_array(j, "points");
	json_object(j, NULL);
	json_object(j, "at");
	json_uint(j, "connections", s->scenario->connections);
	json_end(j);
	json_uint(j, "blocks", s->blocks);
	json_bool(j, "client_limited", any_limited(plan, s));
	json_array(j, "results");
	for (size_t i = 0; i < plan->server_count; i++)
		json_server(j, &s->servers[i], plan->servers[i].name);
	json_end(j);
	json_array(j, "ratios");
	for (size_t i = 1; i < plan->server_count; i++)
		json_ratio(j, plan, s, i);
	json_end(j);
	json_array(j, "controls");
	json_object(j, NULL);
	json_string(j, "server", plan->servers[0].name);
	json_estimate(j, &control->ratio, "estimate", control->usable);
	json_end(j);
	json_end(j);
	json_end(j);
	json_end(j);
	json_end(j);
}

void
compare_report_json(const struct compare_report *report, FILE *out)
{
	const struct compare_plan *plan = report->plan;
	struct json j = {.out = out};

	json_object(&j, NULL);
	json_string(&j, "schema", "perconn.compare/1");
	json_machine(&j, report);
	json_string(&j, "placement", placement_name(plan->placement.kind));
	json_uint(&j, "blocks", plan->blocks);
	json_uint(&j, "quads", plan->quads);
	json_double(&j, "slice_s", (double)plan->slice_ns / 1e9);
	json_double(&j, "delta", plan->delta);
	json_uint(&j, "seed", plan->seed);
	json_double(&j, "duration_s", report->result->seconds);
	json_bool(&j, "interrupted", report->result->interrupted);
	json_array(&j, "servers");
	for (size_t i = 0; i < plan->server_count; i++) {
		json_object(&j, NULL);
		json_string(&j, "name", plan->servers[i].name);
		json_string(&j, "command", plan->servers[i].command);
		if (report->result->images[i])
			json_string(&j, "image", report->result->images[i]);
		else
			json_null(&j, "image");
		json_end(&j);
	}
	json_end(&j);
	json_array(&j, "scenarios");
	for (size_t i = 0; i < report->result->count; i++)
		json_scenario(&j, plan, &report->result->scenarios[i]);
	json_end(&j);
	json_end(&j);
}
