/* SPDX-License-Identifier: MIT */
/*
 * charts: what a scenario found, drawn.
 *
 * What is drawn follows from what there is, not from the scenario's name: one
 * point has bars and, if latencies are known, their percentiles; points along
 * a number have curves; points that differ by a word have groups of bars; what
 * is measured in KiB is stacked by kind.
 */
#ifndef COMMON_CHARTS_CHARTS_H
#define COMMON_CHARTS_CHARTS_H

#include <stdbool.h>
#include <stdio.h>

#include "common/verdict/comparison.h"

struct charts {
	const struct comparison *c;
	FILE *page;
	bool possible;
	/* If set: non-zero: draw no more. */
	const volatile int *stop;
	bool given_up;	/* one took too long, and so might each */
	unsigned count; /* drawn so far */
	char why[120];	/* the last one could not be */
};

/* Asks whether there is a gnuplot. */
void
charts_begin(
    struct charts *pictures, const struct comparison *comparison, FILE *page);

/* Whether one more is to be drawn; if it was stopped, WHY says so. */
bool
charts_go_on(struct charts *pictures);

/* <figure>s to the page; none without gnuplot. */
void
charts_draw(struct charts *pictures, const struct scenario_result *result);

#endif
