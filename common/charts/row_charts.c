/* SPDX-License-Identifier: MIT */
/* row_charts: the dots of a row stand below each other, so none hides one. */
#include "common/charts/row_charts.h"

#include <math.h>
#include <string.h>

#include "common/charts/axis.h"
#include "common/verdict/labels.h"
#include "common/verdict/sentences.h"

#define ROW_HEIGHT 24
#define EDGES_HEIGHT 48

enum { RING = 6, DOT = 7 }; /* of gnuplot's point types */

/* ---- words ---- */

/* "1,024, 4KiB": the caption says of what. */
static void
name_points(struct chart *d)
{
	size_t first = d->word_count;

	for (size_t p = 0; p < d->o->point_count; p++) {
		const struct point *point = &d->o->points[p];
		char text[2 * CHART_WORD_SIZE] = "", value[FIGURE_SIZE];

		for (size_t i = 0; i < point->setting_count; i++) {
			label_setting(
			    value, sizeof(value), &point->settings[i]);
			snprintf(text + strlen(text),
			    sizeof(text) - strlen(text), "%s%s", i ? ", " : "",
			    value);
		}
		chart_word(d, text);
	}
	chart_name_rows(d, first, d->o->point_count);
}

/* What a row is named by, after WHAT. */
static void
caption_of_rows(const struct chart *d, char *buf, size_t size, const char *what)
{
	const struct point *most = &d->o->points[0];
	size_t len = (size_t)snprintf(buf, size, "%s by ", what);

	for (size_t p = 1; p < d->o->point_count; p++) {
		if (d->o->points[p].setting_count > most->setting_count)
			most = &d->o->points[p];
	}
	for (size_t i = 0; i < most->setting_count && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s%s",
		    i ? ", and " : "",
		    label_setting_name(most->settings[i].key));
	if (chart_has_invalid(d) && len < size)
		snprintf(buf + len, size - len, "; grey: invalid, no result");
}

/* ---- dots ---- */

static void
put_dot(struct chart *d, size_t point, size_t server, struct estimate e,
    int type, struct axis_range *x)
{
	double beside = (double)server - ((double)chart_servers(d) - 1) / 2;

	if (!isfinite(e.value))
		return;
	if (isnan(e.low))
		e.low = e.high = e.value;
	fprintf(d->plot.script, "%.9g %g %.9g %.9g %u %d\n", e.value,
	    (double)point + 0.6 / (double)chart_servers(d) * beside, e.low,
	    e.high, chart_colour(d, point, server, SVG_SERVER), type);
	axis_range_add(x, e.value);
	axis_range_add(x, e.low);
	axis_range_add(x, e.high);
}

static void
plot_dots(struct chart *d)
{
	fputs("plot $dots using 1:2:3:4:5 with xerrorbars pointtype 0 "
	      "linewidth 1.4 linecolor rgb variable, "
	      "$dots using 1:2:6:5 with points pointtype variable "
	      "pointsize 0.45 linewidth 1.4 linecolor rgb variable\n",
	    d->plot.script);
}

static bool
rows_begin(struct chart *d, struct chart_page *all,
    const struct scenario_result *o, struct axis_range *x)
{
	int height = EDGES_HEIGHT + ROW_HEIGHT * (int)o->point_count;

	axis_range_begin(x);
	if (!chart_begin(d, all, o, height))
		return false;
	name_points(d);
	/* A line first, because gnuplot refuses empty data. */
	fputs("$dots << EOD\nNaN NaN NaN NaN 0 7\n", d->plot.script);
	return true;
}

void
row_chart_values(struct chart_page *all, const struct scenario_result *o)
{
	struct chart d;
	struct axis_range x;
	char caption[300];

	if (!rows_begin(&d, all, o, &x))
		return;
	for (size_t p = 0; p < o->point_count; p++) {
		for (size_t i = 0; i < chart_servers(&d); i++) {
			if (chart_found(&d, p, i)->usable)
				put_dot(&d, p, i, chart_found(&d, p, i)->value,
				    DOT, &x);
		}
	}
	fputs("EOD\n", d.plot.script);
	if (axis_range_is_wide(&x))
		axis_log(d.plot.script, "x", &x, figure_number);
	else
		axis_linear(d.plot.script, "x", &x);
	plot_dots(&d);
	caption_of_rows(&d, caption, sizeof(caption), o->unit);
	chart_finish(&d, LEGEND_SERVERS, caption);
}

void
row_chart_ratios(struct chart_page *all, const struct scenario_result *o)
{
	double delta = isnan(all->c->delta) ? 0 : all->c->delta;
	struct chart d;
	struct axis_range x;
	char caption[300];
	size_t len;

	if (all->c->server_count < 2 || !rows_begin(&d, all, o, &x))
		return;
	axis_range_add(&x, 1 - delta);
	axis_range_add(&x, 1 + delta);
	for (size_t p = 0; p < o->point_count; p++) {
		for (size_t i = 1; i < chart_servers(&d); i++) {
			const struct server_result *f = chart_found(&d, p, i);

			if (f->has_ratio)
				put_dot(&d, p, i, f->ratio,
				    chart_is_by_cpu(f) ? RING : DOT, &x);
		}
	}
	fputs("EOD\n", d.plot.script);
	axis_log(d.plot.script, "x", &x, figure_ratio);
	chart_baseline(&d, 'x', delta);
	plot_dots(&d);
	caption_of_rows(&d, caption, sizeof(caption),
	    "how many times better than the baseline (line)");
	len = strlen(caption);
	if (chart_has_by_cpu(&d))
		snprintf(
		    caption + len, sizeof(caption) - len, "; rings: by CPU");
	chart_finish(&d, LEGEND_SERVERS, caption);
}
