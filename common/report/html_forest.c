/* SPDX-License-Identifier: MIT */
/*
 * html_forest: a table with a small SVG in each row.
 *
 * What stands in an SVG is placed by percentages, so that the picture becomes
 * as wide as the window and its words keep their size.
 */
#include "common/report/html_forest.h"

#include <math.h>

#include "common/format/html.h"
#include "common/report/html_tables.h"
#include "common/verdict/sentences.h"

#define GAP 0.11 /* between ticks */

/* About 0, 0. Shapes that differ in grey, too. */
static const char *const MARKS[] = {
    [FASTER] = "<path class=\"mark\" d=\"M0-5.5 5.5 4.5H-5.5Z\"/>",
    [SLOWER] = "<path class=\"mark\" d=\"M0 5.5-5.5-4.5H5.5Z\"/>",
    [EQUIVALENT] = "<path class=\"mark\" d=\"M-4.2-4.2H4.2V4.2H-4.2Z\"/>",
    [UNDECIDED] = "<circle class=\"mark\" r=\"4.4\"/>",
    [INVALID] =
	"<path class=\"mark\" d=\"M-4.5-4.5 4.5 4.5M4.5-4.5-4.5 4.5\"/>",
};

/* ---- what stands behind the rows ---- */

static void
put_upright(FILE *page, const char *class, double at)
{
	fprintf(page,
	    "<line class=\"%s\" x1=\"%.2f%%\" x2=\"%.2f%%\" y2=\"100%%\"/>",
	    class, 100 * at, 100 * at);
}

/* The zone that does not matter, a line at each tick, the baseline. */
static void
put_ground(FILE *page, const struct forest_plot *plot)
{
	struct forest_tick ticks[FOREST_TICKS];
	size_t count = forest_plot_ticks(plot, GAP, ticks);

	fputs("<svg class=\"ground\" aria-hidden=\"true\"><defs>"
	      "<g id=\"forest-ground\">",
	    page);
	if (!isnan(plot->zone_low))
		fprintf(page,
		    "<rect class=\"forest-zone\" x=\"%.2f%%\" width=\"%.2f%%\" "
		    "height=\"100%%\"/>",
		    100 * plot->zone_low,
		    100 * (plot->zone_high - plot->zone_low));
	for (size_t i = 0; i < count; i++)
		put_upright(page, "forest-grid", ticks[i].at);
	put_upright(page, "forest-one", plot->one);
	fputs("</g></defs></svg>\n", page);
}

/* ---- a row ---- */

/* A shape of ours at a place of the row's middle. */
static void
put_shape(FILE *page, double at, const char *shape)
{
	fprintf(page, "<svg class=\"at\" x=\"%.2f%%\" y=\"50%%\">%s</svg>",
	    100 * at, shape);
}

static void
put_interval(FILE *page, const struct forest_row *row)
{
	const char *const end = "<path class=\"end\" d=\"M0-4V4\"/>";

	fprintf(page,
	    "<line class=\"interval\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"50%%\" "
	    "y2=\"50%%\"/>",
	    100 * row->low, 100 * row->high);
	put_shape(page, row->low,
	    row->before ? "<path class=\"end\" d=\"M6-5 0 0 6 5\"/>" : end);
	put_shape(page, row->high,
	    row->beyond ? "<path class=\"end\" d=\"M-6-5 0 0-6 5\"/>" : end);
}

static void
put_plot(FILE *page, const struct forest_row *row)
{
	fputs("<td class=\"plot\"><svg class=\"row\" aria-hidden=\"true\">"
	      "<use href=\"#forest-ground\"/>",
	    page);
	if (row->drawn) {
		if (!isnan(row->low))
			put_interval(page, row);
		/* NOLINTNEXTLINE(*-core.*): a row that is drawn has FOUND */
		put_shape(page, row->at, MARKS[row->found->verdict]);
	}
	fputs("</svg>", page);
	if (!row->drawn && row->words[0])
		html_element(page, "span class=\"words\"", "%s", row->words);
	fputs("</td>", page);
}

static void
put_figure(FILE *page, const struct forest_row *row)
{
	const struct estimate *e = &row->found->ratio;
	char text[2 * FIGURE_SIZE];

	fputs("<td class=\"figure\">", page);
	if (row->drawn && row->words[0]) {
		html_text(page, row->words);
		if (e->low < e->high)
			html_element(page, "span class=\"soft\"", " %s",
			    figure_ratio_interval(text, sizeof(text), e));
	}
	fputs("</td>", page);
}

static void
put_row(FILE *page, const struct comparison *c, const struct forest_row *row)
{
	const struct scenario_result *o = &c->scenarios[row->scenario];
	bool heading = !row->found && !row->words[0];

	fprintf(page, "<tr class=\"%s%s%s\"><th scope=\"row\">",
	    heading	 ? "heading"
	    : row->found ? VERDICT_WORDS[row->found->verdict]
			 : "invalid",
	    row->below ? " below" : "",
	    row->found && row->found->basis == BASIS_SERVER_CPU ? " cpu" : "");
	fprintf(page, "<a href=\"#scenario-%zu\">", row->scenario);
	html_text(page, row->label);
	fputs("</a></th>", page);
	put_plot(page, row);
	if (row->found) {
		put_figure(page, row);
		fputs("<td>", page);
		html_table_badge(
		    page, o, row->found->verdict, row->found->basis);
		fputs("</td>", page);
	} else {
		fputs("<td class=\"figure\"></td><td></td>", page);
	}
	fputs("</tr>\n", page);
}

/* ---- the axis ---- */

static void
put_axis(FILE *page, const struct comparison *c, const struct forest_plot *plot)
{
	struct forest_tick ticks[FOREST_TICKS];
	size_t count = forest_plot_ticks(plot, GAP, ticks);

	fputs("<tr class=\"axis\"><td></td><td class=\"plot\"><svg>", page);
	for (size_t i = 0; i < count; i++)
		fprintf(page, "<text x=\"%.2f%%\" y=\"13\">%s</text>",
		    100 * ticks[i].at, ticks[i].text);
	fputs("</svg><div class=\"sense\">", page);
	html_element(page, "span", "\u2190 worse than %s", c->servers[0].name);
	html_element(page, "span", "better than %s \u2192", c->servers[0].name);
	fputs("</div></td><td></td><td></td></tr>\n", page);
}

void
html_forest(
    FILE *page, const struct comparison *c, const struct forest_plot *plot)
{
	if (!plot->count)
		return;
	fputs("<figure class=\"forest\">\n", page);
	put_ground(page, plot);
	fputs("<table>\n<thead><tr><th scope=\"col\">scenario</th>"
	      "<th scope=\"col\" class=\"plot\"></th>"
	      "<th scope=\"col\" class=\"figure\">ratio</th>"
	      "<th scope=\"col\" "
	      "class=\"verdict\">verdict</th></tr></thead>\n<tbody>\n",
	    page);
	for (size_t i = 0; i < plot->count; i++)
		put_row(page, c, &plot->rows[i]);
	if (plot->drawn)
		put_axis(page, c, plot);
	fputs("</tbody></table>\n</figure>\n", page);
}
