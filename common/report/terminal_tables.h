/* SPDX-License-Identifier: MIT */
/*
 * terminal_tables: the tables of terminal_report.
 */
#ifndef COMMON_REPORT_TERMINAL_TABLES_H
#define COMMON_REPORT_TERMINAL_TABLES_H

#include "common/report/terminal_style.h"

/* One point: a row for each server, with a bar. */
void
terminal_table_values(struct terminal_printer *p,
    const struct scenario_result *result, const struct point *point);

/* Several: a line for each, one server against the baseline. */
void
terminal_table_sweep(struct terminal_printer *p,
    const struct scenario_result *result, size_t server);

/* Latency, CPU, switches, faults; memory by kind at the last point that has
 * any. What is unknown of all is left out. */
void
terminal_table_usage(
    struct terminal_printer *p, const struct scenario_result *result);

void
terminal_table_memory(
    struct terminal_printer *p, const struct scenario_result *result);

#endif
