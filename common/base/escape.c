/* SPDX-License-Identifier: MIT */
/* escape: one character in, itself or a few \xNN out. */
#include "common/base/escape.h"

#include <langinfo.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

/* The character at TEXT that is not ASCII: its bytes, and its *COLUMNS, 0 for
 * one that is not to be shown. */
static size_t
character(const char *text, int *columns)
{
	mbstate_t state = {0};
	wchar_t code;
	size_t n;

	*columns = 0;
	if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		return 1;
	n = mbrtowc(&code, text, strlen(text), &state);
	if (n < 2 || n > 4)
		return 1;
	*columns = wcwidth(code);
	/* Soft hyphens and the tags of U+E0000 take room, in libc's eyes. */
	if (*columns < 0 || code == 0xad || code >= 0xe0000)
		*columns = 0;
	return n;
}

char *
escape(const char *text, char *buf, size_t size)
{
	size_t len = 0, n;
	int columns;

	buf[0] = '\0';
	for (; *text; text += n) {
		unsigned char c = (unsigned char)*text;

		n = c < 0x80 ? 1 : character(text, &columns);
		if (c < 0x80)
			columns = c >= 0x20 && c < 0x7f &&
				  !(c == '\\' && text[1] == 'x');
		if (len + (columns > 0 ? n : 4 * n) >= size)
			break;
		for (size_t i = 0; i < n; i++)
			len += (size_t)snprintf(buf + len, size - len,
			    columns > 0 ? "%c" : "\\x%02x",
			    (unsigned char)text[i]);
	}
	return buf;
}

size_t
escape_columns(const char *text)
{
	size_t sum = 0, n;
	int columns;

	for (; *text; text += n) {
		n = (unsigned char)*text < 0x80 ? 1 : character(text, &columns);
		sum += (unsigned char)*text < 0x80 ? 1 : (size_t)columns;
	}
	return sum;
}
