/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "common/cli/rate_list.h"

static void
takes(const char *text, size_t count, const uint64_t *want)
{
	struct rate_list rates;

	assert_int_equal(rate_list_parse(&rates, text), 0);
	assert_int_equal(rates.count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(rates.rates[i], want[i]);
}

TEST(rates_are_one_or_several_or_steps)
{
	takes("1", 1, (uint64_t[]){1});
	takes("100000000", 1, (uint64_t[]){100000000});
	takes("1000,2000,500", 3, (uint64_t[]){1000, 2000, 500});
	takes("1000:4000:1000", 4, (uint64_t[]){1000, 2000, 3000, 4000});
	takes("7,10:30:10,8", 5, (uint64_t[]){7, 10, 20, 30, 8});
}

TEST(rates_are_a_hundred_at_most)
{
	struct rate_list rates;

	assert_int_equal(rate_list_parse(&rates, "1:100:1"), 0);
	assert_int_equal(rates.count, RATE_LIST_MAX);
	assert_int_equal(rates.rates[99], 100);
	assert_int_equal(rate_list_parse(&rates, "1:101:1"), -1);
	assert_int_equal(rate_list_parse(&rates, "1:100:1,5"), -1);
}

TEST(steps_end_at_or_below_their_end)
{
	takes("1000:2500:1000", 2, (uint64_t[]){1000, 2000});
	takes("5:5:1", 1, (uint64_t[]){5});
	takes("5:9:100", 1, (uint64_t[]){5});
	takes("99999999:100000000:100000000", 1, (uint64_t[]){99999999});
}

TEST(rates_refuse_what_is_none)
{
	static const char *const bad[] = {"", "0", "100000001", "x", "-1", "+1",
	    "1k", "1.5", " 1", "1 ", ",", "1,", ",1", "1,,2", "1:2",
	    "1:2:", ":2:1", "1::1", "2:1:1", "1:2:0", "1:2:3:4",
	    "1:2:1:", "99999999999999999999999999", "1;2"};
	struct rate_list rates;

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		if (rate_list_parse(&rates, bad[i]) != -1)
			fail_msg("\"%s\" is taken", bad[i]);
	}
}

RUN_TESTS(NULL, NULL)
