/* SPDX-License-Identifier: MIT */
/*
 * pictures: what a scenario found, drawn.
 *
 * What is drawn follows from what there is, not from the scenario's name: one
 * point has bars and, if latencies are known, their percentiles; points along
 * a number have curves; points that differ by a word have groups of bars; what
 * is measured in KiB is stacked by kind.
 */
#ifndef COMMON_REPORT_PICTURES_H
#define COMMON_REPORT_PICTURES_H

#include <stdbool.h>
#include <stdio.h>

#include "common/load/comparison.h"

struct pictures {
	const struct comparison *c;
	FILE *page;
	bool possible;
	unsigned count; /* drawn so far */
	char why[120];	/* the last one could not be */
};

/* Asks whether there is a gnuplot. */
void
pictures_begin(
    struct pictures *pictures, const struct comparison *comparison, FILE *page);

/* <figure>s to the page; none without gnuplot. */
void
pictures_draw(struct pictures *pictures, const struct outcome *outcome);

#endif
