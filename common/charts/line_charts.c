/* SPDX-License-Identifier: MIT */
/* line_charts: along percentiles, or along the points of a scenario. */
#include "common/charts/line_charts.h"

#include <math.h>
#include <string.h>

#include "common/charts/axis.h"
#include "common/verdict/sentences.h"

/* ---- one point: percentiles ---- */

/* Percentile P stands at 1 / (1 - P): each further nine is a step of the same
 * width, and 100 % has no place. */
static void
put_curve(FILE *script, const char *name, size_t server,
    const struct latency_curve *curve, struct axis_range *x,
    struct axis_range *y)
{
	fprintf(script, "$%s%zu << EOD\n", name, server);
	for (size_t i = 0; i < curve->count; i++) {
		double at = 100 / (100 - curve->percent[i]);

		if (!isfinite(at) || !(curve->us[i] > 0))
			continue;
		fprintf(script, "%.9g %.9g\n", at, curve->us[i]);
		axis_range_add(x, at);
		axis_range_add(y, curve->us[i]);
	}
	fputs("EOD\n", script);
}

void
line_chart_percentiles(struct chart_page *all, const struct scenario_result *o)
{
	struct chart d;
	struct axis_range x, y;
	const char *comma = "plot ";
	bool service = false;
	FILE *script;

	if (!chart_begin(&d, all, o, CHART_HEIGHT))
		return;
	script = d.plot.script;
	axis_range_begin(&x);
	axis_range_begin(&y);
	for (size_t i = 0; i < chart_servers(&d); i++) {
		put_curve(
		    script, "r", i, &chart_found(&d, 0, i)->curve, &x, &y);
		put_curve(script, "s", i, &chart_found(&d, 0, i)->service_curve,
		    &x, &y);
		service |= chart_found(&d, 0, i)->service_curve.count > 1;
	}
	fprintf(script,
	    "set logscale x\nset xrange [1:%.9g]\n"
	    "set grid xtics ytics linestyle 100\n",
	    fmax(x.high * 1.1, 20));
	/* A label is a format to gnuplot. */
	fputs("set xtics ('50 %%' 2, '90 %%' 10, '99 %%' 100, "
	      "'99.9 %%' 1000, '99.99 %%' 10000, '99.999 %%' 100000)\n",
	    script);
	axis_log(script, "y", &y, figure_time);
	for (size_t i = 0; i < chart_servers(&d); i++) {
		const struct server_result *f = chart_found(&d, 0, i);

		if (f->curve.count > 1) {
			fprintf(script,
			    "%s$r%zu with lines linewidth 1.8 linecolor rgb "
			    "'#%06x'",
			    comma, i, SVG_COLOUR(SVG_SERVER, i));
			comma = ", ";
		}
		if (f->service_curve.count > 1)
			fprintf(script,
			    "%s$s%zu with lines linewidth 1.4 dashtype (6,4) "
			    "linecolor rgb '#%06x'",
			    comma, i, SVG_COLOUR(SVG_SERVER, i));
	}
	fputs("\n", script);
	chart_finish(&d, LEGEND_SERVERS,
	    service ? "latency by percentile; dashed: from the actual sending"
		    : "latency by percentile");
}

/* ---- points along a number ---- */

/* What else the point has: a remedy, say, other than "none"; NULL: nothing. */
static const char *
special(const struct point *point)
{
	for (size_t i = 0; i < point->setting_count; i++) {
		const char *text = point->settings[i].text;

		if (text[0] && strcmp(text, "none") != 0)
			return text;
	}
	return NULL;
}

bool
line_chart_is_possible(const struct scenario_result *o)
{
	size_t on_it = 0;

	for (size_t p = 0; p < o->point_count; p++)
		on_it += !special(&o->points[p]);
	return on_it > 1;
}

/* A tic at each place that has a point, while there is room for its number. */
static void
axis_of_points(struct chart *d, const char *key)
{
	double last = NAN;
	struct axis_range range;
	char text[FIGURE_SIZE];

	axis_range_begin(&range);
	for (size_t p = 0; p < d->o->point_count; p++)
		axis_range_add(&range, chart_position(&d->o->points[p], key));
	if (!axis_range_is_wide(&range)) {
		axis_linear(d->plot.script, "x", &range);
		return;
	}
	fprintf(d->plot.script,
	    "set logscale x\nset xrange [%.9g:%.9g]\nset xtics (",
	    range.low / 1.4, range.high * 1.4);
	for (size_t p = 0; p < d->o->point_count; p++) {
		double at = chart_position(&d->o->points[p], key);

		if (isnan(at) || at == last)
			continue;
		if (log(at / last) * 9 < log(range.high / range.low))
			continue;
		fprintf(d->plot.script, "%s'%s' %.9g", isnan(last) ? "" : ", ",
		    figure_number(text, sizeof(text), at), at);
		last = at;
	}
	fputs(")\n", d->plot.script);
}

/* What is drawn of a result. */
typedef struct estimate
getter(const struct server_result *found);

static struct estimate
value_of(const struct server_result *f)
{
	return f->usable ? f->value : (struct estimate){NAN, NAN, NAN};
}

static struct estimate
ratio_of(const struct server_result *f)
{
	return f->has_ratio ? f->ratio : (struct estimate){NAN, NAN, NAN};
}

static struct estimate
service_of(const struct server_result *f)
{
	return (struct estimate){f->usable ? f->service_value : NAN, NAN, NAN};
}

static void
put_point(FILE *script, double at, struct estimate e)
{
	if (isnan(e.low))
		e.low = e.high = e.value;
	fprintf(script, "%.9g %.9g %.9g %.9g\n", at, e.value, e.low, e.high);
}

/* What a point is drawn as: on the curve, apart from it, or, invalid, as a
 * cross of no server's colour that no curve leads to. */
enum mark { MARK_CURVE, MARK_SPECIAL, MARK_INVALID };

/* No curve joins a ratio by CPU to one by the figure. */
static bool
has_mark(const struct point *point, const struct server_result *f, getter *get,
    enum mark mark)
{
	bool apart = special(point) || (get == ratio_of && chart_is_by_cpu(f));

	if (f->verdict == INVALID)
		return mark == MARK_INVALID;
	return mark == (apart ? MARK_SPECIAL : MARK_CURVE);
}

/* One server's points as data NAME, server, and c, s or i for each mark. There
 * is at least one line, because gnuplot refuses empty data. */
static void
put_points(struct chart *d, const char *name, size_t server, const char *key,
    getter *get, struct axis_range *y)
{
	FILE *script = d->plot.script;

	for (int mark = MARK_CURVE; mark <= MARK_INVALID; mark++) {
		fprintf(script, "$%s%zu%c << EOD\nNaN NaN NaN NaN\n", name,
		    server, "csi"[mark]);
		for (size_t p = 0; p < d->o->point_count; p++) {
			const struct point *at = &d->o->points[p];
			struct estimate e = get(&at->results[server]);

			if (isnan(e.value) ||
			    !has_mark(
				at, &at->results[server], get, (enum mark)mark))
				continue;
			put_point(script, chart_position(at, key), e);
			axis_range_add(y, e.value);
			axis_range_add(y, e.low);
			axis_range_add(y, e.high);
		}
		fputs("EOD\n", script);
	}
}

static void
gnuplot_points(
    struct chart *d, const char *comma, const char *name, size_t server)
{
	unsigned colour = SVG_COLOUR(SVG_SERVER, server);

	fprintf(d->plot.script,
	    "%s$%s%zuc using 1:2:3:4 with yerrorlines linewidth 1.4 pointtype "
	    "7 pointsize 0.4 linecolor rgb '#%06x', "
	    "$%s%zus using 1:2:3:4 with yerrorbars linewidth 1.4 pointtype 12 "
	    "pointsize 0.8 linecolor rgb '#%06x', "
	    "$%s%zui using 1:2 with points pointtype 2 pointsize 0.7 linewidth "
	    "1.2 linecolor rgb '#%06x'",
	    comma, name, server, colour, name, server, colour, name, server,
	    SVG_COLOUR(SVG_SOFT, 0));
}

/* "requests/s by connections; diamonds: ..." */
static void
caption_of_points(
    struct chart *d, char *buf, size_t size, const char *what, const char *key)
{
	const char *last = NULL;
	int len =
	    snprintf(buf, size, "%s by %s", what, label_setting_name(key));

	for (size_t p = 0; p < d->o->point_count && len < (int)size; p++) {
		const char *one = special(&d->o->points[p]);

		if (one && (!last || strcmp(one, last) != 0))
			len += snprintf(buf + len, size - (size_t)len, "%s %s",
			    last ? "," : "; diamonds:", one);
		last = one ? one : last;
	}
	if (chart_has_invalid(d) && len < (int)size)
		snprintf(buf + len, size - (size_t)len,
		    "; crosses: invalid, no result");
}

void
line_chart_values(
    struct chart_page *all, const struct scenario_result *o, const char *key)
{
	struct chart d;
	struct axis_range y;
	char caption[300];

	if (!chart_begin(&d, all, o, CHART_HEIGHT))
		return;
	axis_range_begin(&y);
	for (size_t i = 0; i < chart_servers(&d); i++)
		put_points(&d, "v", i, key, value_of, &y);
	axis_of_points(&d, key);
	if (axis_range_is_wide(&y))
		axis_log(d.plot.script, "y", &y, figure_number);
	else
		axis_linear(d.plot.script, "y", &y);
	for (size_t i = 0; i < chart_servers(&d); i++)
		gnuplot_points(&d, i ? ", " : "plot ", "v", i);
	fputs("\n", d.plot.script);
	caption_of_points(&d, caption, sizeof(caption), o->unit, key);
	chart_finish(&d, LEGEND_SERVERS, caption);
}

/* 1 is the baseline; the band about it is what does not matter. */
void
line_chart_ratios(
    struct chart_page *all, const struct scenario_result *o, const char *key)
{
	double delta = isnan(all->c->delta) ? 0 : all->c->delta;
	struct chart d;
	struct axis_range y;
	char caption[300];
	size_t len;

	if (all->c->server_count < 2 || !chart_begin(&d, all, o, CHART_HEIGHT))
		return;
	axis_range_begin(&y);
	axis_range_add(&y, 1 - delta);
	axis_range_add(&y, 1 + delta);
	for (size_t i = 1; i < chart_servers(&d); i++)
		put_points(&d, "q", i, key, ratio_of, &y);
	axis_of_points(&d, key);
	axis_log(d.plot.script, "y", &y, figure_ratio);
	chart_baseline(&d, 'y', delta);
	for (size_t i = 1; i < chart_servers(&d); i++)
		gnuplot_points(&d, i > 1 ? ", " : "plot ", "q", i);
	fputs("\n", d.plot.script);
	caption_of_points(&d, caption, sizeof(caption),
	    "how many times better than the baseline (line)", key);
	len = strlen(caption);
	if (chart_has_by_cpu(&d))
		snprintf(caption + len, sizeof(caption) - len, "%s by CPU",
		    strstr(caption, "diamonds:") ? "," : "; diamonds:");
	chart_finish(&d, LEGEND_SERVERS, caption);
}

static bool
any_service(const struct chart *d)
{
	for (size_t p = 0; p < d->o->point_count; p++) {
		for (size_t i = 0; i < chart_servers(d); i++) {
			if (!isnan(service_of(chart_found(d, p, i)).value))
				return true;
		}
	}
	return false;
}

/* Response counts from when a request was due, service from its sending. Both
 * are estimates over blocks: a percentile of all replies together is of
 * another kind, and could lie on either side of these. */
void
line_chart_knee(
    struct chart_page *all, const struct scenario_result *o, const char *key)
{
	struct chart d;
	struct axis_range y;
	char caption[200];

	if (!chart_begin(&d, all, o, CHART_HEIGHT))
		return;
	axis_range_begin(&y);
	for (size_t i = 0; i < chart_servers(&d); i++) {
		put_points(&d, "r", i, key, value_of, &y);
		put_points(&d, "s", i, key, service_of, &y);
	}
	axis_of_points(&d, key);
	axis_log(d.plot.script, "y", &y, figure_time);
	for (size_t i = 0; i < chart_servers(&d); i++) {
		gnuplot_points(&d, i ? ", " : "plot ", "r", i);
		fprintf(d.plot.script,
		    ", $s%zuc with lines linewidth 1.4 dashtype (6,4) "
		    "linecolor rgb '#%06x'",
		    i, SVG_COLOUR(SVG_SERVER, i));
	}
	fputs("\n", d.plot.script);
	snprintf(caption, sizeof(caption),
	    "99th percentile by requests/s asked for; solid: response time%s%s",
	    any_service(&d) ? ", dashed: service time" : "",
	    chart_has_invalid(&d) ? "; crosses: invalid, no result" : "");
	chart_finish(&d, LEGEND_SERVERS, caption);
}
