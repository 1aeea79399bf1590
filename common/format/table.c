/* SPDX-License-Identifier: MIT */
/* table: widths first, then the lines. */
#include "common/format/table.h"

#include <stdarg.h>
#include <string.h>

#include "common/base/escape.h"

#define INDENT 2 /* of each line */

void
table_cell(struct table *table, const char *format, ...)
{
	va_list args;

	if (table->rows == TABLE_ROWS || table->at == TABLE_COLUMNS)
		return;
	va_start(args, format);
	vsnprintf(
	    table->cells[table->rows][table->at++], TABLE_CELL, format, args);
	va_end(args);
}

void
table_end(struct table *table)
{
	if (table->rows < TABLE_ROWS)
		table->rows++;
	table->at = 0;
}

/* ---- widths ---- */

/* How a table is laid out: as it is if that fits, else with headings of two
 * lines, else with one blank between columns, too. */
struct shape {
	bool tall; /* headings have two lines */
	bool ragged;
	size_t gap;
	size_t columns; /* up to the last one that is shown */
	size_t widths[TABLE_COLUMNS];
};

/* The columns of CELL on a terminal, which takes colours from it. */
static size_t
visible(const char *cell)
{
	size_t columns = escape_columns(cell);

	for (const char *at = cell; (at = strchr(at, '\033')); at++)
		columns -= strcspn(at, "m") + 1;
	return columns;
}

static bool
is_shown(const struct table *table, size_t column)
{
	if (table->rows < 2)
		return table->cells[0][column][0];
	for (size_t row = 1; row < table->rows; row++) {
		const char *cell = table->cells[row][column];

		if (*cell && strcmp(cell, "-") != 0)
			return true;
	}
	return false;
}

/* Where to break HEAD in two: at the blank nearest to its middle; 0: no blank.
 */
static size_t
break_of(const char *head)
{
	size_t middle = strlen(head) / 2, best = 0;

	for (size_t i = 1; head[i]; i++) {
		size_t off = i > middle ? i - middle : middle - i;
		size_t least = best > middle ? best - middle : middle - best;

		if (head[i] == ' ' && (!best || off < least))
			best = i;
	}
	return best;
}

/* Line 0 or 1 of HEAD, in BUF of TABLE_CELL bytes. What is not broken stands
 * below. Returns BUF. */
static const char *
head_line(const char *head, int line, char *buf)
{
	size_t at = break_of(head);

	if (line == 0)
		snprintf(buf, TABLE_CELL, "%.*s", (int)at, head);
	else
		snprintf(buf, TABLE_CELL, "%s", head + (at ? at + 1 : 0));
	return buf;
}

static size_t
head_width(const char *head, bool tall)
{
	char buf[TABLE_CELL];
	size_t above, below;

	if (!tall)
		return visible(head);
	above = visible(head_line(head, 0, buf));
	below = visible(head_line(head, 1, buf));
	return above > below ? above : below;
}

/* 0: the column is empty, or has no known value. */
static size_t
width_of(const struct table *table, size_t column, bool tall)
{
	size_t width;

	if (!is_shown(table, column))
		return 0;
	width = head_width(table->cells[0][column], tall);
	for (size_t row = 1; row < table->rows; row++) {
		size_t len = visible(table->cells[row][column]);

		width = len > width ? len : width;
	}
	return width;
}

size_t
table_columns(const struct table *table)
{
	size_t count = 0;

	for (size_t i = 0; i < TABLE_COLUMNS; i++)
		count += is_shown(table, i);
	return count;
}

static struct shape
shape_of(const struct table *table, bool tall, size_t gap, size_t columns)
{
	/* Without its spare column, a table ends with figures. */
	struct shape shape = {.tall = tall,
	    .ragged =
		table->ragged && (!table->spare || columns == TABLE_COLUMNS),
	    .gap = gap};

	for (size_t i = 0; i < columns; i++) {
		shape.widths[i] = width_of(table, i, tall);
		if (shape.widths[i])
			shape.columns = i + 1;
	}
	return shape;
}

static size_t
left_columns(const struct table *table)
{
	return table->left ? table->left : 1;
}

/* Whether column I is in the part of the columns FROM to TO: the first ones are
 * in each, to tell its rows. */
static bool
is_in(const struct table *table, const struct shape *shape, size_t i,
    size_t from, size_t to)
{
	return (i < left_columns(table) || (i >= from && i < to)) &&
	       shape->widths[i];
}

static size_t
part_width(const struct table *table, const struct shape *shape, size_t from,
    size_t to)
{
	size_t width = INDENT - shape->gap;

	for (size_t i = 0; i < shape->columns; i++) {
		if (is_in(table, shape, i, from, to))
			width += shape->gap + shape->widths[i];
	}
	return width;
}

/* The end of the part that begins at FROM; a part has at least one column. */
static size_t
part_end(const struct table *table, const struct shape *shape, size_t from,
    size_t width)
{
	size_t to = from + 1;

	while (to < shape->columns &&
	       part_width(table, shape, from, to + 1) <= width)
		to++;
	return to;
}

/* The first shape that fits, of COLUMNS columns; else the narrowest. */
static struct shape
fit(const struct table *table, size_t columns, size_t width)
{
	static const struct {
		bool tall;
		size_t gap;
	} shapes[] = {{false, 2}, {true, 2}, {true, 1}};
	struct shape shape;

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		shape = shape_of(table, shapes[i].tall, shapes[i].gap, columns);
		if (part_width(table, &shape, 0, columns) <= width)
			return shape;
	}
	if (table->spare && columns == TABLE_COLUMNS)
		return fit(table, shape.columns - 1, width);
	return shape;
}

/* ---- lines ---- */

static void
print_cell(const struct table *table, const struct shape *shape, size_t i,
    const char *cell, FILE *out)
{
	int pad = (int)shape->widths[i] - (int)visible(cell);
	bool left = i < left_columns(table);

	if (shape->ragged && i + 1 == shape->columns)
		pad = 0;
	fprintf(out, "%*s%s%*s", left ? 0 : pad, "", cell, left ? pad : 0, "");
}

/* LINE: 0 or 1 of a heading of two; else -1. */
static void
print_row(const struct table *table, const struct shape *shape, size_t row,
    int line, size_t from, size_t to, FILE *out)
{
	int gap = INDENT;

	for (size_t i = 0; i < shape->columns; i++) {
		const char *cell = table->cells[row][i];
		char buf[TABLE_CELL];

		if (!is_in(table, shape, i, from, to))
			continue;
		fprintf(out, "%*s", gap, "");
		print_cell(table, shape, i,
		    line < 0 ? cell : head_line(cell, line, buf), out);
		gap = (int)shape->gap;
	}
}

static bool
has_broken_head(const struct table *table, const struct shape *shape,
    size_t from, size_t to)
{
	for (size_t i = 0; i < shape->columns && shape->tall; i++) {
		if (is_in(table, shape, i, from, to) &&
		    break_of(table->cells[0][i]))
			return true;
	}
	return false;
}

static void
print_head(const struct table *table, const struct shape *shape, size_t from,
    size_t to, const char *bold, const char *plain, FILE *out)
{
	bool two = has_broken_head(table, shape, from, to);
	int first = two ? 0 : -1, last = two ? 1 : -1;

	for (int line = first; line <= last; line++) {
		fputs(bold, out);
		print_row(table, shape, 0, line, from, to, out);
		fprintf(out, "%s\n", plain);
	}
}

void
table_print(const struct table *table, const char *bold, const char *plain,
    size_t width, FILE *out)
{
	struct shape shape = fit(table, TABLE_COLUMNS, width);

	for (size_t from = 0, to; from < shape.columns; from = to) {
		to = part_end(table, &shape, from, width);
		if (from)
			fputc('\n', out);
		print_head(table, &shape, from, to, bold, plain, out);
		for (size_t row = 1; row < table->rows; row++) {
			print_row(table, &shape, row, -1, from, to, out);
			fputc('\n', out);
		}
	}
}
