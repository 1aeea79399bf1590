/* SPDX-License-Identifier: MIT */
/* json_fields: what is not as expected is refused, once. */
#include "common/format/json_fields.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/escape.h"
#include "common/base/utf8.h"

void
refuse_value(struct reader *r, const struct json_value *at, const char *what,
    const char *expected)
{
	char name[60]; /* it may be of the file */

	if (!r->bad)
		snprintf(r->why, r->size, "%u: \"%s\" is not %s",
		    at ? at->line : 1, escape(what, name, sizeof(name)),
		    expected);
	r->bad = true;
}

bool
is_known(const struct json_value *v)
{
	return v && v->type != JSON_NULL;
}

double
take_number(struct reader *r, const struct json_value *v, const char *what)
{
	if (!is_known(v))
		return NAN;
	if (v->type != JSON_NUMBER)
		refuse_value(r, v, what, "a number or null");
	return v->number;
}

/* Digits alone: what a double would round (a seed, say) it is not made. */
uint64_t
take_count(struct reader *r, const struct json_value *v, const char *what)
{
	unsigned long long n;

	if (!is_known(v))
		return 0;
	errno = 0;
	n = v->type == JSON_NUMBER ? strtoull(v->text, NULL, 10) : 0;
	if (v->type != JSON_NUMBER || errno ||
	    strspn(v->text, "0123456789") != v->length)
		refuse_value(r, v, what, "a whole number");
	return n;
}

/* What is too long for its place is cut. */
void
take_text(struct reader *r, const struct json_value *v, const char *what,
    char *out, size_t size)
{
	out[0] = '\0';
	if (!is_known(v))
		return;
	if (v->type == JSON_STRING)
		utf8_copy(out, size, v->text);
	else
		refuse_value(r, v, what, "a string or null");
}

bool
take_flag(struct reader *r, const struct json_value *v, const char *what)
{
	if (is_known(v) && v->type != JSON_TRUE && v->type != JSON_FALSE)
		refuse_value(r, v, what, "true or false");
	return v && v->type == JSON_TRUE;
}

/* Its first element. */
const struct json_value *
take_elements(
    struct reader *r, const struct json_value *parent, const char *key)
{
	const struct json_value *v = json_member(parent, key);

	if (!is_known(v))
		return NULL;
	if (v->type == JSON_ARRAY)
		return v->first;
	refuse_value(r, v, key, "an array");
	return NULL;
}

const struct json_value *
take_object(struct reader *r, const struct json_value *v, const char *what)
{
	if (!is_known(v))
		return NULL;
	if (v->type == JSON_OBJECT)
		return v;
	refuse_value(r, v, what, "an object");
	return NULL;
}

void
take_fields(struct reader *r, const struct json_value *parent,
    const struct field *field, void *structure)
{
	for (; field->key; field++) {
		void *at = (char *)structure + field->offset;
		const struct json_value *v = json_member(parent, field->key);

		switch (field->type) {
		case FIELD_NUMBER:
			*(double *)at = take_number(r, v, field->key);
			break;
		case FIELD_TEXT:
			take_text(r, v, field->key, at, field->size);
			break;
		case FIELD_COUNT:
			*(uint64_t *)at = take_count(r, v, field->key);
			break;
		case FIELD_FLAG:
			*(bool *)at = take_flag(r, v, field->key);
			break;
		}
	}
}
