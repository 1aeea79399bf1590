/* SPDX-License-Identifier: MIT */
/* terminal_style: marks, lines and names. */
#include "common/report/terminal_style.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/escape.h"
#include "common/base/terminal.h"
#include "common/report/server_names.h"
#include "common/verdict/conclusion.h"

/* As no-color.org has it: an empty one says nothing. */
static bool
wants_colour(void)
{
	const char *none = getenv("NO_COLOR"), *terminal = getenv("TERM");

	return !(none && none[0]) &&
	       !(terminal && strcmp(terminal, "dumb") == 0);
}

struct terminal_style
terminal_style_of(FILE *out)
{
	int fd = out == stderr ? STDERR_FILENO : STDOUT_FILENO;

	return (struct terminal_style){
	    .colour = isatty(fd) && wants_colour(),
	    .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
	    .width = terminal_columns(fd),
	};
}

size_t
terminal_width(const struct terminal_printer *p)
{
	return p->style->width ? p->style->width : TERMINAL_COLUMNS;
}

const char *
terminal_mark(const struct terminal_printer *p, const char *sequence)
{
	return p->style->colour ? sequence : "";
}

const char *
terminal_colour(const struct terminal_printer *p, enum verdict verdict)
{
	static const char *const colours[] = {
	    [FASTER] = "\033[32m",
	    [SLOWER] = "\033[31m",
	    [EQUIVALENT] = "\033[36m",
	    [UNDECIDED] = "\033[33m",
	    [INVALID] = "\033[2m",
	};

	return terminal_mark(p, colours[verdict]);
}

void
terminal_table(struct terminal_printer *p)
{
	memset(&p->table, 0, sizeof(p->table));
}

void
terminal_show(struct terminal_printer *p)
{
	table_print(&p->table, DIM(p), PLAIN(p), terminal_width(p), p->out);
}

void
terminal_line(struct terminal_printer *p, const char *indent, const char *text)
{
	char safe[ESCAPED_SIZE(CONCLUSION_SIZE)];
	size_t column = strlen(indent);

	if (!text[0])
		return;
	fputs(indent, p->out);
	terminal_fold(p->out, escape(text, safe, sizeof(safe)), column,
	    column + 2, terminal_width(p));
}

void
terminal_name(struct terminal_printer *p, size_t server)
{
	struct server_names names = {0};
	char name[TABLE_CELL];

	server_names_add(&names, p->c);
	table_cell(&p->table, "%s",
	    server_names_show(
		&names, p->c->servers[server].name, name, sizeof(name)));
}
