/* SPDX-License-Identifier: MIT */
/* html_report: verdicts, then each scenario, then how it came about. */
#include "common/report/html_report.h"

#include <math.h>
#include <string.h>

#include "common/charts/charts.h"
#include "common/format/html.h"
#include "common/report/html_summary.h"
#include "common/report/html_tables.h"
#include "common/report/report_css.h"
#include "common/verdict/advice.h"
#include "common/verdict/conditions.h"
#include "common/verdict/sentences.h"
#include "common/verdict/speedup.h"

/* ---- frame ---- */

void
html_report_begin(FILE *page, const char *title)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	      "<meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, "
	      "initial-scale=1\">\n"
	      "<meta name=\"color-scheme\" content=\"light dark\">\n"
	      "<link rel=\"icon\" href=\"data:,\">\n",
	    page);
	html_element(page, "title", "%s", title);
	fprintf(page, "\n<style>\n%s</style>\n</head>\n<body>\n", REPORT_CSS);
	html_element(page, "h1", "%s", title);
}

void
html_report_end(FILE *page)
{
	fputs("<footer class=\"soft\"><p>", page);
	html_text(page, CONDITIONS_CAVEAT);
	fputs("</p></footer>\n</body>\n</html>\n", page);
}

/* "thread, fork and other" */
static void
title_of(const struct comparison *c, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < c->server_count && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s%s",
		    i == 0		      ? ""
		    : i + 1 < c->server_count ? ", "
					      : " and ",
		    c->servers[i].name);
	if (len < size)
		snprintf(buf + len, size - len, " compared");
}

/* ---- verdicts ---- */

/* A verdict, its sentence and its reason. */
static void
put_verdict(FILE *page, const struct comparison *c,
    const struct scenario_result *o, const struct point *point, size_t server)
{
	const struct server_result *f = &point->results[server];
	char text[SENTENCE_SIZE];

	fputs("<li>", page);
	html_table_badge(page, o, f->verdict, f->basis);
	if (server)
		sentence_verdict(text, sizeof(text), c, o, point, server);
	else
		snprintf(
		    text, sizeof(text), "%s, the baseline", c->servers[0].name);
	html_element(page, "span", "%s", text);
	if (f->reason[0])
		html_element(page, "span class=\"why\"", "%s", f->reason);
	fputs("</li>\n", page);
}

/* What to do where there is no answer. */
static void
put_advice(
    FILE *page, const struct comparison *c, const struct scenario_result *o)
{
	struct advice advice;

	advice_of(&advice, c, o);
	for (size_t i = 0; i < advice.count; i++)
		html_element(
		    page, "li class=\"advice\"", "\u2192 %s", advice.lines[i]);
}

/* Of many points: how often each verdict, and from where to where. */
static void
put_verdicts_of_points(FILE *page, const struct comparison *c,
    const struct scenario_result *o, size_t server)
{
	char text[SENTENCE_SIZE];
	const struct server_result *only =
	    sentence_verdicts(text, sizeof(text), c, o, server);

	fputs("<li>", page);
	if (only)
		html_table_badge(page, o, only->verdict, only->basis);
	else if (sentence_depends(o, server))
		fputs("<span class=\"badge\">depends</span>", page);
	else
		html_table_badge(page, o, UNDECIDED, BASIS_METRIC);
	html_element(page, "span", "%s", text);
	fputs("</li>\n", page);
}

static void
put_verdicts(
    FILE *page, const struct comparison *c, const struct scenario_result *o)
{
	fputs("<ul class=\"verdicts\">\n", page);
	for (size_t i = 0; i < c->server_count && o->point_count; i++) {
		const struct server_result *f = &o->points[0].results[i];

		if (o->point_count > 1 && i > 0)
			put_verdicts_of_points(page, c, o, i);
		else if (o->point_count == 1 &&
			 (i > 0 || f->verdict == INVALID))
			put_verdict(page, c, o, &o->points[0], i);
	}
	put_advice(page, c, o);
	fputs("</ul>\n", page);
}

/* ---- a scenario ---- */

static void
put_note(FILE *page, const char *text)
{
	if (text[0])
		html_element(page, "li", "%s", text);
}

/* Why at each point, where it is not the only one. */
static void
put_reasons(
    FILE *page, const struct comparison *c, const struct scenario_result *o)
{
	char text[SENTENCE_SIZE];

	for (size_t p = 0; o->point_count > 1 && p < o->point_count; p++) {
		for (size_t i = 0; i < c->server_count; i++)
			put_note(page,
			    sentence_reason(text, sizeof(text), c, o, p, i));
	}
}

/* Of a valid ratio; advice tells it of an invalid one. */
static void
put_discarded(FILE *page, const struct comparison *c,
    const struct scenario_result *o, size_t server)
{
	const struct server_result *f = &o->points[0].results[server];
	char ratio[FIGURE_SIZE];

	if (f->dropped && f->verdict != INVALID && isfinite(f->with_dropped))
		html_element(page, "li",
		    "%s: with the discarded slices, the ratio would be %s",
		    c->servers[server].name,
		    figure_ratio(ratio, sizeof(ratio), f->with_dropped));
}

static void
put_notes_of_ratios(
    FILE *page, const struct comparison *c, const struct scenario_result *o)
{
	char text[SENTENCE_SIZE];

	for (size_t i = 1; i < c->server_count; i++) {
		put_note(page, sentence_by_cpu(text, sizeof(text), o, i));
		put_note(page, sentence_direction(text, sizeof(text), c, o, i));
		put_note(
		    page, sentence_detectable(text, sizeof(text), c, o, i));
		if (o->point_count == 1)
			put_discarded(page, c, o, i);
	}
}

static void
put_notes(
    FILE *page, const struct comparison *c, const struct scenario_result *o)
{
	char text[SENTENCE_SIZE], at[100];

	fputs("<ul class=\"notes\">\n", page);
	for (size_t i = 0; i < c->server_count; i++)
		put_note(page, speedup_words(text, sizeof(text), c, o, i));
	put_note(page, o->note);
	put_reasons(page, c, o);
	put_note(page, conditions_control(text, sizeof(text), c, o));
	put_notes_of_ratios(page, c, o);
	for (size_t p = 0; p < o->point_count; p++) {
		for (size_t i = 0; i < c->server_count; i++) {
			conditions_remarks(
			    text, sizeof(text), o, &o->points[p].results[i]);
			if (!text[0])
				continue;
			label_point(at, sizeof(at), &o->points[p]);
			html_element(page, "li", "%s%s%s: %s",
			    c->servers[i].name, at[0] ? ", " : "", at, text);
		}
	}
	put_note(page, conditions_blocks(text, sizeof(text), c, o));
	fputs("</ul>\n", page);
}

static void
put_scenario(
    struct chart_page *charts, const struct scenario_result *o, size_t number)
{
	const struct comparison *c = charts->c;
	FILE *page = charts->page;

	fprintf(
	    page, "<section class=\"scenario\" id=\"scenario-%zu\">\n", number);
	html_element(page, "h2", "%s", o->name);
	if (o->question[0])
		html_element(page, "p class=\"lead\"", "%s", o->question);
	html_element(page, "p class=\"soft\"", "%s", o->load);
	if (o->point_count == 0) {
		fputs("<p>No result.</p>\n</section>\n", page);
		return;
	}
	put_verdicts(page, c, o);
	fputs("<div class=\"pictures\">\n", page);
	charts_draw(charts, o);
	fputs("</div>\n", page);
	html_table_results(page, c, o);
	html_table_usage(page, c, o);
	put_notes(page, c, o);
	fputs("</section>\n", page);
}

/* ---- how it came about ---- */

static void
put_fact(FILE *page, const char *name, const char *text)
{
	if (!text[0])
		return;
	html_element(page, "dt", "%s", name);
	html_element(page, "dd", "%s", text);
}

static void
put_facts(FILE *page, const struct comparison *c)
{
	char text[SENTENCE_SIZE];

	fputs("<dl>\n", page);
	put_fact(page, "machine", conditions_machine(text, sizeof(text), c));
	put_fact(page, "placement", c->placed[0] ? c->placed : c->placement);
	put_fact(page, "method", conditions_method(text, sizeof(text), c));
	put_fact(page, "when", c->when);
	put_fact(page, "version", c->version);
	fputs("</dl>\n", page);
}

static void
put_servers(FILE *page, const struct comparison *c)
{
	fputs("<h3>The servers</h3>\n<dl>\n", page);
	for (size_t i = 0; i < c->server_count; i++) {
		html_element(page, "dt", "%s%s", c->servers[i].name,
		    i ? "" : " (baseline)");
		fputs("<dd><code>", page);
		html_text(page, c->servers[i].command);
		fputs("</code>", page);
		html_element(page, "div class=\"soft\"", "%s",
		    c->servers[i].image[0] ? c->servers[i].image
					   : "image unknown");
		fputs("</dd>\n", page);
	}
	fputs("</dl>\n", page);
}

static void
put_repeat(FILE *page, const struct comparison *c, bool has_slices)
{
	fputs("<h3>To repeat it</h3>\n", page);
	if (c->command[0])
		html_element(page, "pre", "%s", c->command);
	fprintf(page,
	    "<p class=\"soft\">With <code>--seed %llu</code> the servers start "
	    "in the same order. All figures are in compare.json beside this "
	    "page, and <code>client compare --from compare.json</code> shows "
	    "them again%s.</p>\n",
	    (unsigned long long)c->seed,
	    has_slices ? "; every slice is in slices.csv" : "");
}

static void
put_method(FILE *page, const struct comparison *c, bool has_slices)
{
	fputs("<section>\n<h2>How this was measured</h2>\n", page);
	put_facts(page, c);
	put_servers(page, c);
	put_repeat(page, c, has_slices);
	fputs("</section>\n", page);
}

/* ---- all of it ---- */

static void
put_missing(FILE *page)
{
	fputs("<p class=\"alert\" id=\"missing\">No pictures of the "
	      "scenarios: they are drawn by gnuplot, which is not installed. "
	      "<code>make deps</code> "
	      "installs it (the package is gnuplot-nox); then <code>client "
	      "compare --from compare.json --report DIR</code> draws them "
	      "without measuring again.</p>\n",
	    page);
}

bool
html_report(const struct comparison *c, const struct html_report_plan *plan,
    FILE *page, char *why, size_t size)
{
	struct chart_page charts;
	char text[SENTENCE_SIZE];

	charts_begin(&charts, c, page);
	charts.stop = plan->stop;
	title_of(c, text, sizeof(text));
	html_report_begin(page, text);
	html_element(page, "p class=\"soft\"", "%s%s%s", c->when,
	    c->when[0] ? ". " : "", conditions_machine(text, sizeof(text), c));
	if (c->interrupted)
		html_element(page, "p class=\"alert\"", "%s",
		    advice_interrupted(text, sizeof(text), c));
	html_summary(page, c);
	if (!charts.possible)
		put_missing(page);
	for (size_t i = 0; i < c->scenario_count; i++)
		put_scenario(&charts, &c->scenarios[i], i);
	put_method(page, c, plan->has_slices);
	html_report_end(page);
	snprintf(why, size, "%s",
	    charts.possible ? charts.why
			    : "gnuplot is not installed (make deps)");
	return !why[0];
}
