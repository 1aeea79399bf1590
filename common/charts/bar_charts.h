/* SPDX-License-Identifier: MIT */
/*
 * bar_charts: pictures in bars: values, memory by kind, groups.
 */
#ifndef COMMON_CHARTS_BAR_CHARTS_H
#define COMMON_CHARTS_BAR_CHARTS_H

#include "common/charts/chart.h"

/* One point: a bar for each server, its interval, a dot for each block. */
void
bar_chart_values(struct chart_page *all, const struct scenario_result *result);

/* Any points: a row for each server at each, by kind of memory. */
void
bar_chart_memory(struct chart_page *all, const struct scenario_result *result);

/* Points that differ by a word: a group of bars for each. */
void
bar_chart_groups(struct chart_page *all, const struct scenario_result *result);

#endif
