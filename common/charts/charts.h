/* SPDX-License-Identifier: MIT */
/*
 * charts: the pictures of one scenario.
 *
 * The results choose the pictures, not the scenario's name: one point has bars
 * and, if latencies are known, their percentiles; points along a number have
 * curves; points that differ by a word have groups of bars; figures in KiB are
 * stacked by kind of memory.
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
