/* SPDX-License-Identifier: MIT */
/*
 * json_value: values for JSON texts, built by jansson, of what JSON has no form
 * for: numbers that are not finite, and bytes that are not UTF-8.
 *
 *	json_t *object = json_object();
 *	json_value_set(object, "name", json_value_text(name));
 *	json_value_print(object, out, 6);
 *
 * Where memory is missing the program ends with a line. For the client alone:
 * the servers are not linked with jansson.
 */
#ifndef COMMON_FORMAT_JSON_VALUE_H
#define COMMON_FORMAT_JSON_VALUE_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

/* For json_value_print(): as many as a double keeps of any decimal number, so
 * that 0.03 reads 0.03. */
#define JSON_VALUE_DIGITS 15

/* No more than 2^63 - 1, the largest that jansson reads. */
json_t *
json_value_count(uint64_t count);

/* null if NUMBER is not finite; rounded to JSON_VALUE_DIGITS; without a
 * fraction if it is whole then. */
json_t *
json_value_number(double number);

/* null for NULL and for an empty TEXT; what is not UTF-8 (a path may hold any
 * byte) becomes U+FFFD. */
json_t *
json_value_text(const char *text);

/* Both take VALUE over. */
void
json_value_set(json_t *object, const char *key, json_t *value);

void
json_value_append(json_t *array, json_t *value);

/* VALUE, which it frees, as one line with DIGITS significant digits for numbers
 * that are not whole. Errors are the stream's. */
void
json_value_print(json_t *value, FILE *out, int digits);

#endif
