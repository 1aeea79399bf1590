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

/* What is sent, to whom, and the columns' names, before the first load. */
void
rate_sweep_report_head(
    const struct load_report *report, size_t rates, FILE *out);

/* What became of one rate: a line, and what went wrong below it. Flushed. */
void
rate_sweep_report_row(const struct load_report *report, FILE *out);

/* What the marks in the table mean, if there were any among COUNT. */
void
rate_sweep_report_foot(
    const struct load_report *reports, size_t count, FILE *out);

#endif
