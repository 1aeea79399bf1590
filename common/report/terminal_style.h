/* SPDX-License-Identifier: MIT */
/*
 * printer: what the parts of comparison_print share: the stream, its style, a
 * table, and lines of words that may be a stranger's.
 */
#ifndef COMMON_REPORT_TERMINAL_STYLE_H
#define COMMON_REPORT_TERMINAL_STYLE_H

#include "common/report/terminal_report.h"
#include "common/format/table.h"

struct printer {
	const struct comparison *c;
	const struct print_style *style;
	FILE *out;
	struct table table;
};

#define BOLD(p) printer_mark(p, "\033[1m")
#define DIM(p) printer_mark(p, "\033[2m")
#define PLAIN(p) printer_mark(p, "\033[0m")

/* SEQUENCE, or nothing where there are no colours. */
const char *
printer_mark(const struct printer *p, const char *sequence);

const char *
printer_colour(const struct printer *p, enum verdict verdict);

/* An empty table, its lines, a cell with the name of a server. */
void
printer_table(struct printer *p);

void
printer_show(struct printer *p);

void
printer_name(struct printer *p, size_t server);

/* TEXT escaped, after INDENT; nothing if it is empty. */
void
printer_line(struct printer *p, const char *indent, const char *text);

/* ---- the tables ---- */

/* One point: a row for each server, with a bar. */
void
print_values(struct printer *p, const struct outcome *outcome,
    const struct point *point);

/* Several: a line for each, one server against the baseline. */
void
print_sweep(struct printer *p, const struct outcome *outcome, size_t server);

/* Latency, CPU, switches, faults; memory by kind at the last point that has
 * any. What is unknown of all is left out. */
void
print_costs(struct printer *p, const struct outcome *outcome);

void
print_memory(struct printer *p, const struct outcome *outcome);

#endif
