/* SPDX-License-Identifier: MIT */
/*
 * terminal_forest: all ratios in one picture of characters, as wide as the
 * terminal.
 */
#ifndef COMMON_REPORT_TERMINAL_FOREST_H
#define COMMON_REPORT_TERMINAL_FOREST_H

#include "common/charts/forest_plot.h"
#include "common/report/terminal_style.h"

/* Nothing without rows. */
void
terminal_forest(struct terminal_printer *p, const struct forest_plot *plot);

#endif
