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

struct axis_range {
	double low, high; /* NAN: nothing yet */
};

void
axis_range_begin(struct axis_range *range);

void
axis_range_add(struct axis_range *range, double value);

/* Whether it spans so much that a log axis shows more. */
bool
axis_range_is_wide(const struct axis_range *range);

/* From 0 to a little above what there is, with round tics. */
void
axis_linear(FILE *script, const char *axis, const struct axis_range *range);

/* FORMAT: figure_number(), figure_ratio() or figure_time(). */
void
axis_log(FILE *script, const char *axis, const struct axis_range *range,
    char *(*format)(char *, size_t, double));

#endif
