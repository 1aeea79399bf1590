/* SPDX-License-Identifier: MIT */
/*
 * terminal_report: a comparison as a person reads it in a terminal.
 */
#ifndef COMMON_REPORT_TERMINAL_REPORT_H
#define COMMON_REPORT_TERMINAL_REPORT_H

#include <stdio.h>

#include "common/report/terminal_style.h"

/* The verdicts in words, each with its figures; then how they came about. */
void
terminal_report(const struct comparison *comparison,
    const struct terminal_style *style, FILE *out);

#endif
