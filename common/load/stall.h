/* SPDX-License-Identifier: MIT */
/*
 * stall: for how long the client did not run, though it wanted to.
 *
 * It was stopped (SIGSTOP, a debugger), frozen (a container that is paused),
 * throttled by a quota of CPU time, or its machine slept. Nothing of that is
 * the server's doing: it must not make requests time out, and the reader has
 * to know. That others had the CPUs is something else, which is told where
 * it is measured (`wait_ns`, cpu_contention.h); they may be the server.
 *
 * Who waits for events says until when it wanted to wait. What goes beyond is
 * time in which it stood still, unless it ran or waited for a CPU; less than
 * STALL_LEAST_NS is not noted. Half of what a sleep of the machine does, the
 * monotonic clock does not see: nothing is late by it.
 *
 *	stall_open(&still);
 *	for (before = now_ns();; before = now) {
 *		epoll_wait(..., until due);
 *		now = now_ns();
 *		deadline += stall_note(&still, before, due, now);
 *	}
 *	stall_close(&still);
 *
 * One thread, the same for all calls.
 */
#ifndef COMMON_LOAD_STALL_H
#define COMMON_LOAD_STALL_H

#include <stdint.h>

#include "common/base/clock.h"
#include "common/sysinfo/cpu_quota.h"
#include "common/load/load_result.h"

#define STALL_LEAST_NS (20 * NS_PER_MS)

struct stall {
	uint64_t look_ns; /* not looked before then */
	/* at the latest look: CPU time, time without a CPU, how often a quota
	 * was used up and for how long, time of the machine's sleep */
	uint64_t ran_ns, waited_ns, cuts, cut_ns;
	int64_t asleep_ns;
	uint64_t throttled, throttled_ns; /* at the beginning */
	uint64_t ns, times;		  /* since then */
	struct cpu_quota quota;
};

void
stall_open(struct stall *stall);

void
stall_close(struct stall *stall);

/* From now on. */
void
stall_begin(struct stall *stall);

/* Adds what there was since stall_begin() to RESULT. */
void
stall_end(struct stall *stall, struct load_result *result);

uint64_t
stall_look(struct stall *stall, uint64_t due, uint64_t now);

/* Awake at NOW, after a wait from SINCE, until DUE at the latest. Returns for
 * how long nothing was done since, by the monotonic clock; 0 nearly always. */
static inline uint64_t
stall_note(struct stall *stall, uint64_t since, uint64_t due, uint64_t now)
{
	return now < stall->look_ns
		   ? 0
		   : stall_look(stall, due > since ? due : since, now);
}

#endif
