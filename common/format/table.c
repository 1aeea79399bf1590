/* SPDX-License-Identifier: MIT */
/* table: widths first, then the lines. */
#include "common/format/table.h"

#include <stdarg.h>
#include <string.h>

#include "common/base/escape.h"

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

/* 0: nothing is in it, or nothing that is known. */
static size_t
width_of(const struct table *table, size_t column)
{
	size_t width = 0;
	bool known = table->rows < 2;

	for (size_t row = 1; row < table->rows; row++) {
		const char *cell = table->cells[row][column];

		known |= *cell && strcmp(cell, "-") != 0;
	}
	if (!known)
		return 0;

	for (size_t row = 0; row < table->rows; row++) {
		size_t len = escape_columns(table->cells[row][column]);

		width = len > width ? len : width;
	}
	return width;
}

size_t
table_columns(const struct table *table)
{
	size_t count = 0;

	for (size_t i = 0; i < TABLE_COLUMNS; i++)
		count += width_of(table, i) > 0;
	return count;
}

static void
print_row(const struct table *table, size_t row, const size_t *widths,
    size_t columns, FILE *out)
{
	for (size_t i = 0; i < columns; i++) {
		const char *cell = table->cells[row][i];
		bool left = i < (table->left ? table->left : 1);

		int pad = (int)widths[i] - (int)escape_columns(cell);

		if (!widths[i])
			continue;
		if (table->ragged && i + 1 == columns)
			pad = 0;
		fprintf(out, "  %*s%s%*s", left ? 0 : pad, "", cell,
		    left ? pad : 0, "");
	}
}

void
table_print(
    const struct table *table, const char *bold, const char *plain, FILE *out)
{
	size_t widths[TABLE_COLUMNS], columns = TABLE_COLUMNS;

	for (size_t i = 0; i < TABLE_COLUMNS; i++)
		widths[i] = width_of(table, i);
	while (columns && !widths[columns - 1])
		columns--;
	for (size_t row = 0; row < table->rows; row++) {
		fputs(row ? "" : bold, out);
		print_row(table, row, widths, columns, out);
		fprintf(out, "%s\n", row ? "" : plain);
	}
}
