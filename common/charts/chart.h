/* SPDX-License-Identifier: MIT */
/*
 * chart: one picture in the making: its script, its words, its frame, and what
 * all pictures of a page share.
 *
 *	struct chart d;
 *	if (!chart_begin(&d, page, result, HEIGHT))
 *		return;
 *	fprintf(d.plot.script, ...);
 *	chart_finish(&d, LEGEND_SERVERS, "requests/s by connections");
 */
#ifndef COMMON_CHARTS_CHART_H
#define COMMON_CHARTS_CHART_H

#include <stdbool.h>
#include <stdio.h>

#include "common/charts/gnuplot.h"
#include "common/verdict/comparison.h"

#define CHART_WIDTH 340
#define CHART_HEIGHT 230
#define CHART_WORDS (SERVERS_MAX + 2 * POINTS_MAX + 1)
#define CHART_WORD_SIZE 28

/* What all pictures of a page share. */
struct chart_page {
	const struct comparison *c;
	FILE *page;
	bool possible;
	/* If set: non-zero: draw no more. */
	const volatile int *stop;
	bool given_up;	/* one took too long, as the next might */
	unsigned count; /* drawn so far */
	char why[120];	/* why the last one was not drawn */
};

struct chart {
	struct chart_page *all;
	const struct scenario_result *o;
	struct gnuplot plot;
	/* ~0~ and on are the servers' names. */
	char words[CHART_WORDS][CHART_WORD_SIZE];
	size_t word_count;
};

enum legend { LEGEND_NONE, LEGEND_SERVERS, LEGEND_KINDS };

/* False if there is no memory for it, or no more shall be drawn. */
bool
chart_begin(struct chart *drawing, struct chart_page *all,
    const struct scenario_result *result, int height);

/* Adds a word, cut if it is too long. Returns its number. */
size_t
chart_word(struct chart *drawing, const char *text);

/* Room to the left for COUNT words from the FIRST on. */
void
chart_margin(struct chart *drawing, size_t first, size_t count);

/* COUNT rows from the top, at y = 0, 1, ..., named by the words from FIRST on.
 */
void
chart_name_rows(struct chart *drawing, size_t first, size_t count);

/* The baseline at 1 of AXIS, 'x' or 'y', and about it the band that does not
 * matter. */
void
chart_baseline(struct chart *drawing, char axis, double delta);

/* The figure to the page. CAPTION stands above it, and for it. */
void
chart_finish(struct chart *drawing, enum legend legend, const char *caption);

/* Instead: there was nothing to draw. */
void
chart_drop(struct chart *drawing);

size_t
chart_servers(const struct chart *drawing);

/* Whether any result of the scenario is invalid. */
bool
chart_has_invalid(const struct chart *drawing);

/* Whether a ratio is one of the server's CPU, not of the scenario's figure; and
 * whether any of the scenario's is. */
bool
chart_is_by_cpu(const struct server_result *found);
bool
chart_has_by_cpu(const struct chart *drawing);

/* The colour of a server's result at a point, for ROLE; grey if the result is
 * invalid. */
unsigned
chart_colour(
    const struct chart *drawing, size_t point, size_t server, int role);

const struct server_result *
chart_found(const struct chart *drawing, size_t point, size_t server);

/* The number KEY that a point stands at; NAN: it has none. */
double
chart_position(const struct point *point, const char *key);

#endif
