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

#include "common/charts/chart.h"

/* Asks whether there is a gnuplot. */
void
charts_begin(
    struct chart_page *charts, const struct comparison *comparison, FILE *page);

/* <figure>s to the page; none without gnuplot. */
void
charts_draw(struct chart_page *charts, const struct scenario_result *result);

#endif
