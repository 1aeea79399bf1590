/* SPDX-License-Identifier: MIT */
/*
 * drawing: one picture in the making: its script, its words, its frame.
 *
 *	struct drawing d;
 *	if (!drawing_begin(&d, pictures, outcome, HEIGHT))
 *		return;
 *	fprintf(d.plot.script, ...);
 *	drawing_finish(&d, LEGEND_SERVERS, "requests/s by connections");
 */
#ifndef COMMON_CHARTS_CHART_H
#define COMMON_CHARTS_CHART_H

#include <stdbool.h>

#include "common/charts/charts.h"
#include "common/charts/gnuplot.h"

#define DRAWING_WIDTH 340
#define DRAWING_HEIGHT 230
#define DRAWING_WORDS (SERVERS_MAX + 2 * POINTS_MAX + 1)
#define DRAWING_WORD_SIZE 28

struct drawing {
	struct pictures *all;
	const struct outcome *o;
	struct plot plot;
	/* ~0~ and on are the servers' names. */
	char words[DRAWING_WORDS][DRAWING_WORD_SIZE];
	size_t word_count;
};

enum legend { LEGEND_NONE, LEGEND_SERVERS, LEGEND_KINDS };

/* False if there is no memory for it, or no more shall be drawn. */
bool
drawing_begin(struct drawing *drawing, struct pictures *all,
    const struct outcome *outcome, int height);

/* The number of one more word; what is too long is cut. */
size_t
drawing_word(struct drawing *drawing, const char *text);

/* Room to the left for COUNT words from the FIRST on. */
void
drawing_margin(struct drawing *drawing, size_t first, size_t count);

/* The figure to the page. CAPTION stands above it, and for it. */
void
drawing_finish(
    struct drawing *drawing, enum legend legend, const char *caption);

/* Instead: there was nothing to draw. */
void
drawing_drop(struct drawing *drawing);

size_t
drawing_servers(const struct drawing *drawing);

const struct finding *
drawing_found(const struct drawing *drawing, size_t point, size_t server);

/* The number KEY that a point stands at; NAN: it has none. */
double
point_position(const struct point *point, const char *key);

/* ---- the kinds of pictures ---- */

/* One point: a bar for each server, its interval, a dot for each block. */
void
draw_values(struct pictures *all, const struct outcome *outcome);

/* One point: latency, on a scale where each further nine is as wide. */
void
draw_percentiles(struct pictures *all, const struct outcome *outcome);

/* Any points: a row for each server at each, by kind. */
void
draw_memory(struct pictures *all, const struct outcome *outcome);

/* Points that differ by a word: a group of bars for each. */
void
draw_groups(struct pictures *all, const struct outcome *outcome);

/* Points along the number KEY: the values; what they are to the baseline; and
 * of an open loop the response and service times. */
void
draw_values_by(
    struct pictures *all, const struct outcome *outcome, const char *key);

void
draw_ratios_by(
    struct pictures *all, const struct outcome *outcome, const char *key);

void
draw_knee(struct pictures *all, const struct outcome *outcome, const char *key);

#endif
