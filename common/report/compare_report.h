/* SPDX-License-Identifier: MIT */
/*
 * compare_report: the result of a comparison, as a table and as JSON.
 */
#ifndef COMMON_REPORT_COMPARE_REPORT_H
#define COMMON_REPORT_COMPARE_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "common/load/comparison.h"

/* For a person who has not read the manual. COLOUR: verdicts in colour. */
void
compare_report_print(const struct comparison *c, FILE *out, bool colour);

/* Schema perconn.compare/1. */
void
compare_report_json(const struct comparison *c, FILE *out);

#endif
