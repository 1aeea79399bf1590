/* SPDX-License-Identifier: MIT */
/*
 * chart: one picture in the making: its script, its words, its frame.
 *
 *	struct chart d;
 *	if (!chart_begin(&d, pictures, outcome, HEIGHT))
 *		return;
 *	fprintf(d.plot.script, ...);
 *	chart_finish(&d, LEGEND_SERVERS, "requests/s by connections");
 */
#ifndef COMMON_CHARTS_CHART_H
#define COMMON_CHARTS_CHART_H

#include <stdbool.h>

#include "common/charts/charts.h"
#include "common/charts/gnuplot.h"

#define CHART_WIDTH 340
#define CHART_HEIGHT 230
#define CHART_WORDS (SERVERS_MAX + 2 * POINTS_MAX + 1)
#define CHART_WORD_SIZE 28

struct chart {
	struct charts *all;
	const struct scenario_result *o;
	struct gnuplot plot;
	/* ~0~ and on are the servers' names. */
	char words[CHART_WORDS][CHART_WORD_SIZE];
	size_t word_count;
};

enum legend { LEGEND_NONE, LEGEND_SERVERS, LEGEND_KINDS };

/* False if there is no memory for it, or no more shall be drawn. */
bool
chart_begin(struct chart *drawing, struct charts *all,
    const struct scenario_result *result, int height);

/* The number of one more word; what is too long is cut. */
size_t
chart_word(struct chart *drawing, const char *text);

/* Room to the left for COUNT words from the FIRST on. */
void
chart_margin(struct chart *drawing, size_t first, size_t count);

/* The figure to the page. CAPTION stands above it, and for it. */
void
chart_finish(struct chart *drawing, enum legend legend, const char *caption);

/* Instead: there was nothing to draw. */
void
chart_drop(struct chart *drawing);

size_t
chart_servers(const struct chart *drawing);

const struct server_result *
chart_found(const struct chart *drawing, size_t point, size_t server);

/* The number KEY that a point stands at; NAN: it has none. */
double
chart_position(const struct point *point, const char *key);

/* ---- the kinds of pictures ---- */

/* One point: a bar for each server, its interval, a dot for each block. */
void
bar_chart_values(struct charts *all, const struct scenario_result *result);

/* One point: latency, on a scale where each further nine is as wide. */
void
line_chart_percentiles(
    struct charts *all, const struct scenario_result *result);

/* Any points: a row for each server at each, by kind. */
void
bar_chart_memory(struct charts *all, const struct scenario_result *result);

/* Points that differ by a word: a group of bars for each. */
void
bar_chart_groups(struct charts *all, const struct scenario_result *result);

/* Points along the number KEY: the values; what they are to the baseline; and
 * of an open loop the response and service times. */
void
line_chart_values(
    struct charts *all, const struct scenario_result *result, const char *key);

void
line_chart_ratios(
    struct charts *all, const struct scenario_result *result, const char *key);

void
line_chart_knee(
    struct charts *all, const struct scenario_result *result, const char *key);

#endif
