/* SPDX-License-Identifier: MIT */
/*
 * interval_series: a load over time, a line of JSON for each interval.
 *
 * Schema perconn.interval/1, with the units of perconn.load/1. An interval in
 * which nothing happened has its line, too; its latencies are null, and so is
 * the throughput of one under 10 ms. All counters add up to those of the
 * result.
 */
#ifndef COMMON_REPORT_INTERVAL_SERIES_H
#define COMMON_REPORT_INTERVAL_SERIES_H

#include <stdint.h>
#include <stdio.h>

#include "common/load/load_result.h"

/*
 * What happened from FROM_NS to TO_NS after the load's start, at RATE (0:
 * closed loop).
 */
void
interval_series_print(FILE *out, double rate, const struct load_result *part,
    uint64_t from_ns, uint64_t to_ns);

#endif
