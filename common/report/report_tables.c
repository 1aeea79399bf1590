/* SPDX-License-Identifier: MIT */
/* report_tables: a row for each server at each point. */
#include "common/report/report_tables.h"

#include <math.h>

#include "common/report/facts.h"
#include "common/report/html.h"

void
put_badge(FILE *page, enum verdict verdict)
{
	fprintf(page, "<span class=\"badge %s\">%s</span>",
	    VERDICT_WORDS[verdict], VERDICT_WORDS[verdict]);
}

void
put_server(FILE *page, const struct comparison *c, size_t server)
{
	fprintf(page,
	    "<td class=\"name\"><i style=\"background:var(--server-%zu)\"></i>",
	    server);
	html_text(page, c->servers[server].name);
	fputs("</td>", page);
}

void
put_number(FILE *page, double value)
{
	char text[FACT_SIZE];

	html_element(page, "td", "%s", fact_number(text, sizeof(text), value));
}

static void
put_time(FILE *page, double us)
{
	char text[FACT_SIZE];

	html_element(page, "td", "%s", fact_time(text, sizeof(text), us));
}

/* ---- the settings of a point, before its row ---- */

static const struct point *
most_settings(const struct outcome *o)
{
	const struct point *most = &o->points[0];

	for (size_t i = 1; i < o->point_count; i++) {
		if (o->points[i].setting_count > most->setting_count)
			most = &o->points[i];
	}
	return most;
}

static void
put_setting_heads(FILE *page, const struct outcome *o)
{
	const struct point *most = most_settings(o);

	for (size_t i = 0; o->point_count > 1 && i < most->setting_count; i++)
		html_element(page, "th scope=\"col\"", "%s",
		    fact_setting_name(most->settings[i].key));
}

static void
put_settings(FILE *page, const struct outcome *o, const struct point *point)
{
	size_t count = o->point_count > 1 ? most_settings(o)->setting_count : 0;
	char text[FACT_SIZE];

	for (size_t i = 0; i < count; i++)
		html_element(page, i ? "td" : "th scope=\"row\"", "%s",
		    i < point->setting_count
			? fact_setting(text, sizeof(text), &point->settings[i])
			: "");
}

static void
put_heads(FILE *page, const char *const *heads)
{
	for (; *heads; heads++)
		html_element(page, "th scope=\"col\"", "%s", *heads);
	fputs("</tr></thead>\n<tbody>\n", page);
}

/* ---- results ---- */

static void
put_result(FILE *page, const struct finding *f, size_t server)
{
	char text[2 * FACT_SIZE];

	if (f->usable)
		html_element(page, "td", "%s%s", f->limited ? "\u2265 " : "",
		    fact_number(text, sizeof(text), f->value.value));
	else
		fputs("<td>no result</td>", page);
	html_element(page, "td", "%s",
	    f->usable ? fact_interval(text, sizeof(text), &f->value) : "-");
	if (server == 0) {
		fputs("<td class=\"soft\">baseline</td><td></td><td>", page);
		if (f->verdict == INVALID)
			put_badge(page, f->verdict);
		fputs("</td>", page);
	} else {
		html_element(page, "td", "%s",
		    fact_ratio(text, sizeof(text), f->ratio.value));
		html_element(page, "td", "%s",
		    fact_ratio_interval(text, sizeof(text), &f->ratio));
		fputs("<td>", page);
		put_badge(page, f->verdict);
		fputs("</td>", page);
	}
	put_time(page, f->latency.p50);
	put_time(page, f->latency.p99);
	put_time(page, f->latency.p99_9);
	put_time(page, f->service.p99);
}

void
put_results(FILE *page, const struct comparison *c, const struct outcome *o)
{
	const char *const heads[] = {o->unit, "95 % interval", "ratio",
	    "95 % interval", "verdict", "p50", "p99", "p99.9", "service p99",
	    NULL};

	fputs("<div class=\"wide\"><table>\n<thead><tr>", page);
	put_setting_heads(page, o);
	fputs("<th scope=\"col\" class=\"name\">server</th>", page);
	put_heads(page, heads);
	for (size_t p = 0; p < o->point_count; p++) {
		for (size_t i = 0; i < c->server_count; i++) {
			fputs("<tr>", page);
			put_settings(page, o, &o->points[p]);
			put_server(page, c, i);
			put_result(page, &o->points[p].findings[i], i);
			fputs("</tr>\n", page);
		}
	}
	fputs("</tbody></table></div>\n", page);
}

/* ---- costs ---- */

static void
put_cost(FILE *page, const struct cost *cost)
{
	const double figures[] = {cost->user_us, cost->system_us,
	    cost->voluntary, cost->involuntary, cost->faults};
	const double counts[] = {cost_memory_kib(cost), cost->pss_kib,
	    cost->connections, cost->processes, cost->threads, cost->mappings};

	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
		put_number(page, figures[i]);
	for (int kind = 0; kind < MEMORY_KINDS; kind++)
		put_number(page, cost->memory_kib[kind]);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		put_number(page, counts[i]);
}

void
put_costs(FILE *page, const struct comparison *c, const struct outcome *o)
{
	static const char *const heads[] = {"user", "system", "waited",
	    "preempted", "faults", "anonymous", "files", "page tables",
	    "kernel stacks", "slab", "sum", "PSS", "open", "processes",
	    "threads", "mappings", NULL};

	fputs("<div class=\"wide\"><table>\n<thead><tr>", page);
	for (size_t i = 0;
	     o->point_count > 1 && i < most_settings(o)->setting_count; i++)
		fputs("<td></td>", page);
	fputs("<td></td><th colspan=\"2\">CPU us, each</th>"
	      "<th colspan=\"2\">switches, each</th><th>page</th>"
	      "<th colspan=\"6\">KiB for each connection</th><th>KiB</th>"
	      "<th colspan=\"4\">counts</th></tr>\n<tr>",
	    page);
	put_setting_heads(page, o);
	fputs("<th scope=\"col\" class=\"name\">server</th>", page);
	put_heads(page, heads);
	for (size_t p = 0; p < o->point_count; p++) {
		for (size_t i = 0; i < c->server_count; i++) {
			fputs("<tr>", page);
			put_settings(page, o, &o->points[p]);
			put_server(page, c, i);
			put_cost(page, &o->points[p].findings[i].cost);
			fputs("</tr>\n", page);
		}
	}
	fputs("</tbody></table></div>\n", page);
}
