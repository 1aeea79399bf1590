/* SPDX-License-Identifier: MIT */
/*
 * load_json: the results of loads as JSON.
 *
 *	perconn.load/1      one load
 *	perconn.sweep/1     {"schema":..,"runs":[..]}: a load at several rates
 *	perconn.interval/1  an interval of a load, a line for each
 *
 * Durations are seconds, latencies microseconds, rates per second; what is not
 * known is null. Six significant digits.
 */
#ifndef COMMON_REPORT_LOAD_JSON_H
#define COMMON_REPORT_LOAD_JSON_H

#include <stdint.h>
#include <stdio.h>

#include "common/report/load_report.h"

/* Errors are the stream's. */
void
load_json_print(const struct load_report *report, FILE *out);

void
load_json_print_sweep(
    const struct load_report *reports, size_t count, FILE *out);

/*
 * What happened from FROM_NS to TO_NS after the load's start, at RATE (0:
 * closed loop), as a line without its end, to be freed; NULL: out of memory.
 * An interval in which nothing happened has its line, too; its latencies are
 * null, and so is the throughput of one under 10 ms. All counters add up to
 * those of the result.
 */
char *
load_json_interval(double rate, const struct load_result *part,
    uint64_t from_ns, uint64_t to_ns);

#endif
