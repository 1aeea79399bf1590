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

TEST(the_example_of_the_standard)
{
	char text[HTTP_DATE_LEN + 1];

	assert_string_equal(
	    date_at(784111777, text), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(no_byte_more_is_written)
{
	char text[HTTP_DATE_LEN + 1];

	text[HTTP_DATE_LEN] = '#';
	http_date(text, 0);
	assert_memory_equal(
	    text, "Thu, 01 Jan 1970 00:00:00 GMT#", HTTP_DATE_LEN + 1);
}

/* 400 years, after which the calendar is the same again; each day at another
 * time of it. */
TEST(all_days_are_those_of_libc)
{
	char text[HTTP_DATE_LEN + 1], expected[64];

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

RUN_TESTS(NULL, NULL)
