/* SPDX-License-Identifier: MIT */
/*
 * terminal_style: what the parts of terminal_report share: the stream, its
 * style, a table, and lines of words that may be untrusted.
 */
#ifndef COMMON_REPORT_TERMINAL_STYLE_H
#define COMMON_REPORT_TERMINAL_STYLE_H

#include <stdbool.h>
#include <stdio.h>

#include "common/format/table.h"
#include "common/verdict/comparison.h"

struct terminal_style {
	bool colour;  /* escape sequences may be used */
	bool utf8;    /* block characters may be used */
	size_t width; /* columns of a line; 0: TERMINAL_COLUMNS */
};

/* What OUT allows: colours on a terminal, unless NO_COLOR or TERM says no;
 * the characters of the locale, which setlocale(3) must have been told of. */
struct terminal_style
terminal_style_of(FILE *out);

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

/* Columns of a line. */
size_t
terminal_width(const struct terminal_printer *p);

/* TEXT escaped, after INDENT, broken between words where the terminal ends;
 * further lines stand two columns deeper. Nothing if it is empty. */
void
terminal_line(struct terminal_printer *p, const char *indent, const char *text);

#endif
