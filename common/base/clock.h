/* SPDX-License-Identifier: MIT */
/*
 * clock: the one source of time.
 *
 * Time is CLOCK_MONOTONIC in unsigned nanoseconds, so that a step of the wall
 * clock neither fires nor delays a timeout (POSIX.1-2017 clock_gettime()).
 * All calls are safe in any thread, in a forked child and in a signal handler.
 */
#ifndef COMMON_BASE_CLOCK_H
#define COMMON_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_US 1000ULL
#define NS_PER_MS 1000000ULL
#define NS_PER_S 1000000000ULL
#define NEVER UINT64_MAX /* a deadline that does not come */

/* Nanoseconds since an arbitrary start, never decreasing. Inline: a load reads
 * it once for each request. */
static inline uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

/* The time of CLOCK in nanoseconds, for CPU clocks. */
uint64_t
clock_ns(clockid_t clock);

/* The earlier of two times. */
static inline uint64_t
earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/*
 * Milliseconds from NOW until DEADLINE for poll(2), rounded up so that a
 * caller does not wake before the deadline and spin; -1 for NEVER, 0 if past.
 */
int
clock_timeout_ms(uint64_t deadline, uint64_t now);

/* Waits NS, also if signals come. */
void
clock_wait_ns(uint64_t ns);

/* Converts NS to a timespec. */
struct timespec
clock_timespec(uint64_t ns);

#endif
