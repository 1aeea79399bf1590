/* SPDX-License-Identifier: MIT */
/* server_names: the whole name, its beginning, or its end: the first of these
 * that no other server has. */
#include "common/report/server_names.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/base/escape.h"
#include "common/base/utf8.h"

#define SHOWN_MAX \
	ESCAPED_SIZE(sizeof(((struct comparison *)0)->servers[0].name))

enum form { BEGINNING, END, WHOLE };

void
server_names_add(struct server_names *names, const struct comparison *c)
{
	for (size_t i = 0; i < c->server_count; i++)
		names->at[names->count++] = c->servers[i].name;
}

/* NAME cut to SERVER_NAME_COLUMNS at one end. */
static void
cut(char *text, enum form form)
{
	char *at = text + strlen(text);

	if (form == WHOLE || escape_columns(text) <= SERVER_NAME_COLUMNS)
		return;
	if (form == END) {
		for (at = text; escape_columns(at) >= SERVER_NAME_COLUMNS ||
				!utf8_begins(*at);)
			at++;
		memmove(text + 1, at, strlen(at) + 1);
		*text = '~';
		return;
	}
	while (escape_columns(text) >= SERVER_NAME_COLUMNS) {
		do
			at--;
		while (!utf8_begins(*at));
		*at = '\0';
	}
	strcpy(at, "~");
}

static void
show(const char *name, enum form form, char text[SHOWN_MAX])
{
	escape(name, text, SHOWN_MAX);
	cut(text, form);
}

static bool
is_unlike_others(
    const struct server_names *names, const char *name, enum form form)
{
	char own[SHOWN_MAX], other[SHOWN_MAX];

	show(name, form, own);
	for (size_t i = 0; i < names->count; i++) {
		show(names->at[i], form, other);
		if (strcmp(names->at[i], name) != 0 && strcmp(own, other) == 0)
			return false;
	}
	return true;
}

char *
server_names_show(
    const struct server_names *names, const char *name, char *buf, size_t size)
{
	char text[SHOWN_MAX];
	enum form form = BEGINNING;

	while (form < WHOLE && !is_unlike_others(names, name, form))
		form++;
	show(name, form, text);
	snprintf(buf, size, "%s", text);
	return buf;
}
