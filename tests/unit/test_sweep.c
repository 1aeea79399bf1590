/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "common/base/clock.h"
#include "common/server/sweep.h"

static void
a_short_sweep_may_come_again_soon(void **state)
{
	(void)state;
	assert_int_equal(sweep_pause(0, false), 5 * NS_PER_MS);
	assert_int_equal(sweep_pause(50 * NS_PER_US, false), 5 * NS_PER_MS);
}

static void
a_sweep_that_finds_nobody_takes_a_hundredth_of_the_time(void **state)
{
	(void)state;
	for (uint64_t us = 50; us <= 1000; us += 50)
		assert_int_equal(
		    sweep_pause(us * NS_PER_US, false), 100 * us * NS_PER_US);
}

static void
the_dead_are_found_within_a_tenth_of_a_second(void **state)
{
	(void)state;
	for (uint64_t ms = 1; ms <= 25; ms++)
		assert_int_equal(
		    sweep_pause(ms * NS_PER_MS, false), 100 * NS_PER_MS);
}

/* Where many die, most are still to be found after the first sweep. */
static void
after_a_dead_one_the_next_sweep_comes_soon(void **state)
{
	(void)state;
	assert_int_equal(sweep_pause(0, true), 5 * NS_PER_MS);
	assert_int_equal(sweep_pause(NS_PER_MS, true), 5 * NS_PER_MS);
}

static void
sweeps_never_take_more_than_a_fifth_of_the_time(void **state)
{
	(void)state;
	for (uint64_t ms = 26; ms <= 5000; ms += 7) {
		assert_int_equal(
		    sweep_pause(ms * NS_PER_MS, false), 4 * ms * NS_PER_MS);
		assert_int_equal(
		    sweep_pause(ms * NS_PER_MS, true), 4 * ms * NS_PER_MS);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_short_sweep_may_come_again_soon),
	    cmocka_unit_test(
		a_sweep_that_finds_nobody_takes_a_hundredth_of_the_time),
	    cmocka_unit_test(the_dead_are_found_within_a_tenth_of_a_second),
	    cmocka_unit_test(after_a_dead_one_the_next_sweep_comes_soon),
	    cmocka_unit_test(sweeps_never_take_more_than_a_fifth_of_the_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
