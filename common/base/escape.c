/* SPDX-License-Identifier: MIT */
/* escape: copies a character, or writes it as \xNN. */
#include "common/base/escape.h"

#include <langinfo.h>
#include <stdbool.h>
#include <string.h>
#include <wchar.h>

/* The character at TEXT, which is not ASCII. Returns its length in bytes, and
 * its width in *COLUMNS: 0 if it must be escaped. */
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
	/* libc gives soft hyphens and the tags of U+E0000 a width. */
	if (*columns < 0 || code == 0xad || code >= 0xe0000)
		*columns = 0;
	return n;
}

/* Returns the length. */
static size_t
put_byte(char *out, unsigned char c, bool plain)
{
	static const char hex[] = "0123456789abcdef";

	if (plain) {
		*out = (char)c;
		return 1;
	}
	memcpy(out, "\\x", 2);
	out[2] = hex[c >> 4];
	out[3] = hex[c & 15];
	return 4;
}

size_t
escape_ascii(const char *text, char *buf, size_t size)
{
	size_t len = 0;

	for (; *text && len + 4 < size; text++) {
		unsigned char c = (unsigned char)*text;

		len += put_byte(buf + len, c, c >= 0x20 && c < 0x7f);
	}
	buf[len] = '\0';
	return len;
}

char *
escape(const char *text, char *buf, size_t size)
{
	size_t len = 0, n;
	int columns;

	for (; *text; text += n) {
		unsigned char c = (unsigned char)*text;

		n = c < 0x80 ? 1 : character(text, &columns);
		if (c < 0x80)
			columns = c >= 0x20 && c < 0x7f &&
				  !(c == '\\' && text[1] == 'x');
		if (len + (columns > 0 ? n : 4 * n) >= size)
			break;
		for (size_t i = 0; i < n; i++)
			len += put_byte(
			    buf + len, (unsigned char)text[i], columns > 0);
	}
	buf[len] = '\0';
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
