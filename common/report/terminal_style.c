/* SPDX-License-Identifier: MIT */
/* printer: marks, lines and names. */
#include "common/report/terminal_style.h"

#include <string.h>

#include "common/base/escape.h"
#include "common/verdict/sentences.h"
#include "common/report/server_names.h"

const char *
printer_mark(const struct printer *p, const char *sequence)
{
	return p->style->colour ? sequence : "";
}

const char *
printer_colour(const struct printer *p, enum verdict verdict)
{
	static const char *const colours[] = {
	    [FASTER] = "\033[32m",
	    [SLOWER] = "\033[31m",
	    [EQUIVALENT] = "\033[36m",
	    [UNDECIDED] = "\033[33m",
	    [INVALID] = "\033[35m",
	};

	return printer_mark(p, colours[verdict]);
}

void
printer_table(struct printer *p)
{
	memset(&p->table, 0, sizeof(p->table));
}

void
printer_show(struct printer *p)
{
	table_print(&p->table, DIM(p), PLAIN(p), p->out);
}

void
printer_line(struct printer *p, const char *indent, const char *text)
{
	char safe[ESCAPED_SIZE(SENTENCE_SIZE)];

	if (text[0])
		fprintf(
		    p->out, "%s%s\n", indent, escape(text, safe, sizeof(safe)));
}

void
printer_name(struct printer *p, size_t server)
{
	struct names names = {0};
	char name[TABLE_CELL];

	names_add(&names, p->c);
	table_cell(&p->table, "%s",
	    name_show(&names, p->c->servers[server].name, name, sizeof(name)));
}
