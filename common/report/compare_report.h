/* SPDX-License-Identifier: MIT */
/*
 * compare_report: the result of a comparison, as a table and as JSON.
 */
#ifndef COMMON_REPORT_COMPARE_REPORT_H
#define COMMON_REPORT_COMPARE_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "common/load/compare.h"
#include "common/load/machine.h"

struct compare_report {
	const struct compare_plan *plan;
	const struct compare_result *result;
	struct machine before, after;
};

/* For a person who has not read the manual. COLOUR: verdicts in colour. */
void
compare_report_print(
    const struct compare_report *report, FILE *out, bool colour);

/* Schema perconn.compare/1. */
void
compare_report_json(const struct compare_report *report, FILE *out);

/* Whether all is well: no error, no verdict `invalid`. */
bool
compare_report_clean(const struct compare_report *report);

#endif
