/* SPDX-License-Identifier: MIT */
/* sweep: a share of the time, with bounds. */
#include "common/server/scan_pause.h"

#include "common/base/clock.h"

/* 1 % of the time, */
#define SHARE 100
/* but not so little that the dead stay for long; */
#define PAUSE_MAX_NS (100 * NS_PER_MS)
/* and never more than a fifth of it, however many workers there are. */
#define SHARE_MIN 4
/* Those who die together are asked together. */
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
