/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <float.h>

#include "common/format/json_value.h"

/* VALUE, which it frees, is written as EXPECTED. */
static void
is_written(json_t *value, int digits, const char *expected)
{
	json_t *array = json_array();
	char *text, whole[300];
	size_t size;
	FILE *out = open_memstream(&text, &size);

	json_value_append(array, value);
	json_value_print(array, out, digits);
	fclose(out);
	snprintf(whole, sizeof(whole), "[%s]\n", expected);
	assert_string_equal(text, whole);
	free(text);
}

TEST(numbers_have_as_many_digits_as_are_asked_for)
{
	static const struct {
		double number;
		const char *six, *exact;
	} cases[] = {
	    {0, "0", "0"},
	    {-0.0, "0", "0"},
	    {64, "64", "64"},
	    {-0.25, "-0.25", "-0.25"},
	    {1234567, "1234567", "1234567"},
	    {123456.75, "123457.0", "123456.75"},
	    {71.7, "71.7", "71.7"},
	    {1.0 / 3, "0.333333", "0.333333333333333"},
	    {1e-7, "1e-7", "1e-7"},
	    {0x1p49, "562949953421312", "562949953421312"},
	    {1e300, "1e300", "1e300"},
	    {DBL_MAX, "1.79769e308", "1.79769313486231e308"},
	    {1 - 1e-16, "1", "1"},
	    {NAN, "null", "null"},
	    {INFINITY, "null", "null"},
	    {-INFINITY, "null", "null"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		is_written(json_value_number(cases[i].number), 6, cases[i].six);
		is_written(json_value_number(cases[i].number),
		    JSON_VALUE_DIGITS, cases[i].exact);
	}
}

TEST(counts_are_whole_and_no_larger_than_can_be_read)
{
	is_written(json_value_count(0), 6, "0");
	is_written(json_value_count(INT64_MAX), 6, "9223372036854775807");
	is_written(json_value_count(UINT64_MAX), 6, "9223372036854775807");
}

/* A path may hold any byte, and no report is lost for it. */
TEST(text_of_any_bytes_is_written)
{
	static const struct {
		const char *text, *written;
	} cases[] = {
	    {NULL, "null"},
	    {"", "null"},
	    {"a\"b\\c/\n\t\033\x7f", "\"a\\\"b\\\\c/\\n\\t\\u001B\x7f\""},
	    {"Gr\u00fc\u00dfe \U0001f600", "\"Gr\u00fc\u00dfe \U0001f600\""},
	    {"\xff", "\"\ufffd\""},
	    {"a\xc3\xffz", "\"a\ufffd\ufffdz\""},
	    {"\xe2\x82", "\"\ufffd\ufffd\""},
	    {"\xed\xa0\x80\u20ac", "\"\ufffd\ufffd\ufffd\u20ac\""},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		is_written(json_value_text(cases[i].text), 6, cases[i].written);
}

TEST(members_stay_in_their_order)
{
	json_t *object = json_object();

	json_value_set(object, "z", json_value_count(1));
	json_value_set(object, "a", json_value_text(NULL));
	json_value_set(object, "m", json_true());
	is_written(object, 6, "{\"z\":1,\"a\":null,\"m\":true}");
}

RUN_TESTS(NULL, NULL)
