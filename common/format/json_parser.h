/* SPDX-License-Identifier: MIT */
/*
 * json_parser: JSON (RFC 8259) from text to a tree, and nothing but JSON: no
 * comments, no commas too many, no bytes that are not UTF-8, no numbers that
 * no double holds.
 *
 *	struct json_document doc;
 *	if (json_parse(&doc, text, length) < 0)
 *		warn("%s:%u: %s", path, doc.line, doc.why);
 *	... json_member(doc.top, "schema") ...
 *	json_release(&doc);
 *
 * The texts of the tree stand in TEXT, which is changed for it and has to
 * outlive it. Levels are limited, so nested brackets cannot exhaust the stack.
 * One thread at a time.
 */
#ifndef COMMON_FORMAT_JSON_PARSER_H
#define COMMON_FORMAT_JSON_PARSER_H

#include <stddef.h>

#define JSON_LEVELS_MAX 32

enum json_type {
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

struct json_value {
	enum json_type type;
	unsigned line;	  /* where it begins, from 1 */
	const char *key;  /* of an object's member; else NULL */
	const char *text; /* of a string, with a NUL after it; of a number, its
			     digits, with anything after them */
	size_t length;	  /* of TEXT: a string may hold a NUL */
	double number;
	const struct json_value *first, *next; /* in an array or object */
};

struct json_document {
	const struct json_value *top;
	unsigned line; /* of the error */
	char why[120];
	struct json_chunk *chunks;
};

/* TEXT[LENGTH] is a NUL. Returns 0; or -1 with LINE and WHY, and nothing to
 * release. */
int
json_parse(struct json_document *document, char *text, size_t length);

/* Harmless after a failure. */
void
json_release(struct json_document *document);

/* The first member of that name, or NULL; so if VALUE is no object, or NULL. */
const struct json_value *
json_member(const struct json_value *value, const char *key);

#endif
