/* SPDX-License-Identifier: MIT */
/* bar_charts: servers as rows or groups of bars. */
#include "common/charts/bar_charts.h"

#include <math.h>

#include "common/charts/axis.h"
#include "common/verdict/sentences.h"

/* ---- one point: bars ---- */

/* Without an interval, an error bar of no length: otherwise gnuplot would leave
 * out the whole row. */
static struct estimate
drawn(const struct server_result *found)
{
	struct estimate e = found->value;

	if (isnan(e.low))
		e.low = e.high = e.value;
	return e;
}

static void
put_blocks(const struct chart *d, size_t row)
{
	const struct server_result *f = chart_found(d, 0, row);

	for (size_t b = 0; b < f->blocks; b++) {
		if (isfinite(f->values[b]))
			fprintf(d->plot.script, "%.9g %g %u\n", f->values[b],
			    (double)row + 0.06 * ((double)(b % 7) - 3),
			    chart_colour(d, 0, row, SVG_LIGHT));
	}
}

void
bar_chart_values(struct chart_page *all, const struct scenario_result *o)
{
	struct chart d;
	struct estimate e;
	struct axis_range range;
	char caption[200];
	FILE *script;

	if (!chart_begin(&d, all, o, (int)(48 + 40 * all->c->server_count)))
		return;
	script = d.plot.script;
	axis_range_begin(&range);
	fputs("$bars << EOD\n", script);
	for (size_t i = 0; i < chart_servers(&d); i++) {
		const struct server_result *f = chart_found(&d, 0, i);

		if (!f->usable)
			continue;
		e = drawn(f);
		axis_range_add(&range, e.high);
		fprintf(script, "%.9g %zu %.9g %.9g %u %u\n", e.value, i, e.low,
		    e.high, chart_colour(&d, 0, i, SVG_SERVER),
		    chart_colour(&d, 0, i, SVG_LIGHT));
	}
	fputs("EOD\n$blocks << EOD\n0 -9 0\n", script);
	for (size_t i = 0; i < chart_servers(&d); i++)
		put_blocks(&d, i);
	fputs("EOD\n", script);
	chart_name_rows(&d, 0, chart_servers(&d));
	axis_linear(script, "x", &range);
	fputs(
	    "plot $bars using 1:2:(0):1:($2-0.34):($2+0.34):6 with boxxyerror "
	    "fillstyle transparent solid 0.45 noborder linecolor rgb "
	    "variable, "
	    "$blocks using 1:2:3 with points pointtype 7 pointsize 0.22 "
	    "linecolor rgb variable, "
	    "$bars using 1:2:3:4:5 with xerrorbars pointtype 7 pointsize "
	    "0.45 linewidth 1.4 linecolor rgb variable\n",
	    script);
	snprintf(caption, sizeof(caption),
	    "%s, with 95 %% intervals; a dot for each block%s", o->unit,
	    chart_has_invalid(&d) ? "; grey: invalid, no result" : "");
	chart_finish(&d, LEGEND_NONE, caption);
}

/* ---- points that differ by a word ---- */

void
bar_chart_groups(struct chart_page *all, const struct scenario_result *o)
{
	struct chart d;
	struct estimate e;
	struct axis_range y;
	double width = 0.8 / (double)all->c->server_count;
	char at[100];
	FILE *script;

	if (!chart_begin(&d, all, o, CHART_HEIGHT))
		return;
	script = d.plot.script;
	axis_range_begin(&y);
	fprintf(script, "set xrange [-0.6:%g]\nset xtics scale 0 (",
	    (double)o->point_count - 0.4);
	for (size_t p = 0; p < o->point_count; p++)
		fprintf(script, "%s'~%zu~' %zu", p ? ", " : "",
		    chart_word(&d, label_point(at, sizeof(at), &o->points[p])),
		    p);
	fputs(")\n$bars << EOD\n", script);
	for (size_t p = 0; p < o->point_count; p++) {
		for (size_t i = 0; i < chart_servers(&d); i++) {
			const struct server_result *f = chart_found(&d, p, i);

			if (!f->usable)
				continue;
			e = drawn(f);
			fprintf(script, "%g %.9g %.9g %.9g %u %u\n",
			    (double)p - 0.4 + width * ((double)i + 0.5),
			    e.value, e.low, e.high,
			    chart_colour(&d, p, i, SVG_SERVER),
			    chart_colour(&d, p, i, SVG_LIGHT));
			axis_range_add(&y, e.high);
		}
	}
	fputs("EOD\n", script);
	axis_linear(script, "y", &y);
	fprintf(script,
	    "plot $bars using 1:2:($1-%g):($1+%g):(0):2:6 with boxxyerror "
	    "fillstyle transparent solid 0.45 noborder linecolor rgb variable, "
	    "$bars using 1:2:3:4:5 with yerrorbars pointtype 7 pointsize 0.4 "
	    "linewidth 1.4 linecolor rgb variable\n",
	    width * 0.45, width * 0.45);
	snprintf(at, sizeof(at), "%s, with 95 %% intervals%s", o->unit,
	    chart_has_invalid(&d) ? "; grey: invalid, no result" : "");
	chart_finish(&d, LEGEND_SERVERS, at);
}

/* ---- memory ---- */

/* Stacked. */
static void
put_stack(FILE *script, const struct usage *usage, size_t row,
    struct axis_range *range)
{
	double from = 0;

	for (int kind = 0; kind < MEMORY_KINDS; kind++) {
		double kib = usage->memory_kib[kind];

		if (!(kib > 0))
			continue;
		fprintf(script, "%.9g %zu %.9g %.9g %u\n", from, row, from,
		    from + kib, SVG_COLOUR(SVG_KIND, kind));
		from += kib;
	}
	axis_range_add(range, from);
}

void
bar_chart_memory(struct chart_page *all, const struct scenario_result *o)
{
	size_t count = 0, names = all->c->server_count;
	struct chart d;
	struct axis_range range;
	FILE *script;

	if (o->point_count * names > 2 * POINTS_MAX ||
	    !chart_begin(&d, all, o, (int)(48 + 30 * names * o->point_count)))
		return;
	script = d.plot.script;
	axis_range_begin(&range);
	fputs("$stack << EOD\n", script);
	for (size_t p = 0; p < o->point_count; p++) {
		for (size_t i = 0; i < names; i++) {
			char text[200], at[100];

			snprintf(text, sizeof(text), "%s%s%.60s",
			    o->point_count > 1
				? label_point(at, sizeof(at), &o->points[p])
				: "",
			    o->point_count > 1 ? ", " : "",
			    all->c->servers[i].name);
			put_stack(script, &chart_found(&d, p, i)->usage, count,
			    &range);
			chart_word(&d, text);
			count++;
		}
	}
	fputs("EOD\n", script);
	if (!(range.high > 0)) {
		chart_drop(&d);
		return;
	}
	chart_name_rows(&d, names, count);
	axis_linear(script, "x", &range);
	fputs("plot $stack using 1:2:3:4:($2-0.34):($2+0.34):5 with boxxyerror "
	      "fillstyle solid 1 noborder linecolor rgb variable\n",
	    script);
	chart_finish(
	    &d, LEGEND_KINDS, "memory for each connection by kind, KiB");
}
