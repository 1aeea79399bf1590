/* SPDX-License-Identifier: MIT */
/* side_by_side_terminal: two comparisons as one table in a terminal. */
#include "common/report/side_by_side_terminal.h"

#include <string.h>

#include "common/base/escape.h"
#include "common/base/terminal.h"
#include "common/format/table.h"
#include "common/report/server_names.h"
#include "common/report/side_by_side.h"
#include "common/verdict/conditions.h"
#include "common/verdict/sentences.h"

static void
print_name(const char *letter, const char *name, const struct comparison *c,
    size_t width, FILE *out)
{
	char text[SENTENCE_SIZE], machine[SENTENCE_SIZE];
	char safe[ESCAPED_SIZE(SENTENCE_SIZE)];

	snprintf(text, sizeof(text), "%s: %s%s%s%s%s", letter, name,
	    c->when[0] ? ", " : "", c->when,
	    c->version[0] ? ", measured by perconn " : "", c->version);
	terminal_fold(out, escape(text, safe, sizeof(safe)), 0, 3, width);
	conditions_machine(machine, sizeof(machine), c);
	fputs("   ", out);
	terminal_fold(out, escape(machine, safe, sizeof(safe)), 3, 3, width);
}

static void
cells(struct table *table, const struct scenario_result *result,
    const struct server_result *f, bool baseline)
{
	char text[2 * FIGURE_SIZE];
	bool usable = f && f->usable;

	table_cell(table, "%s",
	    side_by_side_value(text, sizeof(text), result, f, ">= "));
	table_cell(table, "%s",
	    usable ? figure_interval(text, sizeof(text), &f->value) : "-");
	table_cell(table, "%s",
	    side_by_side_ratio_text(text, sizeof(text), f, baseline));
}

static void
heads(struct table *table)
{
	table_cell(table, "server");
	for (int i = 0; i < 2; i++) {
		table_cell(table, "%c", 'A' + i);
		table_cell(table, "95 %% interval");
		table_cell(table, "ratio");
	}
	table_end(table);
}

static void
row(struct table *table, const struct side_by_side_row *one,
    const struct server_names *names)
{
	char name[TABLE_CELL];

	table_cell(table, "%s",
	    server_names_show(names, one->server, name, sizeof(name)));
	cells(table, one->result, one->a, one->a_baseline);
	cells(table, one->result, one->b, one->b_baseline);
	table_end(table);
}

static void
title(const struct side_by_side_row *one, const struct terminal_style *style,
    FILE *out)
{
	char text[300], at[100], safe[ESCAPED_SIZE(300)];

	label_point(at, sizeof(at), one->point);
	snprintf(text, sizeof(text), "%s%s%s: %s", one->result->name,
	    at[0] ? ", " : "", at, one->result->unit);
	fprintf(out, "\n%s%s%s\n", style->colour ? "\033[1m" : "",
	    escape(text, safe, sizeof(safe)), style->colour ? "\033[0m" : "");
}

void
side_by_side_terminal(const struct comparison *a, const char *a_name,
    const struct comparison *b, const char *b_name,
    const struct terminal_style *style, FILE *out)
{
	static struct side_by_side_row rows[SIDE_BY_SIDE_ROWS_MAX];
	static struct table table;
	size_t count = side_by_side_rows(a, b, rows);
	struct server_names names = {0};

	server_names_add(&names, a);
	server_names_add(&names, b);
	print_name("A", a_name, a, style->width, out);
	print_name("B", b_name, b, style->width, out);
	for (size_t i = 0; i < count;) {
		const struct point *point = rows[i].point;

		title(&rows[i], style, out);
		memset(&table, 0, sizeof(table));
		heads(&table);
		while (i < count && rows[i].point == point)
			row(&table, &rows[i++], &names);
		table_print(&table, style->colour ? "\033[2m" : "",
		    style->colour ? "\033[0m" : "", style->width, out);
	}
	fputc('\n', out);
	terminal_fold(out, SIDE_BY_SIDE_CAVEAT, 0, 0, style->width);
}
