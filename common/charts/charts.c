/* SPDX-License-Identifier: MIT */
/* charts: which of them a scenario gets. */
#include "common/charts/charts.h"

#include <math.h>
#include <string.h>

#include "common/charts/bar_charts.h"
#include "common/charts/line_charts.h"
#include "common/charts/row_charts.h"
#include "common/verdict/sentences.h"

static bool
has_curve(const struct comparison *c, const struct point *point)
{
	for (size_t i = 0; i < c->server_count; i++) {
		if (point->results[i].curve.count > 1)
			return true;
	}
	return false;
}

/* The key of the number by which the points differ, or NULL. */
static const char *
axis_key(const struct scenario_result *o)
{
	const struct point *first = &o->points[0];

	for (size_t i = 0; i < first->setting_count; i++) {
		const char *key = first->settings[i].key;

		for (size_t p = 1; p < o->point_count; p++) {
			double at = chart_position(&o->points[p], key);

			if (!isnan(at) && at != chart_position(first, key))
				return key;
		}
	}
	return NULL;
}

static bool
any_usable(const struct comparison *c, const struct scenario_result *o)
{
	for (size_t p = 0; p < o->point_count; p++) {
		for (size_t i = 0; i < c->server_count; i++) {
			if (o->points[p].results[i].usable)
				return true;
		}
	}
	return false;
}

void
charts_begin(struct chart_page *all, const struct comparison *c, FILE *page)
{
	*all = (struct chart_page){.c = c, .page = page};
	all->possible = gnuplot_possible();
}

void
charts_draw(struct chart_page *all, const struct scenario_result *o)
{
	const char *key;

	if (!all->possible || !any_usable(all->c, o))
		return;
	key = o->point_count > 1 ? axis_key(o) : NULL;
	if (o->point_count == 1) {
		bar_chart_values(all, o);
		if (has_curve(all->c, &o->points[0]))
			line_chart_percentiles(all, o);
	} else if (key && strcmp(key, "rate") == 0 && label_is_percentile(o)) {
		line_chart_knee(all, o, key);
		line_chart_ratios(all, o, key);
	} else if (key && !line_chart_is_possible(o)) {
		row_chart_values(all, o);
		row_chart_ratios(all, o);
	} else if (key) {
		line_chart_values(all, o, key);
		line_chart_ratios(all, o, key);
	} else {
		bar_chart_groups(all, o);
	}
	if (label_is_memory(o) || (!key && o->point_count > 1))
		bar_chart_memory(all, o);
}
