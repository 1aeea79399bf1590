/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "common/format/json_writer.h"

static struct json json;
static char *text;
static size_t size;

static void
begin(void)
{
	free(text);
	text = NULL;
	json = (struct json){.out = open_memstream(&text, &size)};
	assert_non_null(json.out);
}

static void
gives(const char *expected)
{
	fclose(json.out);
	assert_string_equal(text, expected);
	assert_int_equal(size, strlen(expected));
	assert_int_equal(json.depth, 0);
	free(text);
	text = NULL;
}

static void
empty_levels_have_no_comma(void **state)
{
	(void)state;
	begin();
	json_object(&json, NULL);
	json_end(&json);
	gives("{}\n");

	begin();
	json_array(&json, NULL);
	json_end(&json);
	gives("[]\n");
}

static void
members_are_separated_by_commas(void **state)
{
	(void)state;
	begin();
	json_object(&json, NULL);
	json_uint(&json, "ok", 12);
	json_string(&json, "name", "echo");
	json_double(&json, "rate", 1.5);
	json_bool(&json, "churn", true);
	json_bool(&json, "spin", false);
	json_null(&json, "nothing");
	json_end(&json);
	gives("{\"ok\":12,\"name\":\"echo\",\"rate\":1.5,\"churn\":true,"
	      "\"spin\":false,\"nothing\":null}\n");
}

static void
levels_may_stand_within_levels(void **state)
{
	(void)state;
	begin();
	json_object(&json, NULL);
	json_array(&json, "a");
	json_uint(&json, NULL, 1);
	json_object(&json, NULL);
	json_end(&json);
	json_array(&json, NULL);
	json_array(&json, NULL);
	json_end(&json);
	json_uint(&json, NULL, 2);
	json_end(&json);
	json_object(&json, NULL);
	json_object(&json, "b");
	json_uint(&json, "c", 3);
	json_end(&json);
	json_uint(&json, "d", 4);
	json_end(&json);
	json_end(&json);
	json_array(&json, "e");
	json_end(&json);
	json_uint(&json, "f", 5);
	json_end(&json);
	gives("{\"a\":[1,{},[[],2],{\"b\":{\"c\":3},\"d\":4}],\"e\":[],"
	      "\"f\":5}\n");
}

static void
each_end_has_the_mark_of_its_beginning(void **state)
{
	char expected[64] = "";

	(void)state;
	begin();
	for (int i = 0; i < 20; i++) {
		bool array = i * i % 3 == 0;

		if (array)
			json_array(&json, NULL);
		else
			json_object(&json, NULL);
		expected[i] = array ? '[' : '{';
		expected[39 - i] = array ? ']' : '}';
	}
	for (int i = 0; i < 20; i++)
		json_end(&json);
	expected[40] = '\n';
	gives(expected);
}

static void
only_the_outermost_end_ends_the_line(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < 2; i++) {
		json_array(&json, NULL);
		json_array(&json, NULL);
		json_end(&json);
		json_end(&json);
		json.filled = false; /* a new line is a new text */
	}
	gives("[[]]\n[[]]\n");
}

static void
strings_are_escaped(void **state)
{
	char control[0x20], expected[256], *at = expected;

	(void)state;
	for (int c = 1; c < 0x20; c++)
		control[c - 1] = (char)c;
	control[0x1f] = '\0';
	at += sprintf(at, "[\"a\\\"b\\\\c/\",\"");
	for (int c = 1; c < 0x20; c++)
		at += sprintf(at, "\\u%04x", c);
	sprintf(at, "\",\"Gr\xc3\xbc\xc3\x9f"
		    "e\",\"\"]\n");
	begin();
	json_array(&json, NULL);
	json_string(&json, NULL, "a\"b\\c/");
	json_string(&json, NULL, control);
	json_string(&json, NULL,
	    "Gr\xc3\xbc\xc3\x9f"
	    "e");
	json_string(&json, NULL, "");
	json_end(&json);
	gives(expected);
}

static void
keys_are_escaped(void **state)
{
	(void)state;
	begin();
	json_object(&json, NULL);
	json_uint(&json, "a\"\n", 1);
	json_object(&json, "\\");
	json_end(&json);
	json_end(&json);
	gives("{\"a\\\"\\u000a\":1,\"\\\\\":{}}\n");
}

static void
whole_numbers_are_whole(void **state)
{
	(void)state;
	begin();
	json_array(&json, NULL);
	json_uint(&json, NULL, 0);
	json_uint(&json, NULL, UINT64_MAX);
	json_end(&json);
	gives("[0,18446744073709551615]\n");
}

static void
numbers_have_six_digits(void **state)
{
	(void)state;
	begin();
	json_array(&json, NULL);
	json_double(&json, NULL, 0);
	json_double(&json, NULL, -0.25);
	json_double(&json, NULL, 71.7);
	json_double(&json, NULL, 123456.7);
	json_double(&json, NULL, 1234567);
	json_double(&json, NULL, 1.0 / 3);
	json_double(&json, NULL, 1e-7);
	json_end(&json);
	gives("[0,-0.25,71.7,123457,1.23457e+06,0.333333,1e-07]\n");
}

static void
what_is_no_number_is_null(void **state)
{
	(void)state;
	begin();
	json_object(&json, NULL);
	json_double(&json, "a", NAN);
	json_double(&json, "b", INFINITY);
	json_double(&json, "c", -INFINITY);
	json_end(&json);
	gives("{\"a\":null,\"b\":null,\"c\":null}\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(empty_levels_have_no_comma),
	    cmocka_unit_test(members_are_separated_by_commas),
	    cmocka_unit_test(levels_may_stand_within_levels),
	    cmocka_unit_test(each_end_has_the_mark_of_its_beginning),
	    cmocka_unit_test(only_the_outermost_end_ends_the_line),
	    cmocka_unit_test(strings_are_escaped),
	    cmocka_unit_test(keys_are_escaped),
	    cmocka_unit_test(whole_numbers_are_whole),
	    cmocka_unit_test(numbers_have_six_digits),
	    cmocka_unit_test(what_is_no_number_is_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
