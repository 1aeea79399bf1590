/* SPDX-License-Identifier: MIT */
/* clock: nanoseconds, and timeouts for poll(2). */
#include "common/base/clock.h"

#include <limits.h>

uint64_t
clock_ns(clockid_t clock)
{
	struct timespec t = {0};

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

int
clock_timeout_ms(uint64_t deadline, uint64_t now)
{
	uint64_t ms;

	if (deadline == NEVER)
		return -1;
	if (deadline <= now)
		return 0;
	ms = (deadline - now - 1) / NS_PER_MS + 1;
	return ms > INT_MAX ? INT_MAX : (int)ms;
}

struct timespec
clock_timespec(uint64_t ns)
{
	return (struct timespec){
	    .tv_sec = (time_t)(ns / NS_PER_S),
	    .tv_nsec = (long)(ns % NS_PER_S),
	};
}

void
clock_wait_ns(uint64_t ns)
{
	struct timespec until = clock_timespec(now_ns() + ns);

	while (
	    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) != 0)
		continue;
}
