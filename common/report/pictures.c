/* SPDX-License-Identifier: MIT */
/* pictures: a gnuplot script for each kind. */
#include "common/report/pictures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/report/axis.h"
#include "common/report/facts.h"
#include "common/report/html.h"
#include "common/report/plot.h"

#define WIDTH 380
#define HEIGHT 250
#define WORDS_MAX (SERVERS_MAX + POINTS_MAX + 1)
#define WORD_SIZE 24

/* One picture in the making. */
struct drawing {
	struct pictures *all;
	const struct outcome *o;
	struct plot plot;
	char words[WORDS_MAX][WORD_SIZE];
	size_t word_count;
	char label[600];
};

enum legend { LEGEND_NONE, LEGEND_SERVERS, LEGEND_KINDS };

/* ---- frame ---- */

/* Its number. What is too long is cut. */
static size_t
word(struct drawing *d, const char *text)
{
	size_t n = d->word_count;

	if (n + 1 >= WORDS_MAX)
		return n - 1;
	if (strlen(text) < WORD_SIZE - 8)
		snprintf(d->words[n], WORD_SIZE, "%s", text);
	else
		snprintf(d->words[n], WORD_SIZE, "%.14s\u2026", text);
	return d->word_count++;
}

static bool
begin(struct drawing *d, struct pictures *all, const struct outcome *o,
    int height)
{
	memset(d, 0, sizeof(*d));
	d->all = all;
	d->o = o;
	if (plot_begin(&d->plot, WIDTH, height) < 0)
		return false;
	for (size_t i = 0; i < all->c->server_count; i++)
		word(d, all->c->servers[i].name);
	return true;
}

static void
put_legend(struct drawing *d, enum legend legend)
{
	FILE *page = d->all->page;
	bool kinds = legend == LEGEND_KINDS;
	size_t count = kinds ? MEMORY_KINDS : d->all->c->server_count;

	if (legend == LEGEND_NONE)
		return;
	fputs("<ul class=\"legend\">", page);
	for (size_t i = 0; i < count; i++) {
		fprintf(page, "<li><i style=\"background:var(--%s-%zu)\"></i>",
		    kinds ? "kind" : "server", i);
		html_text(page,
		    kinds ? MEMORY_KIND_WORDS[i] : d->all->c->servers[i].name);
		fputs("</li>", page);
	}
	fputs("</ul>\n", page);
}

/* CAPTION stands above it and, with the scenario's name, for it. */
static void
finish(struct drawing *d, enum legend legend, const char *caption)
{
	struct pictures *all = d->all;
	const char *words[WORDS_MAX + 1] = {NULL};
	struct plot_decor decor = {all->count, d->label, words};
	char *svg = NULL;
	size_t size;
	FILE *out = open_memstream(&svg, &size);
	int bad;

	snprintf(d->label, sizeof(d->label), "%s: %s", d->o->name, caption);
	for (size_t i = 0; i < d->word_count; i++)
		words[i] = d->words[i];
	bad = plot_end(&d->plot, &decor, out, all->why, sizeof(all->why));
	fclose(out);
	if (bad == 0) {
		fputs("<figure>\n", all->page);
		html_element(all->page, "figcaption", "%s", caption);
		put_legend(d, legend);
		fputs(svg, all->page);
		fputs("</figure>\n", all->page);
		all->count++;
	}
	free(svg);
}

static const struct finding *
found(const struct drawing *d, size_t point, size_t server)
{
	return &d->o->points[point].findings[server];
}

static size_t
servers(const struct drawing *d)
{
	return d->all->c->server_count;
}

/* ---- one point: bars ---- */

static void
name_rows(struct drawing *d, size_t count, const size_t *words)
{
	fprintf(d->plot.script,
	    "set yrange [%g:-0.6]\nset border 1\nset ytics scale 0 (",
	    (double)count - 0.4);
	for (size_t i = 0; i < count; i++)
		fprintf(d->plot.script, "%s'~%zu~' %zu", i ? ", " : "",
		    words ? words[i] : i, i);
	fputs(")\nset grid xtics noytics linestyle 100\n", d->plot.script);
}

static void
put_blocks(FILE *script, const struct finding *f, size_t row)
{
	for (size_t b = 0; b < f->blocks; b++) {
		if (isfinite(f->values[b]))
			fprintf(script, "%.9g %g %u\n", f->values[b],
			    (double)row + 0.06 * ((double)(b % 7) - 3),
			    PLOT_COLOUR(PLOT_LIGHT, row));
	}
}

/* For each server a bar, its interval, and a dot for each block. */
static void
draw_values(struct pictures *all, const struct outcome *o)
{
	struct drawing d;
	struct range range;
	char caption[200];
	FILE *script;

	if (!begin(&d, all, o, (int)(48 + 40 * all->c->server_count)))
		return;
	script = d.plot.script;
	range_begin(&range);
	fputs("$bars << EOD\n", script);
	for (size_t i = 0; i < servers(&d); i++) {
		const struct finding *f = found(&d, 0, i);

		if (!f->usable)
			continue;
		range_add(&range, f->value.high);
		fprintf(script, "%.9g %zu %.9g %.9g %u %u\n", f->value.value, i,
		    f->value.low, f->value.high, PLOT_COLOUR(PLOT_SERVER, i),
		    PLOT_COLOUR(PLOT_LIGHT, i));
	}
	fputs("EOD\n$blocks << EOD\n0 -9 0\n", script);
	for (size_t i = 0; i < servers(&d); i++)
		put_blocks(script, found(&d, 0, i), i);
	fputs("EOD\n", script);
	name_rows(&d, servers(&d), NULL);
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
	    "%s, with 95 %% intervals; a dot for each block", o->unit);
	finish(&d, LEGEND_NONE, caption);
}

/* ---- one point: percentiles ---- */

static bool
has_curve(const struct comparison *c, const struct point *point)
{
	for (size_t i = 0; i < c->server_count; i++) {
		if (point->findings[i].curve.count > 1)
			return true;
	}
	return false;
}

/* Percentile P at 1 / (1 - P): each further nine is a step of one width. What
 * is 100 % has no place there. */
static void
put_curve(FILE *script, const char *name, size_t server,
    const struct latency_curve *curve, struct range *x, struct range *y)
{
	fprintf(script, "$%s%zu << EOD\n", name, server);
	for (size_t i = 0; i < curve->count; i++) {
		double at = 100 / (100 - curve->percent[i]);

		if (!isfinite(at) || !(curve->us[i] > 0))
			continue;
		fprintf(script, "%.9g %.9g\n", at, curve->us[i]);
		range_add(x, at);
		range_add(y, curve->us[i]);
	}
	fputs("EOD\n", script);
}

static void
draw_percentiles(struct pictures *all, const struct outcome *o)
{
	struct drawing d;
	struct range x, y;
	const char *comma = "plot ";
	bool service = false;
	FILE *script;

	if (!begin(&d, all, o, HEIGHT))
		return;
	script = d.plot.script;
	range_begin(&x);
	range_begin(&y);
	for (size_t i = 0; i < servers(&d); i++) {
		put_curve(script, "r", i, &found(&d, 0, i)->curve, &x, &y);
		put_curve(
		    script, "s", i, &found(&d, 0, i)->service_curve, &x, &y);
		service |= found(&d, 0, i)->service_curve.count > 1;
	}
	fprintf(script,
	    "set logscale x\nset xrange [1:%.9g]\nset xtics ('0' 1, '50 %%' "
	    "2, '90 %%' 10, '99 %%' 100, '99.9 %%' 1000, '99.99 %%' 10000, "
	    "'99.999 %%' 100000)\nset grid xtics ytics linestyle 100\n",
	    fmax(x.high * 1.1, 20));
	axis_log(script, "y", &y, fact_time);
	for (size_t i = 0; i < servers(&d); i++) {
		const struct finding *f = found(&d, 0, i);

		if (f->curve.count > 1) {
			fprintf(script,
			    "%s$r%zu with lines linewidth 1.8 linecolor rgb "
			    "'#%06x'",
			    comma, i, PLOT_COLOUR(PLOT_SERVER, i));
			comma = ", ";
		}
		if (f->service_curve.count > 1)
			fprintf(script,
			    "%s$s%zu with lines linewidth 1.4 dashtype (6,4) "
			    "linecolor rgb '#%06x'",
			    comma, i, PLOT_COLOUR(PLOT_SERVER, i));
	}
	fputs("\n", script);
	finish(&d, LEGEND_SERVERS,
	    service ? "latency by percentile; dashed: from the actual sending"
		    : "latency by percentile");
}

/* ---- memory ---- */

static void
put_stack(
    FILE *script, const struct cost *cost, size_t row, struct range *range)
{
	double from = 0;

	for (int kind = 0; kind < MEMORY_KINDS; kind++) {
		double kib = cost->memory_kib[kind];

		if (!(kib > 0))
			continue;
		fprintf(script, "%.9g %zu %.9g %.9g %u\n", from, row, from,
		    from + kib, PLOT_COLOUR(PLOT_KIND, kind));
		from += kib;
	}
	range_add(range, from);
}

/* A row for each server, or for each server at each point. */
static void
draw_memory(struct pictures *all, const struct outcome *o)
{
	size_t rows[WORDS_MAX], count = 0, names = all->c->server_count;
	struct drawing d;
	struct range range;
	FILE *script;

	if (o->point_count * names > SERVERS_MAX + POINTS_MAX - names ||
	    !begin(&d, all, o, (int)(48 + 30 * names * o->point_count)))
		return;
	script = d.plot.script;
	range_begin(&range);
	fputs("$stack << EOD\n", script);
	for (size_t p = 0; p < o->point_count; p++) {
		for (size_t i = 0; i < names; i++) {
			char text[200], at[100];

			snprintf(text, sizeof(text), "%s%s%.60s",
			    o->point_count > 1
				? fact_point(at, sizeof(at), &o->points[p])
				: "",
			    o->point_count > 1 ? ", " : "",
			    all->c->servers[i].name);
			put_stack(
			    script, &found(&d, p, i)->cost, count, &range);
			rows[count++] = word(&d, text);
		}
	}
	fputs("EOD\n", script);
	if (!(range.high > 0)) {
		fclose(d.plot.script);
		free(d.plot.text);
		return;
	}
	name_rows(&d, count, rows);
	axis_linear(script, "x", &range);
	fputs("plot $stack using 1:2:3:4:($2-0.34):($2+0.34):5 with boxxyerror "
	      "fillstyle solid 1 noborder linecolor rgb variable\n",
	    script);
	finish(&d, LEGEND_KINDS, "memory for each connection by kind, KiB");
}

/* ---- points along a number ---- */

/* The number that a point stands at; NAN: it has none. */
static double
position(const struct point *point, const char *key)
{
	for (size_t i = 0; i < point->setting_count; i++) {
		if (!point->settings[i].text[0] &&
		    strcmp(point->settings[i].key, key) == 0)
			return point->settings[i].number;
	}
	return NAN;
}

/* What else the point has: a remedy, say; NULL: nothing. */
static const char *
special(const struct point *point)
{
	for (size_t i = 0; i < point->setting_count; i++) {
		if (point->settings[i].text[0])
			return point->settings[i].text;
	}
	return NULL;
}

/* The key of the number by which the points differ, or NULL. */
static const char *
axis_key(const struct outcome *o)
{
	const struct point *first = &o->points[0];

	for (size_t i = 0; i < first->setting_count; i++) {
		const char *key = first->settings[i].key;

		for (size_t p = 1; p < o->point_count; p++) {
			if (position(&o->points[p], key) !=
			    position(first, key))
				return key;
		}
	}
	return NULL;
}

/* A tic at each place that has a point, while there is room for its number. */
static void
axis_of_points(struct drawing *d, const char *key)
{
	double last = NAN;
	struct range range;
	char text[FACT_SIZE];

	range_begin(&range);
	for (size_t p = 0; p < d->o->point_count; p++)
		range_add(&range, position(&d->o->points[p], key));
	if (!range_is_wide(&range)) {
		axis_linear(d->plot.script, "x", &range);
		return;
	}
	fprintf(d->plot.script,
	    "set logscale x\nset xrange [%.9g:%.9g]\nset xtics (",
	    range.low / 1.4, range.high * 1.4);
	for (size_t p = 0; p < d->o->point_count; p++) {
		double at = position(&d->o->points[p], key);

		if (isnan(at) || at == last)
			continue;
		if (log(at / last) * 9 < log(range.high / range.low))
			continue;
		fprintf(d->plot.script, "%s'%s' %.9g", isnan(last) ? "" : ", ",
		    fact_number(text, sizeof(text), at), at);
		last = at;
	}
	fputs(")\n", d->plot.script);
}

typedef struct estimate (*getter)(const struct finding *found);

static struct estimate
value_of(const struct finding *f)
{
	return f->usable ? f->value : (struct estimate){NAN, NAN, NAN};
}

static struct estimate
ratio_of(const struct finding *f)
{
	return f->has_ratio ? f->ratio : (struct estimate){NAN, NAN, NAN};
}

static struct estimate
response_of(const struct finding *f)
{
	return (struct estimate){f->latency.p99, NAN, NAN};
}

static struct estimate
service_of(const struct finding *f)
{
	return (struct estimate){f->service.p99, NAN, NAN};
}

/* One server's points: those of the curve as NAME, the special ones as NAMEs,
 * with their words. Gnuplot does not take empty data. */
static void
put_points(struct drawing *d, const char *name, size_t server, const char *key,
    getter get, struct range *y)
{
	FILE *script = d->plot.script;

	for (int specials = 0; specials < 2; specials++) {
		fprintf(script, "$%s%zu%s << EOD\nNaN NaN NaN NaN\n", name,
		    server, specials ? "s" : "");
		for (size_t p = 0; p < d->o->point_count; p++) {
			const struct point *at = &d->o->points[p];
			struct estimate e = get(&at->findings[server]);

			if ((special(at) != NULL) != specials || isnan(e.value))
				continue;
			if (isnan(e.low))
				e.low = e.high = e.value;
			fprintf(script, "%.9g %.9g %.9g %.9g\n",
			    position(at, key), e.value, e.low, e.high);
			range_add(y, e.low);
			range_add(y, e.high);
		}
		fputs("EOD\n", script);
	}
}

static void
plot_points(
    struct drawing *d, const char *comma, const char *name, size_t server)
{
	unsigned colour = PLOT_COLOUR(PLOT_SERVER, server);

	fprintf(d->plot.script,
	    "%s$%s%zu using 1:2:3:4 with yerrorlines linewidth 1.4 pointtype 7 "
	    "pointsize 0.4 linecolor rgb '#%06x', "
	    "$%s%zus using 1:2:3:4 with yerrorbars linewidth 1.4 pointtype 12 "
	    "pointsize 0.8 linecolor rgb '#%06x'",
	    comma, name, server, colour, name, server, colour);
}

/* "requests/s by connections; diamonds: ..." */
static void
caption_of_points(struct drawing *d, char *buf, size_t size, const char *what,
    const char *key)
{
	const char *last = NULL;
	int len = snprintf(buf, size, "%s by %s", what, fact_setting_name(key));

	for (size_t p = 0; p < d->o->point_count && len < (int)size; p++) {
		const char *one = special(&d->o->points[p]);

		if (one && (!last || strcmp(one, last) != 0))
			len += snprintf(buf + len, size - (size_t)len, "%s %s",
			    last ? "," : "; diamonds:", one);
		last = one ? one : last;
	}
}

static void
draw_values_by(struct pictures *all, const struct outcome *o, const char *key)
{
	struct drawing d;
	struct range y;
	char caption[300];

	if (!begin(&d, all, o, HEIGHT))
		return;
	range_begin(&y);
	for (size_t i = 0; i < servers(&d); i++)
		put_points(&d, "v", i, key, value_of, &y);
	axis_of_points(&d, key);
	if (range_is_wide(&y))
		axis_log(d.plot.script, "y", &y, fact_number);
	else
		axis_linear(d.plot.script, "y", &y);
	for (size_t i = 0; i < servers(&d); i++)
		plot_points(&d, i ? ", " : "plot ", "v", i);
	fputs("\n", d.plot.script);
	caption_of_points(&d, caption, sizeof(caption), o->unit, key);
	finish(&d, LEGEND_SERVERS, caption);
}

/* 1 is the baseline; the band about it is what does not matter. */
static void
draw_ratios_by(struct pictures *all, const struct outcome *o, const char *key)
{
	double delta = isnan(all->c->delta) ? 0 : all->c->delta;
	struct drawing d;
	struct range y;
	char caption[300];

	if (servers(&(struct drawing){.all = all}) < 2 ||
	    !begin(&d, all, o, HEIGHT))
		return;
	range_begin(&y);
	range_add(&y, 1 - delta);
	range_add(&y, 1 + delta);
	for (size_t i = 1; i < servers(&d); i++)
		put_points(&d, "q", i, key, ratio_of, &y);
	axis_of_points(&d, key);
	axis_log(d.plot.script, "y", &y, fact_ratio);
	fprintf(d.plot.script,
	    "set object 1 rectangle from graph 0, first %.9g to graph 1, "
	    "first %.9g behind fillcolor rgb '#%06x' fillstyle solid 0.5 "
	    "noborder\n"
	    "set arrow from graph 0, first 1 to graph 1, first 1 nohead "
	    "linecolor rgb '#%06x' linewidth 1\n",
	    1 - delta, 1 + delta, PLOT_COLOUR(PLOT_GRID, 0),
	    PLOT_COLOUR(PLOT_INK, 0));
	for (size_t i = 1; i < servers(&d); i++)
		plot_points(&d, i > 1 ? ", " : "plot ", "q", i);
	fputs("\n", d.plot.script);
	caption_of_points(&d, caption, sizeof(caption),
	    "how many times better than the baseline (line)", key);
	finish(&d, LEGEND_SERVERS, caption);
}

/* Response counts from when a request was due, service from its sending. */
static void
draw_knee(struct pictures *all, const struct outcome *o, const char *key)
{
	struct drawing d;
	struct range y;

	if (!begin(&d, all, o, HEIGHT))
		return;
	range_begin(&y);
	for (size_t i = 0; i < servers(&d); i++) {
		put_points(&d, "r", i, key, response_of, &y);
		put_points(&d, "s", i, key, service_of, &y);
	}
	axis_of_points(&d, key);
	axis_log(d.plot.script, "y", &y, fact_time);
	for (size_t i = 0; i < servers(&d); i++) {
		unsigned colour = PLOT_COLOUR(PLOT_SERVER, i);

		fprintf(d.plot.script,
		    "%s$r%zu with linespoints linewidth 1.6 pointtype 7 "
		    "pointsize 0.4 linecolor rgb '#%06x', $s%zu with lines "
		    "linewidth 1.4 dashtype (6,4) linecolor rgb '#%06x'",
		    i ? ", " : "plot ", i, colour, i, colour);
	}
	fputs("\n", d.plot.script);
	finish(&d, LEGEND_SERVERS,
	    "99th percentile by requests/s asked for; solid: response time, "
	    "dashed: service time");
}

/* ---- points that differ by a word ---- */

static void
draw_groups(struct pictures *all, const struct outcome *o)
{
	struct drawing d;
	struct range y;
	double width = 0.8 / (double)all->c->server_count;
	char at[100];
	FILE *script;

	if (!begin(&d, all, o, HEIGHT))
		return;
	script = d.plot.script;
	range_begin(&y);
	fprintf(script, "set xrange [-0.6:%g]\nset xtics scale 0 (",
	    (double)o->point_count - 0.4);
	for (size_t p = 0; p < o->point_count; p++)
		fprintf(script, "%s'~%zu~' %zu", p ? ", " : "",
		    word(&d, fact_point(at, sizeof(at), &o->points[p])), p);
	fputs(")\n$bars << EOD\n", script);
	for (size_t p = 0; p < o->point_count; p++) {
		for (size_t i = 0; i < servers(&d); i++) {
			const struct finding *f = found(&d, p, i);

			if (!f->usable)
				continue;
			fprintf(script, "%g %.9g %.9g %.9g %u %u\n",
			    (double)p - 0.4 + width * ((double)i + 0.5),
			    f->value.value, f->value.low, f->value.high,
			    PLOT_COLOUR(PLOT_SERVER, i),
			    PLOT_COLOUR(PLOT_LIGHT, i));
			range_add(&y, f->value.high);
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
	snprintf(at, sizeof(at), "%s, with 95 %% intervals", o->unit);
	finish(&d, LEGEND_SERVERS, at);
}

/* ---- which of them ---- */

static bool
any_usable(const struct comparison *c, const struct outcome *o)
{
	for (size_t p = 0; p < o->point_count; p++) {
		for (size_t i = 0; i < c->server_count; i++) {
			if (o->points[p].findings[i].usable)
				return true;
		}
	}
	return false;
}

void
pictures_begin(struct pictures *all, const struct comparison *c, FILE *page)
{
	*all = (struct pictures){.c = c, .page = page};
	all->possible = plot_possible();
}

void
pictures_draw(struct pictures *all, const struct outcome *o)
{
	const char *key;

	if (!all->possible || !any_usable(all->c, o))
		return;
	key = o->point_count > 1 ? axis_key(o) : NULL;
	if (o->point_count == 1) {
		draw_values(all, o);
		if (has_curve(all->c, &o->points[0]))
			draw_percentiles(all, o);
	} else if (key && strcmp(key, "rate") == 0) {
		draw_knee(all, o, key);
		draw_ratios_by(all, o, key);
	} else if (key) {
		draw_values_by(all, o, key);
		draw_ratios_by(all, o, key);
	} else {
		draw_groups(all, o);
	}
	if (strcmp(o->unit, "KiB") == 0 || (!key && o->point_count > 1))
		draw_memory(all, o);
}
