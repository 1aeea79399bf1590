/* SPDX-License-Identifier: MIT */
/*
 * hdr_percentiles: a histogram as the text that HdrHistogram's plotters read.
 *
 * The form of its outputPercentileDistribution() with five ticks for each
 * half of the distance to 100 %: value, percentile from 0 to 1, count up to
 * there, and 1/(1-percentile). Values are microseconds.
 */
#ifndef COMMON_REPORT_HDR_PERCENTILES_H
#define COMMON_REPORT_HDR_PERCENTILES_H

#include <stdio.h>

#include "common/stats/histogram.h"

/* HIST is of nanoseconds. Errors are the stream's. */
void
hdr_percentiles_print(const struct histogram *hist, FILE *out);

#endif
