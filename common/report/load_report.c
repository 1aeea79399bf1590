/* SPDX-License-Identifier: MIT */
/* load_report: one load run, rendered. */
#include "common/report/load_report.h"

#include <errno.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/escape.h"
#include "common/base/units.h"
#include "common/load/protocol_table.h"

const char *
load_report_error_name(int error)
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

static void
print_latency(FILE *out, const char *label, const struct histogram *hist)
{
	char text[16];

	if (!hist->total)
		return;
	fprintf(out, "  %-9s", label);
	for (size_t i = 0; i < LOAD_REPORT_PERCENTILES; i++)
		fprintf(out, "%s %s  ", load_report_percentiles[i].name,
		    format_duration(text, sizeof(text),
			(double)histogram_percentile(
			    hist, load_report_percentiles[i].percent)));
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
	    load_report_is_client_bound(report)
		? ": THE CLIENT WAS THE LIMIT, the server can do more"
		: "");
}
