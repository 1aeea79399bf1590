/* SPDX-License-Identifier: MIT */
/*
 * terminal_report: a comparison as a person reads it in a terminal.
 */
#ifndef COMMON_REPORT_TERMINAL_REPORT_H
#define COMMON_REPORT_TERMINAL_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "common/verdict/comparison.h"

struct terminal_style {
	bool colour; /* escape sequences may be used */
	bool utf8;   /* block characters may be used */
};

/* What OUT allows: colours on a terminal, unless NO_COLOR or TERM says no;
 * the characters of the locale, which setlocale(3) must have been told of. */
struct terminal_style
terminal_style_of(FILE *out);

/* The verdicts in words, each with its figures; then how they came about. */
void
terminal_report(const struct comparison *comparison,
    const struct terminal_style *style, FILE *out);

/*
 * Two side by side, called A and B, by the names of scenarios, points and
 * servers. No verdict across them: they were not paired.
 */
void
side_by_side_terminal(const struct comparison *a, const char *a_name,
    const struct comparison *b, const char *b_name,
    const struct terminal_style *style, FILE *out);

#endif
