/* SPDX-License-Identifier: MIT */
/* load_report: one load run, rendered. */
#include "common/report/load_report.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/escape.h"
#include "common/base/terminal.h"
#include "common/base/units.h"
#include "common/load/protocol_table.h"

const char *
load_report_error_name(int error)
{
	const char *name = error ? strerrorname_np(error) : "EOF";

	return name ? name : "EUNKNOWN";
}

/* "3 ECONNRESET, 1 EOF", in BUF. Returns BUF. */
static char *
errors_by_name(const struct load_result *result, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (int i = 0; i < LOAD_RESULT_ERRNOS && len + 1 < size; i++) {
		if (result->errors[i])
			len += (size_t)snprintf(buf + len, size - len,
			    "%s%llu %s", len ? ", " : "",
			    (unsigned long long)result->errors[i],
			    load_report_error_name(i));
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

const struct load_report_percentile
    load_report_percentiles[LOAD_REPORT_PERCENTILES] = {
	{"p50", 50}, {"p90", 90}, {"p99", 99}, {"p99.9", 99.9}};

bool
load_report_is_client_bound(const struct load_report *report)
{
	return load_result_is_client_bound(
	    report->result, report->placement->kind == CPU_PLACEMENT_SPLIT);
}

static bool
is_udp(const struct load_report *report)
{
	return report->plan->target.kind == TARGET_UDP;
}

/* ---- lines for a person ---- */

/* Where the words of a line begin. */
#define LABEL_WIDTH 11
/* Enough for each text of a result. */
#define ESCAPED_MAX ESCAPED_SIZE(LOAD_RESULT_WORDS)

/* A line, folded to the width of OUT. The caller has escaped untrusted texts.
 */
static void __attribute__((format(printf, 3, 4)))
print_line(FILE *out, const char *label, const char *format, ...)
{
	char text[ESCAPED_MAX + 400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(out, "  %-*s", LABEL_WIDTH - 2, label);
	terminal_fold(
	    out, text, LABEL_WIDTH, LABEL_WIDTH, terminal_columns(fileno(out)));
}

/* MEANING: of the word LABEL, on a line below; NULL: it needs none. */
static void
print_latency(FILE *out, const char *label, const struct histogram *hist,
    const char *meaning)
{
	char text[300] = "", time[16];
	size_t len = 0;

	if (!hist->total)
		return;
	for (size_t i = 0; i < LOAD_REPORT_PERCENTILES; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "%s %s  ", load_report_percentiles[i].name,
		    format_duration(time, sizeof(time),
			(double)histogram_percentile(
			    hist, load_report_percentiles[i].percent)));
	snprintf(text + len, sizeof(text) - len, "max %s%s%s",
	    format_duration(time, sizeof(time), (double)hist->max),
	    meaning ? "\n" : "", meaning ? meaning : "");
	print_line(out, label, "%s", text);
}

static const char *
times(uint64_t count, char *buf, size_t size)
{
	if (count == 1)
		return "once";
	snprintf(buf, size, "%llu times", (unsigned long long)count);
	return buf;
}

/* Time in which the client could not run is not the server's. */
static void
print_stall(const struct load_result *r, FILE *out)
{
	char text[32];

	if (r->stall_ns)
		print_line(out, "stall",
		    "THE CLIENT DID NOT RUN for %.2f s in all (%s: stopped, "
		    "frozen or asleep): the latencies include that time",
		    (double)r->stall_ns / 1e9,
		    times(r->stalls, text, sizeof(text)));
	if (r->throttled)
		print_line(out, "quota",
		    "THE CLIENT WAS THROTTLED %s, for %.2f s in all, by its "
		    "control group's quota of CPU time: the figures show the "
		    "quota, not the server",
		    times(r->throttled, text, sizeof(text)),
		    (double)r->throttled_ns / 1e9);
}

/* A certificate that the client refused, not one that the server wanted. */
static const char *
advice_on(const char *failed)
{
	return strstr(failed, "certificate") && !strstr(failed, "alert")
		   ? "; see --tls-ca and --insecure"
		   : "";
}

void
load_report_faults(const struct load_result *r, FILE *out)
{
	char text[ESCAPED_MAX], errors[ESCAPED_MAX];

	if (r->failed)
		print_line(out, "errors", "%s%s%s%s",
		    errors_by_name(r, errors, sizeof(errors)),
		    r->first_failed[0] ? "; first: " : "",
		    escape(r->first_failed, text, sizeof(text)),
		    advice_on(r->first_failed));
	if (r->errors[EADDRNOTAVAIL])
		print_line(out, "ports",
		    "this machine had no port left for %llu connections, which "
		    "is not the server's fault: use more --source addresses, "
		    "fewer requests, or kept connections",
		    (unsigned long long)r->errors[EADDRNOTAVAIL]);
	if (r->first_wrong[0])
		print_line(out, "wrong", "first: %s",
		    escape(r->first_wrong, text, sizeof(text)));
	if (r->first_timed_out[0])
		print_line(out, "late", "first: %s",
		    escape(r->first_timed_out, text, sizeof(text)));
	print_stall(r, out);
}

static void
print_requests(const struct load_result *r, FILE *out)
{
	char number[32];

	print_line(out, "requests",
	    "%s ok, %llu wrong, %llu timed out, %llu failed",
	    format_number(number, sizeof(number), (double)r->ok),
	    (unsigned long long)r->wrong, (unsigned long long)r->timed_out,
	    (unsigned long long)r->failed);
	load_report_faults(r, out);
	if (r->reconnects)
		print_line(out, "closed",
		    "%llu connections were closed by the server between "
		    "requests",
		    (unsigned long long)r->reconnects);
	if (r->retries)
		print_line(out, "again",
		    "%llu requests were sent again on a new connection, "
		    "because the server closed theirs as they were sent",
		    (unsigned long long)r->retries);
	if (r->unsent)
		print_line(out, "unsent",
		    "%llu more requests were due, but no connection was free: "
		    "the rate was not reached",
		    (unsigned long long)r->unsent);
	if (r->unclosed)
		print_line(out, "open",
		    "%llu connections were not closed by the server after the "
		    "client's end of file",
		    (unsigned long long)r->unclosed);
}

/* What only some loads have. */
static void
print_special(const struct load_report *report, FILE *out)
{
	const struct load_result *r = report->result;

	if (is_udp(report))
		print_line(out, "udp",
		    "%llu lost (timed out), %llu of them came late; %llu "
		    "answers came twice",
		    (unsigned long long)r->timed_out,
		    (unsigned long long)r->late,
		    (unsigned long long)r->duplicated);
	if (report->plan->protocol == &protocol_counter)
		print_line(out, "counter",
		    "%llu answers, %llu lost updates (values seen twice)",
		    (unsigned long long)(r->ok + r->lost_updates),
		    (unsigned long long)r->lost_updates);
}

/* How evenly the connections were served, if there are several. */
static void
print_fairness(const struct load_report *report, FILE *out)
{
	const struct fairness *f = report->fairness;
	char none[80] = "";

	if (!f || report->plan->connections < 2 || !report->result->ok)
		return;
	if (f->none)
		snprintf(none, sizeof(none),
		    "; %u OF %u CONNECTIONS GOT NO REPLY", f->none,
		    report->plan->connections);
	print_line(out, "fair",
	    "each connection got %llu to %llu replies, median %llu; Jain's "
	    "index %.3f (1: all got the same)%s",
	    (unsigned long long)f->min, (unsigned long long)f->max,
	    (unsigned long long)f->median, f->jain, none);
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
		print_line(out, "from", "%s", first);
	else
		print_line(out, "from", "%u addresses, %s to %s",
		    sources->count, first, last);
}

/* What is not plain GET. */
static void
print_asked(const struct load_plan *plan, FILE *out)
{
	char words[300];

	if (plan->protocol == &protocol_http && plan->http &&
	    !http_plan_is_usual(plan->http))
		print_line(out, "asked", "%s",
		    http_plan_describe(plan->http, NULL, words, sizeof(words)));
}

void
load_report_place(const struct load_report *report, FILE *out)
{
	char text[200];

	print_line(out, "placed", "%s",
	    cpu_placement_format(report->placement, text, sizeof(text)));
	print_line(out, "image", "%s",
	    report->image ? report->image
			  : "unknown (no server on this machine that this "
			    "user may inspect)");
	print_asked(report->plan, out);
	if (report->insecure)
		print_line(out, "insecure",
		    "THE SERVER'S CERTIFICATE WAS NOT CHECKED (--insecure)");
	print_sources(report->sources, out);
}

void
load_report_head(const struct load_report *report, const char *loop, FILE *out)
{
	const struct load_plan *plan = report->plan;
	char text[ESCAPED_MAX];

	snprintf(text, sizeof(text),
	    "%s on %s: %u connections, %s, %llu bytes, %s",
	    plan->protocol->name, report->target, plan->connections,
	    plan->churn ? "a new one for each request" : "kept",
	    (unsigned long long)plan->size, loop);
	terminal_fold(out, text, 0, 2, terminal_columns(fileno(out)));
}

/* Of the server; where that is unknown, of all listeners of this machine. */
static void
print_backlog(const struct load_report *report, FILE *out)
{
	const struct listen_backlog *own = report->backlog;
	char text[100];

	if (own->overflows)
		print_line(out, "backlog",
		    "%s: each of those connections tried again after 1 s or "
		    "more. The figures include that time, although it is no "
		    "cost of serving a request",
		    listen_backlog_words(
			own->size, own->overflows, text, sizeof(text)));
	else if (!own->sockets && report->overflows > 0)
		print_line(out, "backlog",
		    "full for %lld connections on this machine (of any "
		    "program): each tried again after 1 s or more",
		    (long long)report->overflows);
}

/* Little's law: in a closed loop, rate times latency is how many connections
 * waited for the server. If it is not, something measured here is not true. */
static void
print_check(const struct load_report *report, FILE *out)
{
	const struct load_plan *plan = report->plan;
	const struct load_result *r = report->result;

	if (plan->rate > 0 || plan->churn || r->ok <= 1000 || r->complete.total)
		return;
	print_line(out, "check",
	    "rate x mean latency = %.1f of %u connections waiting for the "
	    "server (Little's law); the rest waited for the client",
	    load_result_rate(r) * histogram_mean(&r->latency) / 1e9,
	    plan->connections);
}

void
load_report_print(const struct load_report *report, FILE *out)
{
	const struct load_plan *plan = report->plan;
	const struct load_result *r = report->result;
	char number[32], loop[60] = "closed loop";

	if (plan->rate > 0)
		snprintf(loop, sizeof(loop), "open loop at %s/s",
		    format_number(number, sizeof(number), plan->rate));
	load_report_head(report, loop, out);
	load_report_place(report, out);
	print_requests(r, out);
	print_special(report, out);
	print_line(out, "rate", "%s requests/s over %.2f s",
	    format_number(number, sizeof(number), load_result_rate(r)),
	    (double)r->span_ns / 1e9);
	/* The times of answers that were all wrong say nothing. */
	if (r->ok) {
		print_latency(out, "latency", &r->latency,
		    plan->rate > 0 ? "(from when a request was due)" : NULL);
		print_latency(
		    out, "service", &r->service, "(from when it was sent)");
	}
	print_latency(out, "send lag", &r->send_lag,
	    "(how late requests were sent after they were due)");
	print_latency(out, "complete", &r->complete,
	    "(until the last member had the message)");
	if (r->connect.max > SLOW_CONNECT_NS)
		print_latency(out, "connect", &r->connect, NULL);
	print_backlog(report, out);
	print_fairness(report, out);
	print_check(report, out);
	print_line(out, "client",
	    "%.2f us of CPU for each request, %.0f %% busy%s",
	    load_report_client_us(r), 100 * load_result_busy(r),
	    load_report_is_client_bound(report)
		? ": THE CLIENT WAS THE LIMIT, the server can do more"
		: "");
}
