/* SPDX-License-Identifier: MIT */
/*
 * sweep_report: a load at several rates, one after the other, as a table and
 * as JSON.
 *
 *	sweep_report_head(&first, out);
 *	for each rate: sweep_report_row(&report, out);
 *	sweep_report_foot(&last, out);
 */
#ifndef COMMON_REPORT_RATE_SWEEP_REPORT_H
#define COMMON_REPORT_RATE_SWEEP_REPORT_H

#include <stdio.h>

#include "common/report/load_report.h"

/* What is sent, to whom, and the columns' names, before the first load. */
void
sweep_report_head(const struct load_report *report, size_t rates, FILE *out);

/* What became of one rate: a line, and what went wrong below it. Flushed. */
void
sweep_report_row(const struct load_report *report, FILE *out);

/* What the marks in the table mean, if there were any among COUNT. */
void
sweep_report_foot(const struct load_report *reports, size_t count, FILE *out);

/* Schema perconn.sweep/1: {"schema":..,"runs":[..]}, each a perconn.load/1. */
void
sweep_report_json(const struct load_report *reports, size_t count, FILE *out);

#endif
