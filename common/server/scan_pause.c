/* SPDX-License-Identifier: MIT */
/* scan_pause: a share of the time, within bounds. */
#include "common/server/scan_pause.h"

#include "common/base/clock.h"

/* Scans get 1 % of the time, */
#define SHARE 100
/* but are at most so far apart; */
#define PAUSE_MAX_NS (100 * NS_PER_MS)
/* and never take more than a fifth of the time. */
#define SHARE_MIN 4
/* Workers that are killed together are found by one scan. */
#define PAUSE_MIN_NS (5 * NS_PER_MS)

static uint64_t
later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

uint64_t
scan_pause(uint64_t cpu_ns, bool found)
{
	uint64_t pause =
	    found ? PAUSE_MIN_NS : earlier(cpu_ns * SHARE, PAUSE_MAX_NS);

	return later(later(pause, PAUSE_MIN_NS), cpu_ns * SHARE_MIN);
}
