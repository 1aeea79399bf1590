/* SPDX-License-Identifier: MIT */
/*
 * forest_plot: all ratios of a comparison on one logarithmic axis, as rows with
 * places, for the page and the terminal to draw.
 *
 *	struct forest_plot plot;
 *	if (forest_plot_init(&plot, comparison) < 0) ...no memory
 *	for (size_t i = 0; i < plot.count; i++)
 *		...draw plot.rows[i]
 *	forest_plot_release(&plot);
 *
 * A place is a share of the axis: 0 is its left end, 1 its right end. To the
 * right is better than the baseline, as in every ratio of this program. The
 * comparison has to outlive the plot.
 */
#ifndef COMMON_CHARTS_FOREST_PLOT_H
#define COMMON_CHARTS_FOREST_PLOT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/verdict/comparison.h"

/* The axis ends here at the latest; what is beyond has an arrow. */
#define FOREST_FARTHEST 10.0
#define FOREST_TICKS 32
#define FOREST_WORDS 700

/* A row is the heading of those below it, or one server at one point. */
struct forest_row {
	size_t scenario; /* number of it in the comparison */
	/* NULL: a heading, or a scenario without results. */
	const struct server_result *found;
	bool below; /* a heading, which names the scenario, stands above */
	char label[160];
	/* "0.354"; or instead of a place on the axis: the difference, or why
	 * there is nothing to draw. Of an invalid ratio it is empty. */
	char words[FOREST_WORDS];
	bool drawn;	      /* it has places */
	double at, low, high; /* low, high NAN: no interval */
	bool before, beyond;  /* it goes on to the left, to the right */
};

struct forest_tick {
	double at; /* a place */
	char text[16];
};

struct forest_plot {
	double low, high;	    /* the ratios at its ends */
	double one;		    /* where the baseline stands */
	double zone_low, zone_high; /* what does not matter; NAN: unknown */
	size_t count;
	size_t drawn;		 /* rows with places; 0: no axis is needed */
	struct forest_row *rows; /* owned */
};

/* 0, or -1 with errno. A comparison of one server has no rows. */
int
forest_plot_init(struct forest_plot *plot, const struct comparison *comparison);

/* Harmless twice. */
void
forest_plot_release(struct forest_plot *plot);

/* The round ratios to write below the axis, 1 among them, at least GAP of it
 * apart. Returns how many of the FOREST_TICKS it has filled. */
size_t
forest_plot_ticks(
    const struct forest_plot *plot, double gap, struct forest_tick *ticks);

#endif
