/* SPDX-License-Identifier: MIT */
/*
 * json_fields: values of a JSON tree as C has them, with the line of the first
 * that is not what it should be.
 *
 * A value that is NULL (a member that is not there) or null is unknown: NAN,
 * 0, false, an empty text. After the first refusal BAD is set; what is taken
 * then means nothing, and harms nobody.
 */
#ifndef COMMON_FORMAT_JSON_FIELDS_H
#define COMMON_FORMAT_JSON_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/report/comparison_fields.h"
#include "common/format/json_parser.h"

struct comparison;

struct reader {
	struct comparison *out;
	char *why; /* "LINE: ..." of the first refusal, at most SIZE bytes */
	size_t size;
	bool bad;
};

/* "LINE: "WHAT" is not EXPECTED". */
void
refuse_value(struct reader *r, const struct json_value *at, const char *what,
    const char *expected);

bool
is_known(const struct json_value *v);

/* WHAT names the value where it is refused. */
double
take_number(struct reader *r, const struct json_value *v, const char *what);

uint64_t
take_count(struct reader *r, const struct json_value *v, const char *what);

bool
take_flag(struct reader *r, const struct json_value *v, const char *what);

/* What is too long for its place is cut. */
void
take_text(struct reader *r, const struct json_value *v, const char *what,
    char *out, size_t size);

/* The first element of the member KEY; NULL: none, or no array. */
const struct json_value *
take_elements(
    struct reader *r, const struct json_value *parent, const char *key);

/* V itself; NULL: unknown, or no object. */
const struct json_value *
take_object(struct reader *r, const struct json_value *v, const char *what);

/* Each of FIELDS from its member of PARENT to its place in STRUCTURE. */
void
take_fields(struct reader *r, const struct json_value *parent,
    const struct field *field, void *structure);

#endif
