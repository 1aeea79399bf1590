/* SPDX-License-Identifier: MIT */
/*
 * json_writer: writes JSON (RFC 8259) to a stream, commas and escapes included.
 *
 *	struct json j = {.out = stdout};
 *	json_object(&j, NULL);
 *	json_uint(&j, "ok", 12);
 *	json_end(&j);
 *
 * KEY is NULL inside an array and at the top. The caller keeps objects and
 * arrays balanced; errors are the stream's (ferror()).
 */
#ifndef COMMON_FORMAT_JSON_WRITER_H
#define COMMON_FORMAT_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *out;
	int depth;
	bool filled;	 /* a comma is due */
	uint32_t arrays; /* bit: the level is an array */
};

void
json_object(struct json *json, const char *key);

void
json_array(struct json *json, const char *key);

/* Ends the innermost object or array; the outermost also ends the line. */
void
json_end(struct json *json);

void
json_string(struct json *json, const char *key, const char *value);

/* Null if it is NULL or empty. */
void
json_text(struct json *json, const char *key, const char *value);

void
json_int(struct json *json, const char *key, int64_t value);

void
json_uint(struct json *json, const char *key, uint64_t value);

/* Six significant digits; null for what JSON has no number for. */
void
json_double(struct json *json, const char *key, double value);

/* As many digits as give the same number again; null likewise. */
void
json_exact(struct json *json, const char *key, double value);

void
json_bool(struct json *json, const char *key, bool value);

void
json_null(struct json *json, const char *key);

#endif
