/* SPDX-License-Identifier: MIT */
/* html: a character at a time. */
#include "common/format/html.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "common/base/utf8.h"

#define TEXT_MAX 3000

static const char *
entity(unsigned char c)
{
	switch (c) {
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '&':
		return "&amp;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

/* Whether the character of three bytes at TEXT turns the direction of what
 * follows (U+202A to U+202E, U+2066 to U+2069): "38" would read "83". */
static bool
turns(const char *text)
{
	unsigned char last;

	if (strncmp(text, "\xe2\x80", 2) != 0 &&
	    strncmp(text, "\xe2\x81", 2) != 0)
		return false;
	last = (unsigned char)text[2];
	return (unsigned char)text[1] == 0x80 ? last >= 0xaa && last <= 0xae
					      : last >= 0xa6 && last <= 0xa9;
}

/* Bytes of the character at TEXT; 0 if it is none, or a control. */
static size_t
length_of(const char *text)
{
	unsigned char c = (unsigned char)*text;

	if (c < 0x80)
		return (c >= 0x20 && c != 0x7f) || c == '\n' || c == '\t';
	if (c == 0xc2 && (unsigned char)text[1] < 0xa0)
		return 0; /* U+0080 to U+009F: controls */
	if (turns(text))
		return 0;
	return utf8_length(text);
}

void
html_text(FILE *out, const char *text)
{
	while (*text) {
		const char *name = entity((unsigned char)*text);
		size_t len = length_of(text);

		if (name)
			fputs(name, out);
		else if (len)
			fwrite(text, 1, len, out);
		else
			fputs("\ufffd", out);
		text += len ? len : 1;
	}
}

__attribute__((format(printf, 2, 0))) static void
print_list(FILE *out, const char *format, va_list args)
{
	char text[TEXT_MAX];

	vsnprintf(text, sizeof(text), format, args);
	html_text(out, text);
}

void
html_element(FILE *out, const char *tag, const char *format, ...)
{
	va_list args;

	fprintf(out, "<%s>", tag);
	va_start(args, format);
	print_list(out, format, args);
	va_end(args);
	fprintf(out, "</%.*s>", (int)strcspn(tag, " "), tag);
}
