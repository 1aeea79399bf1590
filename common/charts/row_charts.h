/* SPDX-License-Identifier: MIT */
/*
 * row_charts: a row for each point, a dot for each server, on a log axis. For
 * points that differ by a number and by a word: they lie on no single curve.
 */
#ifndef COMMON_CHARTS_ROW_CHARTS_H
#define COMMON_CHARTS_ROW_CHARTS_H

#include "common/charts/chart.h"

/* "requests/s by state, KiB, and pieces" */
void
row_chart_values(struct chart_page *all, const struct scenario_result *result);

/* The same for ratios to the baseline, whose line and band it shows. */
void
row_chart_ratios(struct chart_page *all, const struct scenario_result *result);

#endif
