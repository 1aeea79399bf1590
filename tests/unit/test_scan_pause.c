/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "common/base/clock.h"
#include "common/server/scan_pause.h"

TEST(a_short_scan_may_be_repeated_soon)
{
	assert_int_equal(scan_pause(0, false), 5 * NS_PER_MS);
	assert_int_equal(scan_pause(50 * NS_PER_US, false), 5 * NS_PER_MS);
}

TEST(a_scan_that_finds_none_takes_a_hundredth_of_the_time)
{
	for (uint64_t us = 50; us <= 1000; us += 50)
		assert_int_equal(
		    scan_pause(us * NS_PER_US, false), 100 * us * NS_PER_US);
}

TEST(crashed_workers_are_found_within_a_tenth_of_a_second)
{
	for (uint64_t ms = 1; ms <= 25; ms++)
		assert_int_equal(
		    scan_pause(ms * NS_PER_MS, false), 100 * NS_PER_MS);
}

/* Where many die, most are still to be found after the first sweep. */
TEST(after_a_crashed_worker_the_next_scan_comes_soon)
{
	assert_int_equal(scan_pause(0, true), 5 * NS_PER_MS);
	assert_int_equal(scan_pause(NS_PER_MS, true), 5 * NS_PER_MS);
}

TEST(scans_never_take_more_than_a_fifth_of_the_time)
{
	for (uint64_t ms = 26; ms <= 5000; ms += 7) {
		assert_int_equal(
		    scan_pause(ms * NS_PER_MS, false), 4 * ms * NS_PER_MS);
		assert_int_equal(
		    scan_pause(ms * NS_PER_MS, true), 4 * ms * NS_PER_MS);
	}
}

RUN_TESTS(NULL, NULL)
