/* SPDX-License-Identifier: MIT */
/*
 * line_charts: pictures in lines: percentiles, and figures along a number.
 */
#ifndef COMMON_CHARTS_LINE_CHARTS_H
#define COMMON_CHARTS_LINE_CHARTS_H

#include "common/charts/chart.h"

/* One point: latency, on a scale where each further nine is as wide. */
void
line_chart_percentiles(
    struct chart_page *all, const struct scenario_result *result);

/* Whether at least two points lie on one curve: those without a word of their
 * own. Else row_charts.h draws them. */
bool
line_chart_is_possible(const struct scenario_result *result);

/* Points along the number KEY: the values; their ratios to the baseline; and
 * the response and service times of an open loop. */
void
line_chart_values(struct chart_page *all, const struct scenario_result *result,
    const char *key);

void
line_chart_ratios(struct chart_page *all, const struct scenario_result *result,
    const char *key);

void
line_chart_knee(struct chart_page *all, const struct scenario_result *result,
    const char *key);

#endif
