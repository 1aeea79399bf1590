/* SPDX-License-Identifier: MIT */
/* load_json: a tree for each schema, its keys in the order of a reader. */
#include "common/report/load_json.h"

#include <math.h>

#include "common/base/version.h"
#include "common/format/json_value.h"
#include "common/load/protocol_table.h"

#define DIGITS 6

/* From less no rate is told: what ends a load can be a fraction of a reply's
 * time. As short as --interval may be. */
#define SHORTEST_S 0.01

/* ---- one member ---- */

static void
set_count(json_t *object, const char *key, uint64_t count)
{
	json_value_set(object, key, json_value_count(count));
}

static void
set_number(json_t *object, const char *key, double number)
{
	json_value_set(object, key, json_value_number(number));
}

static void
set_text(json_t *object, const char *key, const char *text)
{
	json_value_set(object, key, json_value_text(text));
}

static void
set_rate(json_t *object, double rate)
{
	json_value_set(object, "rate",
	    rate > 0 ? json_value_count((uint64_t)rate) : json_null());
}

/* ---- parts ---- */

/* In microseconds; null if HIST is empty. */
static json_t *
latency(const struct histogram *hist)
{
	json_t *object;

	if (!hist->total)
		return json_null();
	object = json_object();
	set_number(object, "min", (double)hist->min / 1e3);
	set_number(object, "mean", histogram_mean(hist) / 1e3);
	for (size_t i = 0; i < LOAD_REPORT_PERCENTILES; i++)
		set_number(object, load_report_percentiles[i].name,
		    (double)histogram_percentile(
			hist, load_report_percentiles[i].percent) /
			1e3);
	set_number(object, "max", (double)hist->max / 1e3);
	return object;
}

/* {"ECONNRESET":3,"EOF":1} */
static json_t *
errors(const struct load_result *r)
{
	json_t *object = json_object();

	for (int i = 0; i < LOAD_RESULT_ERRNOS; i++) {
		if (r->errors[i])
			set_count(
			    object, load_report_error_name(i), r->errors[i]);
	}
	return object;
}

static json_t *
requests(const struct load_result *r)
{
	json_t *object = json_object();

	set_count(object, "ok", r->ok);
	set_count(object, "wrong", r->wrong);
	set_count(object, "timed_out", r->timed_out);
	set_count(object, "failed", r->failed);
	return object;
}

static json_t *
datagrams(const struct load_report *report)
{
	const struct load_result *r = report->result;
	json_t *object;

	if (report->plan->target.kind != TARGET_UDP)
		return json_null();
	object = json_object();
	set_count(object, "lost", r->timed_out);
	set_count(object, "late", r->late);
	set_count(object, "duplicated", r->duplicated);
	return object;
}

static json_t *
sources(const struct address_list *list)
{
	char text[ADDRESS_TEXT_MAX];
	json_t *array;

	if (!list || !list->count)
		return json_null();
	array = json_array();
	for (uint32_t i = 0; i < list->count; i++)
		json_value_append(array, json_value_text(address_list_format(
					     &list->addresses[i], text)));
	return array;
}

static json_t *
fairness(const struct fairness *f)
{
	json_t *object;

	if (!f)
		return json_null();
	object = json_object();
	set_count(object, "min", f->min);
	set_count(object, "median", f->median);
	set_count(object, "max", f->max);
	set_number(object, "jain", f->jain);
	set_count(object, "none", f->none);
	return object;
}

static json_t *
backlog(const struct listen_backlog *own)
{
	json_t *object;

	if (!own->sockets)
		return json_null();
	object = json_object();
	set_count(object, "size", own->size);
	set_count(object, "full", own->overflows);
	return object;
}

/* For how long the client did not run. */
static void
set_still(json_t *object, const struct load_result *r)
{
	set_number(object, "still_s", (double)r->stall_ns / 1e9);
	set_count(object, "throttled", r->throttled);
	set_number(object, "throttled_s", (double)r->throttled_ns / 1e9);
}

static json_t *
client(const struct load_report *report)
{
	json_t *object = json_object();

	set_number(object, "cpu_us_per_request",
	    load_report_client_us(report->result));
	set_count(object, "threads",
	    report->plan->protocol->chat ? 1 : engines_of(report->plan));
	set_number(object, "busy", load_result_busy(report->result));
	json_value_set(object, "limited",
	    json_boolean(load_report_is_client_bound(report)));
	set_still(object, report->result);
	return object;
}

/* As taskset takes them; null: any. */
static void
set_cpus(json_t *object, const char *key, const struct cpu_list *cpus)
{
	char text[4 * CPU_LIST_MAX];

	set_text(object, key,
	    cpus->count ? cpu_list_format(cpus, text, sizeof(text)) : NULL);
}

/* Of a header its name alone: the value may be a secret. */
static json_t *
header_names(const char *fields)
{
	json_t *array = json_array();
	char name[200];

	for (; *fields; fields += strcspn(fields, "\n") + 1) {
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(fields, ":"),
		    fields);
		json_value_append(array, json_value_text(name));
	}
	return array;
}

static json_t *
http(const struct load_plan *plan)
{
	const struct http_plan *http = plan->http;
	json_t *object;

	if (plan->protocol != &protocol_http || !http)
		return json_null();
	object = json_object();
	set_text(object, "method", http->method);
	json_value_set(object, "headers", header_names(http->fields));
	json_value_set(object, "body_bytes",
	    http->body ? json_value_count(http->body_len) : json_null());
	set_text(object, "expect", http->expect);
	json_value_set(object, "any_body", json_boolean(http->any_body));
	return object;
}

/* ---- perconn.load/1 ---- */

static void
set_plan(json_t *object, const struct load_report *report)
{
	const struct load_plan *plan = report->plan;

	set_text(object, "schema", "perconn.load/1");
	set_text(object, "version", PERCONN_VERSION);
	set_text(object, "target", report->target);
	set_text(object, "protocol", plan->protocol->name);
	set_text(object, "path", plan->path);
	json_value_set(object, "http", http(plan));
	json_value_set(object, "insecure", json_boolean(report->insecure));
	set_text(object, "mode", plan->churn ? "churn" : "steady");
	set_count(object, "connections", plan->connections);
	set_rate(object, plan->rate);
	set_count(object, "size", plan->size);
	set_text(
	    object, "placement", cpu_placement_name(report->placement->kind));
	set_cpus(object, "client_cpus", &report->placement->client_cpus);
	set_cpus(object, "server_cpus", &report->placement->server_cpus);
	set_text(object, "image", report->image);
	json_value_set(object, "sources", sources(report->sources));
	set_number(object, "duration_s", report->seconds);
}

static void
set_counts(json_t *object, const struct load_report *report)
{
	const struct load_result *r = report->result;
	bool counter = report->plan->protocol == &protocol_counter;

	json_value_set(object, "requests", requests(r));
	set_count(object, "unsent", r->unsent);
	set_count(object, "reconnects", r->reconnects);
	set_count(object, "retries", r->retries);
	set_count(object, "unclosed", r->unclosed);
	json_value_set(object, "listen_overflows",
	    report->overflows < 0
		? json_null()
		: json_value_count((uint64_t)report->overflows));
	json_value_set(object, "backlog", backlog(report->backlog));
	json_value_set(object, "errors", errors(r));
	set_text(object, "first_wrong", r->first_wrong);
	set_text(object, "first_failed", r->first_failed);
	set_text(object, "first_timed_out", r->first_timed_out);
	json_value_set(object, "udp", datagrams(report));
	json_value_set(object, "lost_updates",
	    counter ? json_value_count(r->lost_updates) : json_null());
}

static json_t *
load(const struct load_report *report)
{
	const struct load_result *r = report->result;
	json_t *object = json_object();

	set_plan(object, report);
	set_counts(object, report);
	set_number(object, "throughput", load_result_rate(r));
	/* The times of answers that were all wrong say nothing. */
	json_value_set(
	    object, "latency_us", r->ok ? latency(&r->latency) : json_null());
	json_value_set(
	    object, "service_us", r->ok ? latency(&r->service) : json_null());
	json_value_set(object, "pacing_us", latency(&r->send_lag));
	json_value_set(object, "complete_us", latency(&r->complete));
	json_value_set(object, "connect_us", latency(&r->connect));
	json_value_set(object, "fairness", fairness(report->fairness));
	json_value_set(object, "client", client(report));
	return object;
}

void
load_json_print(const struct load_report *report, FILE *out)
{
	json_value_print(load(report), out, DIGITS);
}

void
load_json_print_sweep(
    const struct load_report *reports, size_t count, FILE *out)
{
	json_t *object = json_object(), *runs = json_array();

	for (size_t i = 0; i < count; i++)
		json_value_append(runs, load(&reports[i]));
	set_text(object, "schema", "perconn.sweep/1");
	json_value_set(object, "runs", runs);
	json_value_print(object, out, DIGITS);
}

/* ---- perconn.interval/1 ---- */

char *
load_json_interval(double rate, const struct load_result *part,
    uint64_t from_ns, uint64_t to_ns)
{
	double duration = (double)(to_ns - from_ns) / 1e9;
	/* Fewer than 0, if more were taken back than came. */
	double ok = (double)(int64_t)part->ok;
	json_t *object = json_object();
	char *line;

	set_text(object, "schema", "perconn.interval/1");
	set_number(object, "t_s", (double)from_ns / 1e9);
	set_number(object, "duration_s", duration);
	set_rate(object, rate);
	set_count(object, "begun", part->begun);
	set_number(object, "ok", ok);
	set_count(object, "wrong", part->wrong);
	set_count(object, "timed_out", part->timed_out);
	set_count(object, "failed", part->failed);
	set_still(object, part);
	set_number(object, "throughput",
	    duration < SHORTEST_S ? NAN : fmax(ok, 0) / duration);
	json_value_set(object, "latency_us", latency(&part->latency));
	json_value_set(object, "service_us", latency(&part->service));
	line = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(DIGITS));
	json_decref(object);
	return line;
}
