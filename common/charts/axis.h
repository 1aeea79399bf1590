/* SPDX-License-Identifier: MIT */
/*
 * axis: gnuplot's ranges and tics as people write numbers: "150,000", "2 ms".
 *
 * AXIS is "x" or "y". What cannot be drawn (NAN, or more than 300 powers of ten
 * away from 1, but for 0) does not widen a range.
 */
#ifndef COMMON_CHARTS_AXIS_H
#define COMMON_CHARTS_AXIS_H

#include <stdbool.h>
#include <stdio.h>

struct range {
	double low, high; /* NAN: nothing yet */
};

void
range_begin(struct range *range);

void
range_add(struct range *range, double value);

/* Whether it spans so much that a log axis shows more. */
bool
range_is_wide(const struct range *range);

/* From 0 to a little above what there is, with round tics. */
void
axis_linear(FILE *script, const char *axis, const struct range *range);

/* FORMAT: fact_number(), fact_ratio() or fact_time(). */
void
axis_log(FILE *script, const char *axis, const struct range *range,
    char *(*format)(char *, size_t, double));

#endif
