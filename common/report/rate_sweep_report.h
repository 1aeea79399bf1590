/* SPDX-License-Identifier: MIT */
/*
 * rate_sweep_report: a load at several rates, one after the other, as a
 * table.
 *
 *	rate_sweep_report_head(&first, out);
 *	for each rate: rate_sweep_report_row(&report, out);
 *	rate_sweep_report_foot(&last, out);
 */
#ifndef COMMON_REPORT_RATE_SWEEP_REPORT_H
#define COMMON_REPORT_RATE_SWEEP_REPORT_H

#include <stdio.h>

#include "common/report/load_report.h"

/* Before the first load: what is sent to which target, and the headings. */
void
rate_sweep_report_head(
    const struct load_report *report, size_t rates, FILE *out);

/* The result of one rate: a line, and its faults below. Flushed. */
void
rate_sweep_report_row(const struct load_report *report, FILE *out);

/* What the marks in the table mean, if there were any among COUNT. */
void
rate_sweep_report_foot(
    const struct load_report *reports, size_t count, FILE *out);

#endif
