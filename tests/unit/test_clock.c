/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/time.h>

#include "common/base/clock.h"

TEST(timeout_rounds_up_to_the_next_millisecond)
{
	uint64_t now = 5 * NS_PER_S;

	assert_int_equal(clock_timeout_ms(now + 1, now), 1);
	assert_int_equal(clock_timeout_ms(now + NS_PER_MS - 1, now), 1);
	assert_int_equal(clock_timeout_ms(now + NS_PER_MS, now), 1);
	assert_int_equal(clock_timeout_ms(now + NS_PER_MS + 1, now), 2);
	assert_int_equal(clock_timeout_ms(now + 3 * NS_PER_S, now), 3000);
}

TEST(timeout_of_a_past_deadline_is_zero)
{
	assert_int_equal(clock_timeout_ms(7, 7), 0);
	assert_int_equal(clock_timeout_ms(6, 7), 0);
	assert_int_equal(clock_timeout_ms(0, NEVER - 1), 0);
}

TEST(timeout_of_never_is_endless)
{
	assert_int_equal(clock_timeout_ms(NEVER, 0), -1);
	assert_int_equal(clock_timeout_ms(NEVER, NEVER), -1);
}

TEST(timeout_beyond_an_int_is_the_largest_int)
{
	assert_int_equal(clock_timeout_ms(INT_MAX * NS_PER_MS, 0), INT_MAX);
	assert_int_equal(clock_timeout_ms(INT_MAX * NS_PER_MS + 1, 0), INT_MAX);
	assert_int_equal(clock_timeout_ms(NEVER / 2, 0), INT_MAX);
}

/* Rounding up must not wrap around: a poll(2) of 0 ms would spin. */
TEST(timeout_of_the_last_instants_is_the_largest_int)
{
	assert_int_equal(clock_timeout_ms(NEVER - NS_PER_MS, 0), INT_MAX);
	assert_int_equal(clock_timeout_ms(NEVER - 1, 0), INT_MAX);
}

TEST(poll_with_a_timeout_does_not_wake_early)
{
	for (uint64_t part = 1; part <= 5; part++) {
		uint64_t now = now_ns(), due = now + part * 300 * NS_PER_US;

		poll(NULL, 0, clock_timeout_ms(due, now));
		assert_true(now_ns() >= due);
	}
}

TEST(now_never_decreases)
{
	uint64_t last = now_ns();

	for (int i = 0; i < 100000; i++) {
		uint64_t now = now_ns();

		assert_true(now >= last);
		last = now;
	}
}

TEST(timespec_holds_the_same_instant)
{
	static const uint64_t instants[] = {
	    0, 1, NS_PER_S - 1, NS_PER_S, 3 * NS_PER_S + 7, NEVER};

	for (size_t i = 0; i < COUNT_OF(instants); i++) {
		struct timespec t = clock_timespec(instants[i]);

		assert_in_range(t.tv_nsec, 0, NS_PER_S - 1);
		assert_int_equal(
		    (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec,
		    instants[i]);
	}
}

TEST(earlier_is_the_smaller)
{
	assert_int_equal(earlier(3, NEVER), 3);
	assert_int_equal(earlier(NEVER, 3), 3);
	assert_int_equal(earlier(3, 3), 3);
}

static void
on_signal(int signal)
{
	(void)signal;
}

TEST(a_wait_is_as_long_as_told_whatever_signals_come)
{
	struct sigaction act = {.sa_handler = on_signal};
	struct itimerval often = {{0, 500}, {0, 500}}, never = {{0, 0}, {0, 0}};
	uint64_t before;

	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	before = now_ns();
	clock_wait_ns(10 * NS_PER_MS);
	assert_true(now_ns() - before >= 10 * NS_PER_MS);
	setitimer(ITIMER_REAL, &never, NULL);
}

TEST(a_wait_for_nothing_returns)
{
	clock_wait_ns(0);
	clock_wait_ns(1);
}

TEST(a_wait_costs_no_cpu)
{
	uint64_t before = clock_ns(CLOCK_THREAD_CPUTIME_ID), used;

	clock_wait_ns(50 * NS_PER_MS);
	used = clock_ns(CLOCK_THREAD_CPUTIME_ID) - before;
	assert_true(used < 25 * NS_PER_MS);
}

RUN_TESTS(NULL, NULL)
