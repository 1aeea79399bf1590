/* SPDX-License-Identifier: MIT */
/*
 * table: rows of short texts, printed in columns as wide as they need.
 *
 *	struct table t = {0};
 *	table_cell(&t, "server");
 *	table_cell(&t, "rate");
 *	table_end(&t);			 ends the row
 *	...
 *	table_print(&t, out);
 *
 * The first row is the heading. The first LEFT columns (1 if it is 0) are
 * aligned to the left, the others to the right. RAGGED: the last column is not
 * aligned. SPARE: it is left out where it does not fit. A column without any
 * known value ("-") is left out. Cells hold escaped text (escape.h). No
 * allocation.
 */
#ifndef COMMON_FORMAT_TABLE_H
#define COMMON_FORMAT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TABLE_COLUMNS 16
#define TABLE_ROWS 200
#define TABLE_CELL 96

struct table {
	size_t rows, at; /* at: the next cell of the last row */
	size_t left;
	bool ragged, spare;
	char cells[TABLE_ROWS][TABLE_COLUMNS][TABLE_CELL];
};

/* A text that is too long is cut; cells beyond the last row or column are
 * dropped. */
void
table_cell(struct table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void
table_end(struct table *table);

/* How many columns have something to show. */
size_t
table_columns(const struct table *table);

/*
 * Two blanks stand before each line, BOLD and PLAIN around the heading. A table
 * that is wider than WIDTH columns gets headings of two lines, then one blank
 * between columns, and then becomes several tables, one below the other, each
 * with the first LEFT columns. So no line wraps if LEFT and one more column
 * fit.
 */
void
table_print(const struct table *table, const char *bold, const char *plain,
    size_t width, FILE *out);

#endif
