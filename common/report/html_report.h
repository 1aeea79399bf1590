/* SPDX-License-Identifier: MIT */
/*
 * html_report: a comparison as one page of HTML that needs nothing else: no
 * network, no script, no font.
 *
 * Pictures are gnuplot's, within the page; without gnuplot it says so and has
 * its tables.
 */
#ifndef COMMON_REPORT_HTML_REPORT_H
#define COMMON_REPORT_HTML_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "common/verdict/comparison.h"

/* What a page cannot tell from the comparison. */
struct html_report_plan {
	bool has_slices; /* slices.csv of it stands beside the page */
	/* If set: non-zero: no more pictures. */
	const volatile int *stop;
};

/* Errors are the stream's. Returns whether all pictures were drawn; if not, WHY
 * says what is missing. */
bool
html_report(const struct comparison *comparison,
    const struct html_report_plan *plan, FILE *page, char *why, size_t size);

/* What each page begins and ends with. */
void
html_report_begin(FILE *page, const char *title);

void
html_report_end(FILE *page);

#endif
