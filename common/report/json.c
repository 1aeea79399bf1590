/* SPDX-License-Identifier: MIT */
/* json: a stream, and whether a comma is due. */
#include "common/report/json.h"

#include <inttypes.h>
#include <math.h>

static void
put_text(FILE *out, const char *text)
{
	putc('"', out);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20)
			fprintf(out, "\\u%04x", c);
		else
			putc(c, out);
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
