/* SPDX-License-Identifier: MIT */
/*
 * stall: for how long the client could not run.
 *
 * Reasons are SIGSTOP or a debugger, a paused container, a CPU quota, or a
 * sleep of the machine. The server causes none of them, so they must not make
 * requests time out, and the result reports them. Waiting for a CPU that others
 * use is no stall (`wait_ns`, cpu_contention.h): the other may be the server.
 *
 * A caller that waits for events passes the time until which it wanted to wait.
 * If it wakes up later, and neither ran nor waited for a CPU meanwhile, that is
 * a stall, from STALL_MIN_NS on. The monotonic clock stands still while the
 * machine sleeps, so a sleep makes no deadline pass.
 *
 *	stall_open(&stall);
 *	for (before = now_ns();; before = now) {
 *		epoll_wait(..., until due);
 *		now = now_ns();
 *		deadline += stall_note(&stall, before, due, now);
 *	}
 *	stall_close(&stall);
 *
 * All calls from one thread.
 */
#ifndef COMMON_LOAD_STALL_H
#define COMMON_LOAD_STALL_H

#include <stdint.h>

#include "common/base/clock.h"
#include "common/load/load_result.h"
#include "common/sysinfo/cpu_quota.h"

#define STALL_MIN_NS (20 * NS_PER_MS)

struct stall {
	uint64_t next_check_ns;
	/* Clocks at the latest check: CPU time, run delay, throttling by a
	 * quota, sleep of the machine. */
	uint64_t ran_ns, waited_ns, throttle_count, throttle_ns;
	int64_t asleep_ns;
	uint64_t throttled, throttled_ns; /* at stall_begin() */
	uint64_t ns, times;		  /* of stalls since then */
	struct cpu_quota quota;
};

void
stall_open(struct stall *stall);

void
stall_close(struct stall *stall);

/* Begins a period. */
void
stall_begin(struct stall *stall);

/* Adds the stalls of the period to RESULT, and begins the next one. */
void
stall_end(struct stall *stall, struct load_result *result);

uint64_t
stall_check(struct stall *stall, uint64_t due, uint64_t now);

/* For a caller that waited from SINCE until NOW, and wanted to wait until DUE
 * at the latest. Returns the length of the stall by the monotonic clock; nearly
 * always 0. */
static inline uint64_t
stall_note(struct stall *stall, uint64_t since, uint64_t due, uint64_t now)
{
	return now < stall->next_check_ns
		   ? 0
		   : stall_check(stall, due > since ? due : since, now);
}

#endif
