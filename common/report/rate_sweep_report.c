/* SPDX-License-Identifier: MIT */
/* rate_sweep_report: a row for each rate. */
#include "common/report/rate_sweep_report.h"

#include "common/base/units.h"

void
rate_sweep_report_head(
    const struct load_report *report, size_t rates, FILE *out)
{
	char loop[60];

	snprintf(loop, sizeof(loop), "open loop at %zu rates", rates);
	load_report_head(report, loop, out);
	load_report_place(report, out);
	fprintf(out, "\n%11s %11s %8s %8s %8s %11s %8s %6s\n", "rate/s",
	    "reached/s", "p50", "p99", "p99.9", "service p99", "unsent", "bad");
	fflush(out);
}

/* Of width WIDTH, or a dash. */
static void
print_time(FILE *out, int width, const struct load_result *result,
    const struct histogram *hist, double percent)
{
	char text[16] = "-";

	if (result->ok && hist->total)
		format_duration(text, sizeof(text),
		    (double)histogram_percentile(hist, percent));
	fprintf(out, " %*s", width, text);
}

void
rate_sweep_report_row(const struct load_report *report, FILE *out)
{
	const struct load_result *r = report->result;
	char asked[32], reached[32];

	fprintf(out, "%11s %11s",
	    format_number(asked, sizeof(asked), report->plan->rate),
	    format_number(reached, sizeof(reached), load_result_rate(r)));
	print_time(out, 8, r, &r->latency, 50);
	print_time(out, 8, r, &r->latency, 99);
	print_time(out, 8, r, &r->latency, 99.9);
	print_time(out, 11, r, &r->service, 99);
	fprintf(out, " %8llu %6llu%s\n", (unsigned long long)r->unsent,
	    (unsigned long long)(r->wrong + r->timed_out + r->failed),
	    load_report_is_client_bound(report) ? " *" : "");
	load_report_faults(r, out);
	fflush(out);
}

void
rate_sweep_report_foot(
    const struct load_report *reports, size_t count, FILE *out)
{
	bool unsent = false, client_bound = false;

	for (size_t i = 0; i < count; i++) {
		unsent |= reports[i].result->unsent > 0;
		client_bound |= load_report_is_client_bound(&reports[i]);
	}
	fprintf(out,
	    "\np50 to p99.9 count from when a request was due, service p99 "
	    "from when it was\nsent.\n");
	if (unsent)
		fprintf(out, "unsent: due, but no connection was free: the "
			     "rate was not reached.\n");
	if (client_bound)
		fprintf(out, "*: THE CLIENT WAS THE LIMIT, the server can do "
			     "more.\n");
}
