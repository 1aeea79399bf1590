/* SPDX-License-Identifier: MIT */
/* table: columns as wide as they need, and never wider than the terminal. */
#include "tests/unit/unit.h"

#include "common/format/table.h"

static struct table table;

static int
set_up(void **state)
{
	(void)state;
	memset(&table, 0, sizeof(table));
	return 0;
}

static void
row(const char *a, const char *b, const char *c)
{
	const char *cells[] = {a, b, c};

	for (size_t i = 0; i < 3; i++)
		table_cell(&table, "%s", cells[i]);
	table_end(&table);
}

/* What it prints in WIDTH columns; the caller frees it. */
static void
prints(size_t width, const char *lines)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	table_print(&table, "", "", width, out);
	fclose(out);
	assert_string_equal(text, lines);
	free(text);
}

#define TABLE_TEST(name) TEST_WITH(name, set_up, NULL)

TABLE_TEST(columns_are_as_wide_as_their_longest_cell)
{
	row("server", "rate", "95 % interval");
	row("a", "12,345", "1 .. 2");
	prints(80, "  server    rate  95 % interval\n"
		   "  a       12,345         1 .. 2\n");
}

TABLE_TEST(too_wide_a_table_breaks_its_headings_at_a_blank)
{
	row("server", "rate", "95 % interval");
	row("a", "12,345", "1 .. 2");
	prints(27, "                      95 %\n"
		   "  server    rate  interval\n"
		   "  a       12,345    1 .. 2\n");
}

TABLE_TEST(then_it_has_one_blank_between_columns)
{
	row("server", "rate", "95 % interval");
	row("a", "12,345", "1 .. 2");
	prints(24, "                    95 %\n"
		   "  server   rate interval\n"
		   "  a      12,345   1 .. 2\n");
}

TABLE_TEST(then_it_becomes_two_each_with_the_names)
{
	row("server", "rate", "interval");
	row("a", "12,345", "1 .. 2");
	prints(20, "  server   rate\n"
		   "  a      12,345\n"
		   "\n"
		   "  server interval\n"
		   "  a        1 .. 2\n");
}

TABLE_TEST(a_spare_column_goes_first)
{
	row("server", "rate", "");
	row("a", "12,345", "##########");
	table.ragged = table.spare = true;
	prints(26, "  server   rate \n"
		   "  a      12,345 ##########\n");
	prints(20, "  server    rate\n"
		   "  a       12,345\n");
}

TABLE_TEST(colours_take_no_room)
{
	row("at", "ratio", "verdict");
	row("1", "0.5", "\033[31mslower\033[0m");
	prints(21, "  at  ratio  verdict\n"
		   "  1     0.5   \033[31mslower\033[0m\n");
}

TABLE_TEST(a_column_without_a_known_figure_is_left_out)
{
	row("server", "rate", "p99");
	row("a", "-", "1");
	row("b", "", "2");
	prints(80, "  server  p99\n"
		   "  a         1\n"
		   "  b         2\n");
}

RUN_TESTS(NULL, NULL)
