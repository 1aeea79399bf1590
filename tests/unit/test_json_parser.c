/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "common/format/json_parser.h"

static struct json_document doc;
static char text[100000];

static int
parse(const char *json)
{
	snprintf(text, sizeof(text), "%s", json);
	return json_parse(&doc, text, strlen(text));
}

static void
is_string(const char *json, const char *expected)
{
	assert_int_equal(parse(json), 0);
	assert_int_equal(doc.top->type, JSON_STRING);
	assert_string_equal(doc.top->text, expected);
	assert_int_equal(doc.top->length, strlen(expected));
	json_release(&doc);
}

static void
is_number(const char *json, double expected)
{
	assert_int_equal(parse(json), 0);
	assert_int_equal(doc.top->type, JSON_NUMBER);
	assert_true(doc.top->number == expected);
	assert_int_equal(doc.top->length, strlen(json));
	json_release(&doc);
}

static void
refuses(const char *json, unsigned line, const char *words)
{
	if (parse(json) == 0)
		print_error("taken: %s\n", json);
	assert_null(doc.top);
	if (!strstr(doc.why, words))
		print_error("%s: \"%s\"\n", json, doc.why);
	assert_non_null(strstr(doc.why, words));
	assert_int_equal(doc.line, line);
	json_release(&doc); /* harmless */
}

static void
words_numbers_and_levels_are_read(void **state)
{
	const struct json_value *v;

	(void)state;
	assert_int_equal(
	    parse(" {\"a\" : [1, -2.5e3,\n null],\t\"b\":{},\r\n\"c\":true,"
		  "\"d\":[],\"e\":false} "),
	    0);
	assert_int_equal(doc.top->type, JSON_OBJECT);
	v = json_member(doc.top, "a");
	assert_int_equal(v->type, JSON_ARRAY);
	assert_null(v->first->key);
	assert_true(v->first->number == 1);
	assert_true(v->first->next->number == -2500);
	assert_int_equal(v->first->next->next->type, JSON_NULL);
	assert_int_equal(v->first->next->next->line, 2);
	assert_null(v->first->next->next->next);
	assert_null(json_member(doc.top, "b")->first);
	assert_int_equal(json_member(doc.top, "c")->type, JSON_TRUE);
	assert_null(json_member(doc.top, "d")->first);
	assert_int_equal(json_member(doc.top, "e")->type, JSON_FALSE);
	assert_string_equal(json_member(doc.top, "e")->key, "e");
	assert_null(json_member(doc.top, "f"));
	assert_null(json_member(v, "a"));
	assert_null(json_member(NULL, "a"));
	json_release(&doc);
}

static void
numbers_have_the_form_of_the_rfc(void **state)
{
	static const char *const wrong[] = {"+1", ".5", "1.", "1.e3", "01", "-",
	    "1e", "1e+", "0x10", "NaN", "Infinity", "-Infinity", "--1", "1_000",
	    "1,5"};

	(void)state;
	is_number("0", 0);
	is_number("-0.0", 0);
	is_number("0.25", 0.25);
	is_number("1E2", 100);
	is_number("1e-2", 0.01);
	is_number("1.5e+2", 150);
	is_number("18446744073709551615", 18446744073709551615.0);
	is_number("1e-400", 0);
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		refuses(wrong[i], 1, "expected");
	refuses("1e999", 1, "too large");
}

static void
escapes_are_decoded(void **state)
{
	(void)state;
	is_string("\"\"", "");
	is_string("\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "a\"\\/\b\f\n\r\t");
	is_string("\"\\u0041\\u00e9\\u20AC\"", "A\u00e9\u20ac");
	is_string("\"\\ud83d\\ude00!\"", "\U0001f600!");
	is_string("\"Gr\u00fc\u00dfe \U0001f600\x7f\"",
	    "Gr\u00fc\u00dfe \U0001f600\x7f");
	assert_int_equal(parse("\"a\\u0000b\""), 0);
	assert_int_equal(doc.top->length, 3);
	assert_memory_equal(doc.top->text, "a\0b", 4);
	json_release(&doc);
}

static void
strings_that_are_none_are_refused(void **state)
{
	(void)state;
	refuses("\"a", 1, "the file ends where the end of a string");
	refuses("\"a\\\"", 1, "the file ends");
	refuses("\"a\\", 1, "the file ends where an escape");
	refuses("\"\\x41\"", 1, "'x' where an escape");
	refuses("\"\\u12g4\"", 1, "four hexadecimal digits");
	refuses("\"\\u12", 1, "four hexadecimal digits");
	refuses("\"\\ud83d\"", 1, "surrogate");
	refuses("\"\\ud83d\\n\"", 1, "surrogate");
	refuses("\"\\ud83d\\u0041\"", 1, "surrogate");
	refuses("\"\\ude00\"", 1, "surrogate");
	refuses("\"a\nb\"", 1, "byte 0x0a where the end of a string");
	refuses("\"a\tb\"", 1, "byte 0x09");
	refuses("\"\xff\"", 1, "UTF-8");
	refuses("\"\xc3\"", 1, "UTF-8");
	refuses("\"\xed\xa0\x80\"", 1, "UTF-8");
}

static void
what_is_no_json_is_refused_with_its_line(void **state)
{
	(void)state;
	refuses("", 1, "the file ends where a value");
	refuses(" \n\n ", 3, "the file ends where a value");
	refuses("{\n\"a\":1,\n}", 3, "'}' where a string");
	refuses("[1,\n2,\n]", 3, "']' where a value");
	refuses("[1 2]", 1, "'2' where ',' or ']'");
	refuses("{\"a\" 1}", 1, "'1' where ':'");
	refuses("{\"a\":1 \"b\":2}", 1, "'\"' where ',' or '}'");
	refuses("{a:1}", 1, "'a' where a string");
	refuses("{1:1}", 1, "'1' where a string");
	refuses("[", 1, "the file ends");
	refuses("{", 1, "the file ends");
	refuses("{\"a\"", 1, "the file ends");
	refuses("{\"a\":", 1, "the file ends");
	refuses("[1]]", 1, "']' where the end of the file");
	refuses("1 2", 1, "'2' where the end of the file");
	refuses("nul", 1, "'n' where a value");
	refuses("True", 1, "'T' where a value");
	refuses("// no\n1", 1, "'/' where a value");
	refuses("'a'", 1, "''' where a value");
	refuses("\xef\xbb\xbf 1", 1, "byte 0xef where a value");
}

static void
a_nul_is_not_the_end(void **state)
{
	char bytes[] = "[1]\0[2]";

	(void)state;
	assert_int_equal(json_parse(&doc, bytes, sizeof(bytes) - 1), -1);
	assert_non_null(strstr(doc.why, "byte 0x00"));
}

static void
levels_are_limited(void **state)
{
	char deep[90000];

	(void)state;
	memset(deep, '[', JSON_LEVELS_MAX);
	memset(deep + JSON_LEVELS_MAX, ']', JSON_LEVELS_MAX);
	deep[2 * JSON_LEVELS_MAX] = '\0';
	assert_int_equal(parse(deep), 0);
	json_release(&doc);
	memset(deep, '[', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	refuses(deep, 1, "too many levels");
}

static void
many_values_are_read(void **state)
{
	char *at = text + sprintf(text, "[0");
	const struct json_value *v;
	int n = 0;

	(void)state;
	for (int i = 1; i < 10000; i++)
		at += sprintf(at, ",%d", i);
	sprintf(at, "]");
	assert_int_equal(json_parse(&doc, text, strlen(text)), 0);
	for (v = doc.top->first; v; v = v->next, n++)
		assert_true(v->number == n);
	assert_int_equal(n, 10000);
	json_release(&doc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words_numbers_and_levels_are_read),
	    cmocka_unit_test(numbers_have_the_form_of_the_rfc),
	    cmocka_unit_test(escapes_are_decoded),
	    cmocka_unit_test(strings_that_are_none_are_refused),
	    cmocka_unit_test(what_is_no_json_is_refused_with_its_line),
	    cmocka_unit_test(a_nul_is_not_the_end),
	    cmocka_unit_test(levels_are_limited),
	    cmocka_unit_test(many_values_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
