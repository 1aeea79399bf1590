/* SPDX-License-Identifier: MIT */
/* json_parser: recursive descent; strings are decoded where they stand. */
#include "common/format/json_parser.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/utf8.h"

/* Values are many and small: they come in chunks, and go with them. */
struct json_chunk {
	struct json_chunk *next;
	size_t used;
	struct json_value values[256];
};

struct parser {
	struct json_document *doc;
	char *at, *end;
	unsigned line;
	int level;
};

static bool
fail(struct parser *p, const char *why)
{
	p->doc->line = p->line;
	snprintf(p->doc->why, sizeof(p->doc->why), "%s", why);
	return false;
}

/* What stands here instead of what is expected. */
static bool
unexpected(struct parser *p, const char *expected)
{
	unsigned char c = (unsigned char)*p->at;

	p->doc->line = p->line;
	if (p->at == p->end)
		snprintf(p->doc->why, sizeof(p->doc->why),
		    "the file ends where %s is expected", expected);
	else
		snprintf(p->doc->why, sizeof(p->doc->why),
		    isprint(c) ? "'%c' where %s is expected"
			       : "byte 0x%02x where %s is expected",
		    c, expected);
	return false;
}

static void
skip_space(struct parser *p)
{
	for (; p->at < p->end && strchr(" \t\r\n", *p->at) && *p->at; p->at++)
		p->line += *p->at == '\n';
}

static bool
take(struct parser *p, char mark, const char *expected)
{
	skip_space(p);
	if (p->at == p->end || *p->at != mark)
		return unexpected(p, expected);
	p->at++;
	return true;
}

static struct json_value *
new_value(struct parser *p)
{
	struct json_chunk *chunk = p->doc->chunks;
	struct json_value *value;

	if (!chunk || chunk->used == 256) {
		chunk = malloc(sizeof(*chunk));
		if (!chunk) {
			fail(p, "out of memory");
			return NULL;
		}
		chunk->used = 0;
		chunk->next = p->doc->chunks;
		p->doc->chunks = chunk;
	}
	value = &chunk->values[chunk->used++];
	*value = (struct json_value){.line = p->line, .number = NAN};
	return value;
}

/* ---- strings ---- */

/* Four hexadecimal digits, or -1. */
static long
take_hex(struct parser *p)
{
	long code = 0;

	if (p->end - p->at < 4)
		return -1;
	for (int i = 0; i < 4; i++, p->at++) {
		int c = (unsigned char)*p->at;

		if (!isxdigit(c))
			return -1;
		code =
		    code * 16 + (isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
	}
	return code;
}

static char *
put_utf8(char *out, long code)
{
	if (code < 0x80) {
		*out++ = (char)code;
		return out;
	}
	if (code < 0x800) {
		*out++ = (char)(0xc0 | code >> 6);
	} else {
		if (code < 0x10000) {
			*out++ = (char)(0xe0 | code >> 12);
		} else {
			*out++ = (char)(0xf0 | code >> 18);
			*out++ = (char)(0x80 | (code >> 12 & 0x3f));
		}
		*out++ = (char)(0x80 | (code >> 6 & 0x3f));
	}
	*out++ = (char)(0x80 | (code & 0x3f));
	return out;
}

/* After \u. A character above U+FFFF is a pair of them (RFC 8259, 7). */
static bool
take_unicode(struct parser *p, char **out)
{
	long code = take_hex(p), low;

	if (code < 0)
		return fail(p, "\\u without four hexadecimal digits");
	if (code >= 0xd800 && code < 0xe000) {
		if (code >= 0xdc00 || p->end - p->at < 6 || p->at[0] != '\\' ||
		    p->at[1] != 'u')
			return fail(p, "half of a surrogate pair");
		p->at += 2;
		low = take_hex(p);
		if (low < 0xdc00 || low >= 0xe000)
			return fail(p, "half of a surrogate pair");
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
	}
	*out = put_utf8(*out, code);
	return true;
}

static bool
take_escape(struct parser *p, char **out)
{
	static const char marks[] = "\"\\/bfnrt", plain[] = "\"\\/\b\f\n\r\t";
	const char *mark;

	p->at++;
	if (p->at == p->end)
		return unexpected(p, "an escape");
	if (*p->at == 'u') {
		p->at++;
		return take_unicode(p, out);
	}
	mark = *p->at ? strchr(marks, *p->at) : NULL;
	if (!mark)
		return unexpected(p, "an escape");
	*(*out)++ = plain[mark - marks];
	p->at++;
	return true;
}

/* No escape is shorter than what it stands for, so there is room. */
static bool
take_string(struct parser *p, const char **text, size_t *length)
{
	char *begin, *out;

	if (!take(p, '"', "a string"))
		return false;
	begin = out = p->at;
	while (p->at < p->end && *p->at != '"') {
		if ((unsigned char)*p->at < 0x20)
			return unexpected(p, "the end of a string");
		if (*p->at != '\\')
			*out++ = *p->at++;
		else if (!take_escape(p, &out))
			return false;
	}
	if (p->at == p->end)
		return unexpected(p, "the end of a string");
	p->at++;
	*out = '\0';
	*text = begin;
	*length = (size_t)(out - begin);
	return utf8_valid(begin, *length) || fail(p, "text that is not UTF-8");
}

/* ---- numbers and words ---- */

static bool
skip_digits(struct parser *p)
{
	if (!isdigit((unsigned char)*p->at))
		return unexpected(p, "a digit");
	while (isdigit((unsigned char)*p->at))
		p->at++;
	return true;
}

/* strtod() takes more than RFC 8259, 6 does: the form is checked here. The NUL
 * at the end is no digit. */
static bool
take_number(struct parser *p, struct json_value *value)
{
	value->text = p->at;
	p->at += *p->at == '-';
	if (*p->at == '0')
		p->at++;
	else if (!skip_digits(p))
		return false;
	if (*p->at == '.') {
		p->at++;
		if (!skip_digits(p))
			return false;
	}
	if (*p->at == 'e' || *p->at == 'E') {
		p->at++;
		p->at += *p->at == '+' || *p->at == '-';
		if (!skip_digits(p))
			return false;
	}
	value->type = JSON_NUMBER;
	value->length = (size_t)(p->at - value->text);
	value->number = strtod(value->text, NULL);
	return isfinite(value->number) || fail(p, "a number too large");
}

static bool
take_word(struct parser *p, struct json_value *value)
{
	static const char *const words[] = {
	    [JSON_NULL] = "null", [JSON_FALSE] = "false", [JSON_TRUE] = "true"};

	for (int type = JSON_NULL; type <= JSON_TRUE; type++) {
		size_t len = strlen(words[type]);

		if ((size_t)(p->end - p->at) >= len &&
		    memcmp(p->at, words[type], len) == 0) {
			value->type = (enum json_type)type;
			p->at += len;
			return true;
		}
	}
	return unexpected(p, "a value");
}

/* ---- levels ---- */

static struct json_value *
take_value(struct parser *p);

static bool
take_member(
    struct parser *p, const struct json_value *parent, struct json_value **out)
{
	const char *key = NULL;
	size_t length;

	if (parent->type == JSON_OBJECT &&
	    (!take_string(p, &key, &length) || !take(p, ':', "':'")))
		return false;
	*out = take_value(p);
	if (*out)
		(*out)->key = key;
	return *out;
}

static bool
take_members(struct parser *p, struct json_value *parent)
{
	char close = parent->type == JSON_ARRAY ? ']' : '}';
	const char *expected = close == ']' ? "',' or ']'" : "',' or '}'";
	struct json_value *last = NULL, *one;

	p->at++;
	skip_space(p);
	if (p->at < p->end && *p->at == close) {
		p->at++;
		return true;
	}
	for (;;) {
		if (!take_member(p, parent, &one))
			return false;
		*(last ? &last->next : &parent->first) = one;
		last = one;
		skip_space(p);
		if (p->at == p->end || (*p->at != ',' && *p->at != close))
			return unexpected(p, expected);
		if (*p->at++ == close)
			return true;
	}
}

static struct json_value *
take_value(struct parser *p)
{
	struct json_value *value;
	bool good;

	skip_space(p);
	value = new_value(p);
	if (!value)
		return NULL;
	if (*p->at == '{' || *p->at == '[') {
		value->type = *p->at == '{' ? JSON_OBJECT : JSON_ARRAY;
		good = p->level++ < JSON_LEVELS_MAX
			   ? take_members(p, value)
			   : fail(p, "too many levels");
		p->level--;
	} else if (*p->at == '"') {
		value->type = JSON_STRING;
		good = take_string(p, &value->text, &value->length);
	} else if (*p->at == '-' || isdigit((unsigned char)*p->at)) {
		good = take_number(p, value);
	} else {
		good = take_word(p, value);
	}
	return good ? value : NULL;
}

int
json_parse(struct json_document *doc, char *text, size_t length)
{
	struct parser p = {doc, text, text + length, 1, 0};

	*doc = (struct json_document){.line = 1};
	doc->top = take_value(&p);
	skip_space(&p);
	if (doc->top && p.at != p.end) {
		unexpected(&p, "the end of the file");
		doc->top = NULL;
	}
	if (doc->top)
		return 0;
	json_release(doc);
	return -1;
}

void
json_release(struct json_document *doc)
{
	while (doc->chunks) {
		struct json_chunk *next = doc->chunks->next;

		free(doc->chunks);
		doc->chunks = next;
	}
	doc->top = NULL;
}

const struct json_value *
json_member(const struct json_value *value, const char *key)
{
	if (!value || value->type != JSON_OBJECT)
		return NULL;
	for (value = value->first; value; value = value->next) {
		if (strcmp(value->key, key) == 0)
			return value;
	}
	return NULL;
}
