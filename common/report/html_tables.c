/* SPDX-License-Identifier: MIT */
/* html_tables: a row for each server at each point. */
#include "common/report/html_tables.h"

#include <math.h>
#include <stdbool.h>

#include "common/format/html.h"
#include "common/verdict/sentences.h"

void
html_table_badge(FILE *page, const struct scenario_result *result,
    enum verdict verdict, enum basis basis)
{
	fprintf(page, "<span class=\"badge %s\">%s</span>",
	    VERDICT_WORDS[verdict],
	    sentence_verdict_word(result, verdict, basis));
}

/* A <td>: a server's name and colour. */
static void
put_server(FILE *page, const struct comparison *c, size_t server)
{
	fprintf(page,
	    "<td class=\"name\"><i style=\"background:var(--server-%zu)\"></i>",
	    server);
	html_text(page, c->servers[server].name);
	fputs("</td>", page);
}

/* ---- the settings of a point, before its row ---- */

static const struct point *
most_settings(const struct scenario_result *o)
{
	const struct point *most = &o->points[0];

	for (size_t i = 1; i < o->point_count; i++) {
		if (o->points[i].setting_count > most->setting_count)
			most = &o->points[i];
	}
	return most;
}

static void
put_setting_heads(FILE *page, const struct scenario_result *o)
{
	const struct point *most = most_settings(o);

	for (size_t i = 0; o->point_count > 1 && i < most->setting_count; i++)
		html_element(page, "th scope=\"col\"", "%s",
		    label_setting_name(most->settings[i].key));
}

/* Once for all its servers, whose rows follow. */
static void
put_settings(FILE *page, const struct comparison *c,
    const struct scenario_result *o, const struct point *point)
{
	size_t count = o->point_count > 1 ? most_settings(o)->setting_count : 0;
	char tag[60], text[FIGURE_SIZE];

	snprintf(tag, sizeof(tag), "th class=\"at\" scope=\"row\" rowspan=%zu",
	    c->server_count);
	for (size_t i = 0; i < count; i++)
		html_element(page, tag, "%s",
		    i < point->setting_count
			? label_setting(text, sizeof(text), &point->settings[i])
			: "");
}

/* ---- columns that may be unknown in all rows, and are left out then ---- */

struct column {
	const char *head;
	double (*get)(const struct server_result *found);
	char *(*format)(char *, size_t, double);
};

static bool
is_known(const struct column *column, const struct comparison *c,
    const struct scenario_result *o)
{
	for (size_t p = 0; p < o->point_count; p++) {
		for (size_t i = 0; i < c->server_count; i++) {
			if (!isnan(column->get(&o->points[p].results[i])))
				return true;
		}
	}
	return false;
}

static bool
any_known(const struct column *column, const struct comparison *c,
    const struct scenario_result *o)
{
	for (; column->head; column++) {
		if (is_known(column, c, o))
			return true;
	}
	return false;
}

static void
put_column_heads(FILE *page, const struct column *column,
    const struct comparison *c, const struct scenario_result *o)
{
	for (; column->head; column++) {
		if (is_known(column, c, o))
			html_element(
			    page, "th scope=\"col\"", "%s", column->head);
	}
}

static void
put_columns(FILE *page, const struct column *column, const struct comparison *c,
    const struct scenario_result *o, const struct server_result *f)
{
	char text[FIGURE_SIZE];

	for (; column->head; column++) {
		if (is_known(column, c, o))
			html_element(page, "td", "%s",
			    column->format(text, sizeof(text), column->get(f)));
	}
}

/* ---- tables ---- */

/* Up to the columns of figures. */
static void
table_begin(FILE *page, const struct scenario_result *o)
{
	fputs("<div class=\"wide\"><table>\n<thead><tr>", page);
	put_setting_heads(page, o);
	fputs("<th scope=\"col\" class=\"name\">server</th>", page);
}

/* The rows, and what ends the table. BEFORE puts what stands before COLUMNS;
 * NULL: nothing. */
static void
table_rows(FILE *page, const struct column *columns, const struct comparison *c,
    const struct scenario_result *o,
    void (*before)(FILE *, const struct scenario_result *,
	const struct server_result *, size_t))
{
	fputs("</tr></thead>\n", page);
	for (size_t p = 0; p < o->point_count; p++) {
		fputs("<tbody>\n", page);
		for (size_t i = 0; i < c->server_count; i++) {
			const struct server_result *f =
			    &o->points[p].results[i];

			fputs(f->verdict == INVALID ? "<tr class=\"invalid\">"
						    : "<tr>",
			    page);
			if (i == 0)
				put_settings(page, c, o, &o->points[p]);
			put_server(page, c, i);
			if (before)
				before(page, o, f, i);
			put_columns(page, columns, c, o, f);
			fputs("</tr>\n", page);
		}
		fputs("</tbody>\n", page);
	}
	fputs("</table></div>\n", page);
}

#define GET(name, expression)                             \
	static double name(const struct server_result *f) \
	{                                                 \
		return expression;                        \
	}

GET(get_p50, f->latency.p50)
GET(get_p99, f->latency.p99)
GET(get_p99_9, f->latency.p99_9)
GET(get_max, f->latency.max)
GET(get_service, f->usable ? f->service_value : NAN)
GET(get_cpu, f->usage.cpu_us)
GET(get_user, f->usage.user_us)
GET(get_system, f->usage.system_us)
GET(get_voluntary, f->usage.voluntary)
GET(get_involuntary, f->usage.involuntary)
GET(get_faults, f->usage.faults)
GET(get_misses, f->usage.tlb_misses)
GET(get_kept, f->usage.kept_kib)
GET(get_client, f->client_us)
GET(get_busy, 100 * f->client_busy)
GET(get_loop, f->loop_us)
GET(get_loop_busy, 100 * f->loop_busy)
GET(get_speedup, f->speedup.value)
GET(get_little, f->little)
GET(get_sum, usage_memory_kib(&f->usage))
GET(get_anonymous, f->usage.memory_kib[MEMORY_ANONYMOUS])
GET(get_file, f->usage.memory_kib[MEMORY_FILE])
GET(get_tables, f->usage.memory_kib[MEMORY_PAGE_TABLES])
GET(get_stacks, f->usage.memory_kib[MEMORY_KERNEL_STACKS])
GET(get_slab, f->usage.memory_kib[MEMORY_SLAB])
GET(get_pss, f->usage.pss_kib)
GET(get_open, f->usage.connections)
GET(get_processes, f->usage.processes)
GET(get_threads, f->usage.threads)
GET(get_mappings, f->usage.mappings)

static const struct column LATENCIES[] = {
    {"p50", get_p50, figure_time},
    {"p99", get_p99, figure_time},
    {"p99.9", get_p99_9, figure_time},
    {"max", get_max, figure_time},
    {NULL, NULL, NULL},
};

/* Where the value is the p99, over blocks: not that of all replies, too. */
static const struct column TIMES[] = {
    {"service p99", get_service, figure_time},
    {"p50", get_p50, figure_time},
    {"p99.9", get_p99_9, figure_time},
    {"max", get_max, figure_time},
    {NULL, NULL, NULL},
};

static const struct column WORK[] = {
    {"speed-up", get_speedup, figure_ratio},
    {"CPU us", get_cpu, figure_number},
    {"of it user", get_user, figure_number},
    {"system", get_system, figure_number},
    {"switches, waiting", get_voluntary, figure_number},
    {"preempted", get_involuntary, figure_number},
    {"page faults", get_faults, figure_number},
    {"TLB misses", get_misses, figure_number},
    {"accept loop's CPU us", get_loop, figure_number},
    {"accept loop busy, %", get_loop_busy, figure_number},
    {"client's CPU us", get_client, figure_number},
    {"client busy, %", get_busy, figure_number},
    {"N / (X R)", get_little, figure_ratio},
    {NULL, NULL, NULL},
};

static const struct column MEMORY[] = {
    {"KiB", get_sum, figure_number},
    {"anonymous, KiB", get_anonymous, figure_number},
    {"files", get_file, figure_number},
    {"page tables", get_tables, figure_number},
    {"kernel stacks", get_stacks, figure_number},
    {"slab", get_slab, figure_number},
    {"PSS of all, KiB", get_pss, figure_number},
    {"open", get_open, figure_number},
    {"processes", get_processes, figure_number},
    {"threads", get_threads, figure_number},
    {"mappings", get_mappings, figure_number},
    {"kept afterwards, KiB", get_kept, figure_number},
    {NULL, NULL, NULL},
};

static void
put_result(FILE *page, const struct scenario_result *o,
    const struct server_result *f, size_t server)
{
	const struct estimate ratio = label_ratio(f);
	char text[2 * FIGURE_SIZE];

	if (f->usable)
		html_element(page, "td", "%s%s",
		    label_is_lower_bound(o, f) ? "\u2265 " : "",
		    figure_number(text, sizeof(text), f->value.value));
	else
		fputs("<td>no result</td>", page);
	html_element(page, "td", "%s",
	    f->usable ? figure_interval(text, sizeof(text), &f->value) : "-");
	html_element(page, "td", "%s",
	    server ? figure_ratio(text, sizeof(text), ratio.value)
		   : "baseline");
	html_element(page, "td", "%s",
	    server ? figure_ratio_interval(text, sizeof(text), &ratio) : "");
	fputs("<td>", page);
	if (server || f->verdict == INVALID)
		html_table_badge(page, o, f->verdict, f->basis);
	fputs("</td>", page);
}

void
html_table_results(
    FILE *page, const struct comparison *c, const struct scenario_result *o)
{
	const struct column *times = label_is_percentile(o) ? TIMES : LATENCIES;

	table_begin(page, o);
	html_element(page, "th scope=\"col\"", "%s", o->unit);
	fputs("<th scope=\"col\">95 % interval</th><th "
	      "scope=\"col\">ratio</th><th scope=\"col\">95 % interval</th>"
	      "<th scope=\"col\">verdict</th>",
	    page);
	put_column_heads(page, times, c, o);
	table_rows(page, times, c, o, put_result);
}

static void
put_table(FILE *page, const char *title, const struct column *columns,
    const struct comparison *c, const struct scenario_result *o)
{
	if (!any_known(columns, c, o))
		return;
	html_element(page, "h3", "%s", title);
	table_begin(page, o);
	put_column_heads(page, columns, c, o);
	table_rows(page, columns, c, o, NULL);
}

void
html_table_usage(
    FILE *page, const struct comparison *c, const struct scenario_result *o)
{
	put_table(page, "What each request cost the server", WORK, c, o);
	/* The sum is the value itself, over blocks. */
	put_table(page, "What each connection holds",
	    label_is_memory(o) ? MEMORY + 1 : MEMORY, c, o);
}
