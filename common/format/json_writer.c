/* SPDX-License-Identifier: MIT */
/* json_writer: a stream, and whether a comma is due. */
#include "common/format/json_writer.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* Bytes of the UTF-8 character at TEXT (RFC 3629), or 0 if it is none. */
static size_t
utf8_length(const char *text)
{
	const unsigned char *c = (const unsigned char *)text;
	static const struct {
		unsigned char first, last, low, high; /* of the second byte */
		size_t length;
	} forms[] = {
	    {0x00, 0x7f, 0, 0, 1},
	    {0xc2, 0xdf, 0x80, 0xbf, 2},
	    {0xe0, 0xe0, 0xa0, 0xbf, 3},
	    {0xe1, 0xec, 0x80, 0xbf, 3},
	    {0xed, 0xed, 0x80, 0x9f, 3},
	    {0xee, 0xef, 0x80, 0xbf, 3},
	    {0xf0, 0xf0, 0x90, 0xbf, 4},
	    {0xf1, 0xf3, 0x80, 0xbf, 4},
	    {0xf4, 0xf4, 0x80, 0x8f, 4},
	};
	size_t form = 0;

	while (form < 9 &&
	       !(c[0] >= forms[form].first && c[0] <= forms[form].last))
		form++;
	if (form == 9)
		return 0;
	for (size_t i = 1; i < forms[form].length; i++) {
		unsigned char low = i == 1 ? forms[form].low : 0x80;
		unsigned char high = i == 1 ? forms[form].high : 0xbf;

		if (c[i] < low || c[i] > high) /* a NUL is, too */
			return 0;
	}
	return forms[form].length;
}

/* What is no UTF-8 (a path may hold any byte) becomes U+FFFD. */
static void
put_text(FILE *out, const char *text)
{
	putc('"', out);
	while (*text) {
		unsigned char c = (unsigned char)*text;
		size_t length = utf8_length(text);

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20)
			fprintf(out, "\\u%04x", c);
		else if (length)
			fwrite(text, 1, length, out);
		else
			fputs("\\ufffd", out);
		text += length ? length : 1;
	}
	putc('"', out);
}

static void
begin_value(struct json *json, const char *key)
{
	if (json->filled)
		putc(',', json->out);
	json->filled = true;
	if (key) {
		put_text(json->out, key);
		putc(':', json->out);
	}
}

static void
open_level(struct json *json, const char *key, char mark)
{
	begin_value(json, key);
	putc(mark, json->out);
	json->depth++;
	json->arrays = json->arrays << 1 | (mark == '[');
	json->filled = false;
}

void
json_object(struct json *json, const char *key)
{
	open_level(json, key, '{');
}

void
json_array(struct json *json, const char *key)
{
	open_level(json, key, '[');
}

void
json_end(struct json *json)
{
	putc(json->arrays & 1 ? ']' : '}', json->out);
	json->arrays >>= 1;
	json->filled = true;
	if (--json->depth == 0)
		putc('\n', json->out);
}

void
json_string(struct json *json, const char *key, const char *value)
{
	begin_value(json, key);
	put_text(json->out, value);
}

void
json_text(struct json *json, const char *key, const char *value)
{
	if (value && *value)
		json_string(json, key, value);
	else
		json_null(json, key);
}

void
json_int(struct json *json, const char *key, int64_t value)
{
	begin_value(json, key);
	fprintf(json->out, "%" PRId64, value);
}

void
json_uint(struct json *json, const char *key, uint64_t value)
{
	begin_value(json, key);
	fprintf(json->out, "%" PRIu64, value);
}

void
json_double(struct json *json, const char *key, double value)
{
	if (!isfinite(value)) {
		json_null(json, key);
		return;
	}
	begin_value(json, key);
	fprintf(json->out, "%.6g", value);
}

void
json_exact(struct json *json, const char *key, double value)
{
	char text[32];
	int digits = 6;

	if (!isfinite(value)) {
		json_null(json, key);
		return;
	}
	do
		snprintf(text, sizeof(text), "%.*g", digits, value);
	while (strtod(text, NULL) != value && digits++ < 17);
	begin_value(json, key);
	fputs(text, json->out);
}

void
json_bool(struct json *json, const char *key, bool value)
{
	begin_value(json, key);
	fputs(value ? "true" : "false", json->out);
}

void
json_null(struct json *json, const char *key)
{
	begin_value(json, key);
	fputs("null", json->out);
}
