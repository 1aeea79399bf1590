/* SPDX-License-Identifier: MIT */
/* forest_plot: the rows, then the axis that holds them, then their places. */
#include "common/charts/forest_plot.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/verdict/sentences.h"

/* Of the axis: left of both ends for ratios that are farther away. */
#define EDGE 0.03
/* How far the axis reaches at least, as a factor. */
#define LEAST 1.12

static bool
is_drawn(const struct server_result *f)
{
	return f->has_ratio && isfinite(f->ratio.value) && f->ratio.value > 0;
}

/* ---- rows ---- */

static size_t
rows_of(const struct comparison *c, const struct scenario_result *o)
{
	size_t ratios = o->point_count * (c->server_count - 1);

	return ratios > 1 ? ratios + 1 : 1;
}

static struct forest_row *
add_row(struct forest_plot *plot, size_t scenario)
{
	struct forest_row *row = &plot->rows[plot->count++];

	row->scenario = scenario;
	row->at = row->low = row->high = NAN;
	return row;
}

/* What stands in the place of the picture, or beside it. */
static void
put_words(struct forest_row *row, const struct scenario_result *o,
    const struct point *point, size_t server)
{
	const struct server_result *f = row->found;

	if (row->drawn && f->verdict != INVALID)
		figure_ratio(row->words, sizeof(row->words), f->ratio.value);
	else if (!row->drawn && f->verdict == INVALID)
		snprintf(row->words, sizeof(row->words), "%s", f->reason);
	else if (!row->drawn)
		sentence_values(
		    row->words, sizeof(row->words), o, point, server);
}

/* What the heading does not say: the point, and which of several servers. */
static void
put_label(struct forest_row *row, const struct comparison *c,
    const struct point *point, size_t server)
{
	char at[100];
	bool one_of_many = c->server_count > 2;

	label_point(at, sizeof(at), point);
	if (c->scenarios[row->scenario].point_count == 1)
		at[0] = '\0';
	snprintf(row->label, sizeof(row->label), "%s%s%s", at,
	    at[0] && one_of_many ? ", " : "",
	    one_of_many ? c->servers[server].name : "");
	if (!row->below && !one_of_many)
		snprintf(row->label, sizeof(row->label), "%s",
		    c->scenarios[row->scenario].name);
}

static void
add_result(struct forest_plot *plot, const struct comparison *c,
    size_t scenario, const struct point *point, size_t server)
{
	const struct scenario_result *o = &c->scenarios[scenario];
	struct forest_row *row = add_row(plot, scenario);

	row->found = &point->results[server];
	row->below = rows_of(c, o) > 1;
	row->drawn = is_drawn(row->found);
	plot->drawn += row->drawn;
	put_label(row, c, point, server);
	put_words(row, o, point, server);
}

static void
add_scenario(
    struct forest_plot *plot, const struct comparison *c, size_t scenario)
{
	const struct scenario_result *o = &c->scenarios[scenario];

	if (rows_of(c, o) > 1 || o->point_count == 0) {
		struct forest_row *row = add_row(plot, scenario);

		snprintf(row->label, sizeof(row->label), "%s", o->name);
		if (o->point_count == 0)
			snprintf(row->words, sizeof(row->words), "no result");
	}
	for (size_t p = 0; p < o->point_count; p++) {
		for (size_t i = 1; i < c->server_count; i++)
			add_result(plot, c, scenario, &o->points[p], i);
	}
}

/* ---- the axis ---- */

static double
within(double place, double low, double high)
{
	return fmin(fmax(place, low), high);
}

/* What is farther away, or no number above 0, moves no end. */
static void
widen(struct forest_plot *plot, double ratio)
{
	double near = within(ratio, 1 / FOREST_FARTHEST, FOREST_FARTHEST);

	if (isnan(ratio))
		return;
	plot->low = fmin(plot->low, near);
	plot->high = fmax(plot->high, near);
}

static double
place_of(const struct forest_plot *plot, double ratio)
{
	return log(ratio / plot->low) / log(plot->high / plot->low);
}

static void
put_axis(struct forest_plot *plot, double delta)
{
	bool zone = delta > 0 && delta < 1;

	plot->low = 1 / LEAST;
	plot->high = LEAST;
	widen(plot, zone ? 1 - delta : 1);
	widen(plot, zone ? 1 + delta : 1);
	for (size_t i = 0; i < plot->count; i++) {
		const struct server_result *f = plot->rows[i].found;

		if (!plot->rows[i].drawn)
			continue;
		widen(plot, f->ratio.value);
		if (f->verdict == INVALID) /* it shall not bend the picture */
			continue;
		widen(plot, f->ratio.low);
		widen(plot, f->ratio.high);
	}
	plot->low /= pow(plot->high / plot->low, EDGE);
	plot->high *= pow(plot->high / plot->low, EDGE);
	plot->one = place_of(plot, 1);
	plot->zone_low = zone ? within(place_of(plot, 1 - delta), 0, 1) : NAN;
	plot->zone_high = zone ? within(place_of(plot, 1 + delta), 0, 1) : NAN;
}

/* ---- places ---- */

static void
put_places(const struct forest_plot *plot, struct forest_row *row)
{
	struct estimate e = row->found->ratio;
	double at = place_of(plot, e.value);
	bool known = isfinite(e.low) && isfinite(e.high) && e.high > 0;
	double low = known ? place_of(plot, fmax(e.low, 1e-300)) : at;
	double high = known ? place_of(plot, e.high) : at;

	row->before = fmin(low, at) < 0;
	row->beyond = fmax(high, at) > 1;
	row->at = within(at, row->before && at < EDGE ? EDGE : 0,
	    row->beyond && at > 1 - EDGE ? 1 - EDGE : 1);
	if (!known && !row->before && !row->beyond)
		return;
	row->low = row->before ? 0 : within(low, 0, row->at);
	row->high = row->beyond ? 1 : within(high, row->at, 1);
}

int
forest_plot_init(struct forest_plot *plot, const struct comparison *c)
{
	size_t most = 0;

	memset(plot, 0, sizeof(*plot));
	for (size_t i = 0; i < c->scenario_count && c->server_count > 1; i++)
		most += rows_of(c, &c->scenarios[i]);
	plot->rows = calloc(most + 1, sizeof(*plot->rows));
	if (!plot->rows) {
		errno = ENOMEM;
		return -1;
	}
	for (size_t i = 0; i < c->scenario_count && most; i++)
		add_scenario(plot, c, i);
	put_axis(plot, c->delta);
	for (size_t i = 0; i < plot->count; i++) {
		if (plot->rows[i].drawn)
			put_places(plot, &plot->rows[i]);
	}
	return 0;
}

void
forest_plot_release(struct forest_plot *plot)
{
	free(plot->rows);
	plot->rows = NULL;
	plot->count = 0;
}

/* ---- ticks ---- */

#define STEPS_MAX 19

/* From many to few, each times a power of ten. */
static const double STEPS[][STEPS_MAX] = {
    {1, 1.05, 1.1, 1.2, 1.3, 1.4, 1.5, 2, 3, 4, 5, 6, 7, 8, 8.5, 9, 9.5},
    {1, 1.1, 1.2, 1.5, 2, 3, 4, 5, 6, 7, 8, 9},
    {1, 1.2, 1.5, 2, 3, 5, 7},
    {1, 2, 5},
    {1},
};

static size_t
ticks_of(const struct forest_plot *plot, const double *steps,
    struct forest_tick *ticks)
{
	size_t count = 0;

	for (int n = (int)floor(log10(plot->low)); n <= 1; n++) {
		for (size_t i = 0; i < STEPS_MAX && steps[i] > 0; i++) {
			double at = place_of(plot, steps[i] * pow(10, n));

			if (at < 0 || at > 1 || count == FOREST_TICKS)
				continue;
			snprintf(ticks[count].text, sizeof(ticks[count].text),
			    "%.3g", steps[i] * pow(10, n));
			ticks[count++].at = at;
		}
	}
	return count;
}

size_t
forest_plot_ticks(
    const struct forest_plot *plot, double gap, struct forest_tick *ticks)
{
	size_t count = 0;

	for (size_t k = 0; k < sizeof(STEPS) / sizeof(STEPS[0]); k++) {
		double least = 1;

		count = ticks_of(plot, STEPS[k], ticks);
		for (size_t i = 1; i < count; i++)
			least = fmin(least, ticks[i].at - ticks[i - 1].at);
		if (least >= gap)
			break;
	}
	return count;
}
