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

static void
rates_are_one_or_several_or_steps(void **state)
{
	(void)state;
	takes("1", 1, (uint64_t[]){1});
	takes("100000000", 1, (uint64_t[]){100000000});
	takes("1000,2000,500", 3, (uint64_t[]){1000, 2000, 500});
	takes("1000:4000:1000", 4, (uint64_t[]){1000, 2000, 3000, 4000});
	takes("7,10:30:10,8", 5, (uint64_t[]){7, 10, 20, 30, 8});
}

static void
rates_are_a_hundred_at_most(void **state)
{
	struct rate_list rates;

	(void)state;
	assert_int_equal(rate_list_parse(&rates, "1:100:1"), 0);
	assert_int_equal(rates.count, RATE_LIST_MAX);
	assert_int_equal(rates.rates[99], 100);
	assert_int_equal(rate_list_parse(&rates, "1:101:1"), -1);
	assert_int_equal(rate_list_parse(&rates, "1:100:1,5"), -1);
}

static void
steps_end_at_or_below_their_end(void **state)
{
	(void)state;
	takes("1000:2500:1000", 2, (uint64_t[]){1000, 2000});
	takes("5:5:1", 1, (uint64_t[]){5});
	takes("5:9:100", 1, (uint64_t[]){5});
	takes("99999999:100000000:100000000", 1, (uint64_t[]){99999999});
}

static void
rates_refuse_what_is_none(void **state)
{
	static const char *const bad[] = {"", "0", "100000001", "x", "-1", "+1",
	    "1k", "1.5", " 1", "1 ", ",", "1,", ",1", "1,,2", "1:2",
	    "1:2:", ":2:1", "1::1", "2:1:1", "1:2:0", "1:2:3:4",
	    "1:2:1:", "99999999999999999999999999", "1;2"};
	struct rate_list rates;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		if (rate_list_parse(&rates, bad[i]) != -1)
			fail_msg("\"%s\" is taken", bad[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rates_are_one_or_several_or_steps),
	    cmocka_unit_test(rates_are_a_hundred_at_most),
	    cmocka_unit_test(steps_end_at_or_below_their_end),
	    cmocka_unit_test(rates_refuse_what_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
