/* SPDX-License-Identifier: MIT */
/*
 * terminal_style: what the parts of terminal_report share: the stream, its
 * style, a table, and lines of words that may be a stranger's.
 */
#ifndef COMMON_REPORT_TERMINAL_STYLE_H
#define COMMON_REPORT_TERMINAL_STYLE_H

#include "common/report/terminal_report.h"
#include "common/format/table.h"

struct terminal_printer {
	const struct comparison *c;
	const struct terminal_style *style;
	FILE *out;
	struct table table;
};

#define BOLD(p) terminal_mark(p, "\033[1m")
#define DIM(p) terminal_mark(p, "\033[2m")
#define PLAIN(p) terminal_mark(p, "\033[0m")

/* SEQUENCE, or nothing where there are no colours. */
const char *
terminal_mark(const struct terminal_printer *p, const char *sequence);

const char *
terminal_colour(const struct terminal_printer *p, enum verdict verdict);

/* An empty table, its lines, a cell with the name of a server. */
void
terminal_table(struct terminal_printer *p);

void
terminal_show(struct terminal_printer *p);

void
terminal_name(struct terminal_printer *p, size_t server);

/* TEXT escaped, after INDENT; nothing if it is empty. */
void
terminal_line(struct terminal_printer *p, const char *indent, const char *text);

/* ---- the tables ---- */

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
