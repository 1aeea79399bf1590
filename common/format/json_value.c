/* SPDX-License-Identifier: MIT */
/* json_value: what jansson refuses becomes what JSON has. */
#include "common/format/json_value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/utf8.h"

/* Up to here each whole number is a double. */
#define WHOLE_MAX 0x1p53

static json_t *
must(json_t *value)
{
	if (!value)
		die(1, "out of memory");
	return value;
}

json_t *
json_value_count(uint64_t count)
{
	return must(
	    json_integer(count < INT64_MAX ? (json_int_t)count : INT64_MAX));
}

/* To JSON_VALUE_DIGITS; a larger number would be rounded to one that jansson
 * does not read. */
#define NUMBER_MAX 1.79769313486231e308

static double
rounded(double number)
{
	char text[40];

	snprintf(text, sizeof(text), "%.*g", JSON_VALUE_DIGITS,
	    fmin(fmax(number, -NUMBER_MAX), NUMBER_MAX));
	return strtod(text, NULL);
}

json_t *
json_value_number(double number)
{
	if (!isfinite(number))
		return json_null();
	number = rounded(number);
	if (fabs(number) <= WHOLE_MAX && trunc(number) == number)
		return must(json_integer((json_int_t)number));
	return must(json_real(number));
}

/* What is not UTF-8 grows to three bytes. */
static json_t *
repaired(const char *text)
{
	static const char mark[] = "\ufffd";
	char *copy = malloc(3 * strlen(text) + 1), *out = copy;
	json_t *value;

	if (!copy)
		return NULL;
	while (*text) {
		size_t length = utf8_length(text);

		out = length ? mempcpy(out, text, length)
			     : mempcpy(out, mark, sizeof(mark) - 1);
		text += length ? length : 1;
	}
	*out = '\0';
	value = json_string(copy);
	free(copy);
	return value;
}

json_t *
json_value_text(const char *text)
{
	if (!text || !*text)
		return json_null();
	if (utf8_valid(text, strlen(text)))
		return must(json_string(text));
	return must(repaired(text));
}

void
json_value_set(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) < 0)
		die(1, "out of memory");
}

void
json_value_append(json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) < 0)
		die(1, "out of memory");
}

void
json_value_print(json_t *value, FILE *out, int digits)
{
	if (json_dumpf(must(value), out,
		JSON_COMPACT | JSON_REAL_PRECISION((size_t)digits)) < 0 &&
	    !ferror(out))
		die(1, "out of memory");
	putc('\n', out);
	json_decref(value);
}
