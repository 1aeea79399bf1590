/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "common/service/http_date.h"

#define DAY_SECONDS 86400L

static const char *
date_at(unsigned long second, char text[HTTP_DATE_LEN + 1])
{
	http_date(text, second);
	text[HTTP_DATE_LEN] = '\0';
	return text;
}

static void
the_example_of_the_standard(void **state)
{
	char text[HTTP_DATE_LEN + 1];

	(void)state;
	assert_string_equal(
	    date_at(784111777, text), "Sun, 06 Nov 1994 08:49:37 GMT");
}

static void
no_byte_more_is_written(void **state)
{
	char text[HTTP_DATE_LEN + 1];

	(void)state;
	text[HTTP_DATE_LEN] = '#';
	http_date(text, 0);
	assert_memory_equal(
	    text, "Thu, 01 Jan 1970 00:00:00 GMT#", HTTP_DATE_LEN + 1);
}

/* 400 years, after which the calendar is the same again; each day at another
 * time of it. */
static void
all_days_are_those_of_libc(void **state)
{
	char text[HTTP_DATE_LEN + 1], expected[64];

	(void)state;
	for (time_t day = 0; day < 146097; day++) {
		time_t second = day * DAY_SECONDS + day * 7919 % DAY_SECONDS;
		struct tm tm;

		assert_non_null(gmtime_r(&second, &tm));
		strftime(
		    expected, sizeof(expected), "%a, %d %b %Y %T GMT", &tm);
		assert_string_equal(
		    date_at((unsigned long)second, text), expected);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_example_of_the_standard),
	    cmocka_unit_test(no_byte_more_is_written),
	    cmocka_unit_test(all_days_are_those_of_libc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
