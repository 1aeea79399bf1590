/* SPDX-License-Identifier: MIT */
/*
 * side_by_side_terminal: two comparisons side by side in a terminal.
 */
#ifndef COMMON_REPORT_SIDE_BY_SIDE_TERMINAL_H
#define COMMON_REPORT_SIDE_BY_SIDE_TERMINAL_H

#include <stdio.h>

#include "common/report/terminal_style.h"

/*
 * Two side by side, called A and B, by the names of scenarios, points and
 * servers. No verdict across them: they were not paired.
 */
void
side_by_side_terminal(const struct comparison *a, const char *a_name,
    const struct comparison *b, const char *b_name,
    const struct terminal_style *style, FILE *out);

#endif
