/* SPDX-License-Identifier: MIT */
/* load_report: one load run, rendered. */
#include "common/report/load_report.h"

#include <errno.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/escape.h"
#include "common/base/units.h"
#include "common/base/version.h"
#include "common/load/protocol_table.h"

static const char *
error_name(int error)
{
	const char *name = error ? strerrorname_np(error) : "EOF";

	return name ? name : "EUNKNOWN";
}

char *
load_report_errors(const struct load_result *result, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (int i = 0; i < LOAD_RESULT_ERRNOS && len + 1 < size; i++) {
		if (result->errors[i])
			len += (size_t)snprintf(buf + len, size - len,
			    "%s%llu %s", len ? ", " : "",
			    (unsigned long long)result->errors[i],
			    error_name(i));
	}
	return buf;
}

double
load_report_client_us(const struct load_result *result)
{
	return result->begun
		   ? (double)result->cpu_ns / 1e3 / (double)result->begun
		   : 0;
}

/* Connecting that took longer is worth a line. */
#define SLOW_CONNECT_NS (100 * NS_PER_MS)

static const struct {
	const char *name;
	double percent;
} PERCENTILES[] = {{"p50", 50}, {"p90", 90}, {"p99", 99}, {"p99.9", 99.9}};

#define PERCENTILES_COUNT (sizeof(PERCENTILES) / sizeof(PERCENTILES[0]))

void
load_report_json_latency(
    struct json *json, const char *key, const struct histogram *hist)
{
	if (!hist->total) {
		json_null(json, key);
		return;
	}
	json_object(json, key);
	json_double(json, "min", (double)hist->min / 1e3);
	json_double(json, "mean", histogram_mean(hist) / 1e3);
	for (size_t i = 0; i < PERCENTILES_COUNT; i++)
		json_double(json, PERCENTILES[i].name,
		    (double)histogram_percentile(hist, PERCENTILES[i].percent) /
			1e3);
	json_double(json, "max", (double)hist->max / 1e3);
	json_end(json);
}

void
load_report_json_errors(
    struct json *json, const char *key, const struct load_result *result)
{
	json_object(json, key);
	for (int i = 0; i < LOAD_RESULT_ERRNOS; i++) {
		if (result->errors[i])
			json_uint(json, error_name(i), result->errors[i]);
	}
	json_end(json);
}

static bool
has_own_cpu(const struct load_report *report)
{
	return report->placement->kind == CPU_PLACEMENT_SPLIT;
}

static bool
is_udp(const struct load_report *report)
{
	return report->plan->target.kind == TARGET_UDP;
}

static void
json_datagrams(struct json *json, const struct load_report *report)
{
	const struct load_result *r = report->result;

	if (!is_udp(report)) {
		json_null(json, "udp");
		return;
	}
	json_object(json, "udp");
	json_uint(json, "lost", r->timed_out);
	json_uint(json, "late", r->late);
	json_uint(json, "duplicated", r->duplicated);
	json_end(json);
}

static void
json_sources(struct json *json, const struct address_list *sources)
{
	char text[ADDRESS_TEXT_MAX];

	if (!sources || !sources->count) {
		json_null(json, "sources");
		return;
	}
	json_array(json, "sources");
	for (uint32_t i = 0; i < sources->count; i++)
		json_string(json, NULL,
		    address_list_format(&sources->addresses[i], text));
	json_end(json);
}

static void
json_fairness(struct json *json, const struct fairness *fairness)
{
	if (!fairness) {
		json_null(json, "fairness");
		return;
	}
	json_object(json, "fairness");
	json_uint(json, "min", fairness->min);
	json_uint(json, "median", fairness->median);
	json_uint(json, "max", fairness->max);
	json_double(json, "jain", fairness->jain);
	json_uint(json, "none", fairness->none);
	json_end(json);
}

void
load_report_still(struct json *json, const struct load_result *r)
{
	json_double(json, "still_s", (double)r->stall_ns / 1e9);
	json_uint(json, "throttled", r->throttled);
	json_double(json, "throttled_s", (double)r->throttled_ns / 1e9);
}

static void
json_backlog(struct json *json, const struct listen_backlog *own)
{
	if (!own->sockets) {
		json_null(json, "backlog");
		return;
	}
	json_object(json, "backlog");
	json_uint(json, "size", own->size);
	json_uint(json, "full", own->full);
	json_end(json);
}

static void
json_counts(struct json *json, const struct load_report *report)
{
	const struct load_result *r = report->result;

	json_object(json, "requests");
	json_uint(json, "ok", r->ok);
	json_uint(json, "wrong", r->wrong);
	json_uint(json, "timed_out", r->timed_out);
	json_uint(json, "failed", r->failed);
	json_end(json);
	json_uint(json, "unsent", r->unsent);
	json_uint(json, "reconnects", r->reconnects);
	json_uint(json, "retries", r->retries);
	json_uint(json, "unclosed", r->unclosed);
	if (report->overflows >= 0)
		json_uint(
		    json, "listen_overflows", (uint64_t)report->overflows);
	else
		json_null(json, "listen_overflows");
	json_backlog(json, report->backlog);
	load_report_json_errors(json, "errors", r);
	json_text(json, "first_wrong", r->example[0] ? r->example : NULL);
	json_text(json, "first_failed", r->failure[0] ? r->failure : NULL);
	json_text(json, "first_timed_out", r->lacking[0] ? r->lacking : NULL);
	json_datagrams(json, report);
	if (report->plan->protocol == &protocol_counter)
		json_uint(json, "lost_updates", r->lost_updates);
	else
		json_null(json, "lost_updates");
}

static void
json_times(struct json *json, const struct load_result *r)
{
	/* The times of answers that were all wrong say nothing. */
	if (r->ok) {
		load_report_json_latency(json, "latency_us", &r->latency);
		load_report_json_latency(json, "service_us", &r->service);
	} else {
		json_null(json, "latency_us");
		json_null(json, "service_us");
	}
	load_report_json_latency(json, "pacing_us", &r->pacing);
	load_report_json_latency(json, "complete_us", &r->complete);
	load_report_json_latency(json, "connect_us", &r->connect);
}

void
load_report_json(const struct load_report *report, struct json *json)
{
	const struct load_plan *plan = report->plan;
	const struct load_result *r = report->result;

	json_object(json, NULL);
	json_string(json, "schema", "perconn.load/1");
	json_string(json, "version", PERCONN_VERSION);
	json_string(json, "target", report->target);
	json_string(json, "protocol", plan->protocol->name);
	json_text(json, "path", plan->path);
	json_string(json, "mode", plan->churn ? "churn" : "steady");
	json_uint(json, "connections", plan->connections);
	if (plan->rate > 0)
		json_uint(json, "rate", (uint64_t)plan->rate);
	else
		json_null(json, "rate");
	json_uint(json, "size", plan->size);
	json_string(
	    json, "placement", cpu_placement_name(report->placement->kind));
	json_text(json, "image", report->image);
	json_sources(json, report->sources);
	json_double(json, "duration_s", report->seconds);
	json_counts(json, report);
	json_double(json, "throughput", load_result_rate(r));
	json_times(json, r);
	json_fairness(json, report->fairness);
	json_object(json, "client");
	json_double(json, "cpu_us_per_request", load_report_client_us(r));
	json_double(json, "busy", load_result_busy(r));
	json_bool(json, "limited",
	    load_result_is_client_bound(r, has_own_cpu(report)));
	load_report_still(json, r);
	json_end(json);
	json_end(json);
}

static void
print_latency(FILE *out, const char *label, const struct histogram *hist)
{
	char text[16];

	if (!hist->total)
		return;
	fprintf(out, "  %-9s", label);
	for (size_t i = 0; i < PERCENTILES_COUNT; i++)
		fprintf(out, "%s %s  ", PERCENTILES[i].name,
		    format_duration(text, sizeof(text),
			(double)histogram_percentile(
			    hist, PERCENTILES[i].percent)));
	fprintf(out, "max %s\n",
	    format_duration(text, sizeof(text), (double)hist->max));
}

/* Enough for each text of a result. */
#define ESCAPED_MAX ESCAPED_SIZE(LOAD_RESULT_WORDS)

static const char *
times(uint64_t count, char *buf, size_t size)
{
	if (count == 1)
		return "once";
	snprintf(buf, size, "%llu times", (unsigned long long)count);
	return buf;
}

/* What the client was kept from running by is nobody else's doing. */
static void
print_still(const struct load_result *r, FILE *out)
{
	char text[32];

	if (r->stall_ns)
		fprintf(out,
		    "  still    THE CLIENT DID NOT RUN for %.2f s in all (%s: "
		    "stopped, frozen or asleep): latencies have that in them\n",
		    (double)r->stall_ns / 1e9,
		    times(r->stills, text, sizeof(text)));
	if (r->throttled)
		fprintf(out,
		    "  quota    THE CLIENT WAS THROTTLED %s, for %.2f s in "
		    "all, "
		    "by its control group's quota of CPU time: the figures are "
		    "the quota's\n",
		    times(r->throttled, text, sizeof(text)),
		    (double)r->throttled_ns / 1e9);
}

void
load_report_faults(const struct load_result *r, FILE *out)
{
	char text[ESCAPED_MAX];

	if (r->failed) {
		fprintf(out, "  errors   %s",
		    load_report_errors(r, text, sizeof(text)));
		if (r->failure[0])
			fprintf(out, "; first: %s",
			    escape(r->failure, text, sizeof(text)));
		fprintf(out, "\n");
	}
	if (r->errors[EADDRNOTAVAIL])
		fprintf(out,
		    "  ports    this machine had no port left for %llu "
		    "connections, which is not the server's doing: more "
		    "--source addresses, fewer requests, kept connections\n",
		    (unsigned long long)r->errors[EADDRNOTAVAIL]);
	if (r->example[0])
		fprintf(out, "  wrong    first: %s\n",
		    escape(r->example, text, sizeof(text)));
	if (r->lacking[0])
		fprintf(out, "  late     first: %s\n",
		    escape(r->lacking, text, sizeof(text)));
	print_still(r, out);
}

static void
print_requests(const struct load_result *r, FILE *out)
{
	char number[32];

	fprintf(out,
	    "  requests %s ok, %llu wrong, %llu timed out, %llu failed\n",
	    format_number(number, sizeof(number), (double)r->ok),
	    (unsigned long long)r->wrong, (unsigned long long)r->timed_out,
	    (unsigned long long)r->failed);
	load_report_faults(r, out);
	if (r->reconnects)
		fprintf(out,
		    "  closed   %llu connections by the server, between "
		    "requests\n",
		    (unsigned long long)r->reconnects);
	if (r->retries)
		fprintf(out,
		    "  again    %llu requests, on a new connection, because "
		    "the server closed theirs as they were sent\n",
		    (unsigned long long)r->retries);
	if (r->unsent)
		fprintf(out,
		    "  unsent   %llu more were due, but no connection was "
		    "free: the rate was not reached\n",
		    (unsigned long long)r->unsent);
	if (r->unclosed)
		fprintf(out,
		    "  open     %llu connections that the server did not "
		    "close after our end of file\n",
		    (unsigned long long)r->unclosed);
}

/* What only some loads have. */
static void
print_special(const struct load_report *report, FILE *out)
{
	const struct load_result *r = report->result;

	if (is_udp(report))
		fprintf(out,
		    "  udp      %llu lost (timed out), %llu of them came late; "
		    "%llu answers came twice\n",
		    (unsigned long long)r->timed_out,
		    (unsigned long long)r->late,
		    (unsigned long long)r->duplicated);
	if (report->plan->protocol == &protocol_counter)
		fprintf(out,
		    "  counter  %llu answers, %llu lost updates (values seen "
		    "twice)\n",
		    (unsigned long long)(r->ok + r->lost_updates),
		    (unsigned long long)r->lost_updates);
}

/* How evenly the connections were served, if there are several. */
static void
print_fairness(const struct load_report *report, FILE *out)
{
	const struct fairness *f = report->fairness;

	if (!f || report->plan->connections < 2 || !report->result->ok)
		return;
	fprintf(out,
	    "  fair     %llu to %llu replies for a connection, median %llu; "
	    "Jain's index %.3f",
	    (unsigned long long)f->min, (unsigned long long)f->max,
	    (unsigned long long)f->median, f->jain);
	if (f->none)
		fprintf(out, "; %u OF %u HAD NOT ONE", f->none,
		    report->plan->connections);
	fprintf(out, "\n");
}

static void
print_sources(const struct address_list *sources, FILE *out)
{
	char first[ADDRESS_TEXT_MAX], last[ADDRESS_TEXT_MAX];

	if (!sources || !sources->count)
		return;
	address_list_format(&sources->addresses[0], first);
	address_list_format(&sources->addresses[sources->count - 1], last);
	if (sources->count == 1)
		fprintf(out, "  from     %s\n", first);
	else
		fprintf(out, "  from     %u addresses, %s to %s\n",
		    sources->count, first, last);
}

void
load_report_place(const struct load_report *report, FILE *out)
{
	char text[100];

	fprintf(out, "  placed   %s\n",
	    cpu_placement_format(report->placement, text, sizeof(text)));
	fprintf(out, "  image    %s\n",
	    report->image
		? report->image
		: "unknown (no server on this machine that we may look at)");
	print_sources(report->sources, out);
}

void
load_report_head(const struct load_report *report, FILE *out)
{
	const struct load_plan *plan = report->plan;

	fprintf(out, "%s on %s: %u connections, %s, %llu bytes, ",
	    plan->protocol->name, report->target, plan->connections,
	    plan->churn ? "a new one for each request" : "kept",
	    (unsigned long long)plan->size);
}

/* Of the server, or, where that is not known, of all on this machine. */
static void
print_queue(const struct load_report *report, FILE *out)
{
	const struct listen_backlog *own = report->backlog;
	char text[100];

	if (own->full)
		fprintf(out,
		    "  queue    %s: each of those connections tried again "
		    "after 1 s or more, which is in the figures, and no cost "
		    "of serving them\n",
		    listen_backlog_words(
			own->size, own->full, text, sizeof(text)));
	else if (!own->sockets && report->overflows > 0)
		fprintf(out,
		    "  queue    full for %lld connections on this machine (of "
		    "any program): each tries again after 1 s or more\n",
		    (long long)report->overflows);
}

void
load_report_print(const struct load_report *report, FILE *out)
{
	const struct load_plan *plan = report->plan;
	const struct load_result *r = report->result;
	char number[32];
	double inside;

	load_report_head(report, out);
	if (plan->rate > 0)
		fprintf(out, "open loop at %s/s\n",
		    format_number(number, sizeof(number), plan->rate));
	else
		fprintf(out, "closed loop\n");
	load_report_place(report, out);
	print_requests(r, out);
	print_special(report, out);
	fprintf(out, "  rate     %s requests/s over %.2f s\n",
	    format_number(number, sizeof(number), load_result_rate(r)),
	    (double)r->span_ns / 1e9);
	/* The times of answers that were all wrong say nothing. */
	if (r->ok) {
		print_latency(out, "latency", &r->latency);
		print_latency(out, "service", &r->service);
	}
	print_latency(out, "paced", &r->pacing);
	print_latency(out, "complete", &r->complete);
	if (r->connect.max > SLOW_CONNECT_NS)
		print_latency(out, "connect", &r->connect);
	print_queue(report, out);
	print_fairness(report, out);
	/* Little's law: with a closed loop, rate times latency is how many
	 * were inside. If it is not, something measured here is not true. */
	inside = load_result_rate(r) * histogram_mean(&r->latency) / 1e9;
	if (plan->rate <= 0 && !plan->churn && r->ok > 1000 &&
	    !r->complete.total)
		fprintf(out,
		    "  check    rate x mean latency = %.1f inside, of %u\n",
		    inside, plan->connections);
	fprintf(out,
	    "  client   %.2f us of CPU for each request, %.0f %% busy%s\n",
	    load_report_client_us(r), 100 * load_result_busy(r),
	    load_result_is_client_bound(r, has_own_cpu(report))
		? ": THE CLIENT WAS THE LIMIT, the server can do more"
		: "");
}
