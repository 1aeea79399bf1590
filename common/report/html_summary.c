/* SPDX-License-Identifier: MIT */
/* html_summary: picture, sentences, key, and what to do next. */
#include "common/report/html_summary.h"

#include <math.h>
#include <string.h>

#include "common/format/html.h"
#include "common/report/html_forest.h"
#include "common/report/html_tables.h"
#include "common/verdict/advice.h"
#include "common/verdict/conclusion.h"
#include "common/verdict/sentences.h"

static const char *const MEANINGS[] = {
    [FASTER] = "The server is better than the baseline. Chance alone rarely "
	       "gives such a result: in less than 1 of 20 comparisons.",
    [SLOWER] = "The server is worse than the baseline. Chance alone rarely "
	       "gives such a result: in less than 1 of 20 comparisons.",
    [EQUIVALENT] = "If there is a difference, it is too small to matter.",
    [UNDECIDED] = "The measurement was too coarse to tell. The servers may "
		  "differ or not.",
    [INVALID] = "No result: do not use these figures. The reason stands in the "
		"row or in the scenario's section.",
};

/* Whether a scenario whose figures are speeds, or are not, has it. */
static bool
is_used(const struct comparison *c, enum verdict verdict, bool speed,
    enum basis basis)
{
	for (size_t s = 0; s < c->scenario_count; s++) {
		const struct scenario_result *o = &c->scenarios[s];

		if (sentence_is_speed(o) == speed &&
		    conclusion_scenario_has(o, c->server_count, verdict, basis))
			return true;
	}
	return false;
}

/* "faster" and "better" mean the same. */
static void
put_words(FILE *page, const struct comparison *c, enum verdict verdict)
{
	const struct scenario_result no_speed = {.unit = "KiB"};
	bool both = verdict == FASTER || verdict == SLOWER;

	if (!both || is_used(c, verdict, true, BASIS_METRIC))
		html_table_badge(page, NULL, verdict, BASIS_METRIC);
	if (both && is_used(c, verdict, false, BASIS_METRIC))
		html_table_badge(page, &no_speed, verdict, BASIS_METRIC);
}

static bool
any_depends(const struct comparison *c)
{
	for (size_t s = 0; s < c->scenario_count; s++) {
		for (size_t i = 1; i < c->server_count; i++) {
			if (sentence_depends(&c->scenarios[s], i))
				return true;
		}
	}
	return false;
}

/* The verdicts by CPU, in one entry. */
static void
put_cpu_key(FILE *page, const struct comparison *c)
{
	bool any = false;

	for (enum verdict v = FASTER; v <= EQUIVALENT; v++) {
		if (!is_used(c, v, true, BASIS_SERVER_CPU) &&
		    !is_used(c, v, false, BASIS_SERVER_CPU))
			continue;
		fputs(any ? "" : "<li><span>", page);
		html_table_badge(page, NULL, v, BASIS_SERVER_CPU);
		any = true;
	}
	if (!any)
		return;
	fputs("</span>", page);
	html_element(page, "span",
	    "The client was the limit, so that the rate says nothing of the "
	    "servers. The ratio compares the server's CPU time for each "
	    "request instead: at 2 it is half of the baseline's, at 0.5 twice. "
	    "The mark is hollow.");
	fputs("</li>\n", page);
}

static void
put_key(FILE *page, const struct comparison *c)
{
	fputs("<ul class=\"verdicts key\">\n", page);
	for (enum verdict v = FASTER; v <= INVALID; v++) {
		if (!is_used(c, v, true, BASIS_METRIC) &&
		    !is_used(c, v, false, BASIS_METRIC))
			continue;
		fputs("<li><span>", page);
		put_words(page, c, v);
		fputs("</span>", page);
		html_element(page, "span", "%s", MEANINGS[v]);
		fputs("</li>\n", page);
	}
	put_cpu_key(page, c);
	if (any_depends(c))
		fputs("<li><span><span class=\"badge\">depends</span></span>"
		      "<span>The points of a scenario have different verdicts: "
		      "see its rows above.</span></li>\n",
		    page);
	fputs("</ul>\n", page);
}

static void
put_reading(FILE *page, const struct comparison *c)
{
	const char *base = c->servers[0].name;
	const char *other =
	    c->server_count == 2 ? c->servers[1].name : "the server";

	fputs("<h3>How to read the picture</h3>\n", page);
	html_element(page, "p class=\"soft\"",
	    "Each row is one comparison of %s with %s, the baseline. To the "
	    "right of the line at 1, %s is better; to the left, %s is. At 2 it "
	    "is twice as good, at 0.5 half as good: twice or half the rate, "
	    "half or twice the time, the memory or the losses. The bar shows "
	    "how "
	    "sure the figure is: the true ratio lies within it in 95 of 100 "
	    "such measurements. Where no bar shows, it is shorter than the "
	    "mark, or there are too few blocks for one.",
	    other, base, other, base);
	if (!isnan(c->delta))
		html_element(page, "p class=\"soft\"",
		    "In the shaded band, the difference is less than %.3g %%, "
		    "which was said not to matter (--delta). More in "
		    "docs/measuring.md.",
		    100 * c->delta);
}

/* Whether the advice on scenario S has LINE. */
static bool
has_line(const struct comparison *c, size_t s, const char *line)
{
	struct advice advice;

	advice_of(&advice, c, &c->scenarios[s]);
	for (size_t i = 0; i < advice.to_do; i++) {
		if (strcmp(advice.lines[i], line) == 0)
			return true;
	}
	return false;
}

/* LINE, of scenario FIRST, behind the names of all that share it; nothing if an
 * earlier one did. */
static void
put_shared(
    FILE *page, const struct comparison *c, size_t first, const char *line)
{
	for (size_t s = 0; s < first; s++) {
		if (has_line(c, s, line))
			return;
	}
	fputs("<li>", page);
	for (size_t s = first; s < c->scenario_count; s++) {
		if (!has_line(c, s, line))
			continue;
		fputs(s == first ? "" : ", ", page);
		html_text(page, c->scenarios[s].name);
	}
	fputs(": ", page);
	html_text(page, line);
	fputs("</li>\n", page);
}

/* Where there is no answer. */
static void
put_next(FILE *page, const struct comparison *c)
{
	struct advice advice;
	bool begun = false;

	for (size_t s = 0; s < c->scenario_count; s++) {
		advice_of(&advice, c, &c->scenarios[s]);
		for (size_t i = 0; i < advice.to_do; i++) {
			fputs(begun ? ""
				    : "<h3>What to do next</h3>\n<ul "
				      "class=\"notes\">\n",
			    page);
			begun = true;
			put_shared(page, c, s, advice.lines[i]);
		}
	}
	fputs(begun ? "</ul>\n" : "", page);
}

void
html_summary(FILE *page, const struct comparison *c)
{
	struct forest_plot plot;
	char text[CONCLUSION_SIZE];

	fputs("<section>\n<h2>In short</h2>\n", page);
	if (forest_plot_init(&plot, c) == 0)
		html_forest(page, c, &plot);
	for (size_t i = 1; i < c->server_count; i++)
		html_element(page, "p class=\"lead\"", "%s",
		    conclusion(text, sizeof(text), c, i));
	if (conclusion_missing(c)[0])
		html_element(
		    page, "p class=\"lead\"", "%s", conclusion_missing(c));
	put_next(page, c);
	if (plot.count) {
		put_reading(page, c);
		put_key(page, c);
	}
	fputs("</section>\n", page);
	forest_plot_release(&plot);
}
