/* SPDX-License-Identifier: MIT */
/*
 * task_counter: counts an event of a process, and of all threads and processes
 * that it starts from then on (perf_event_open(2)).
 *
 *	task_counter_open(&counter, pid, TASK_COUNTER_TLB_MISSES);
 *	task_counter_read(&counter, &before);
 *	... load ...
 *	task_counter_since(&counter, &before, &count);
 *	task_counter_close(&counter);
 *
 * Counted is what happens in user mode. Few virtual machines have hardware
 * counters, and a kernel may keep them to itself (perf_event_paranoid): opening
 * fails then. One thread at a time.
 */
#ifndef COMMON_SYSINFO_TASK_COUNTER_H
#define COMMON_SYSINFO_TASK_COUNTER_H

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Type and number of an event. */
#define TASK_COUNTER_TLB_MISSES                                    \
	PERF_TYPE_HW_CACHE, PERF_COUNT_HW_CACHE_DTLB |             \
				PERF_COUNT_HW_CACHE_OP_READ << 8 | \
				PERF_COUNT_HW_CACHE_RESULT_MISS << 16

struct task_counter {
	int fd;
	bool open;
};

/* A reading: events, and for how long (ns) they were wanted and counted. A CPU
 * has few counters, so the kernel may count in turns. */
struct task_count {
	uint64_t value, enabled, running;
};

/* Begins to count. Returns 0; or -1 with errno, and COUNTER is closed. */
int
task_counter_open(
    struct task_counter *counter, pid_t pid, uint32_t type, uint64_t event);

/* Sets COUNT to the reading of now. False: there is none. */
bool
task_counter_read(const struct task_counter *counter, struct task_count *count);

/* Sets *EVENTS to their number since BEFORE; where they were counted in turns,
 * to an estimate. False: unknown, because none of that time was counted. */
bool
task_counter_since(const struct task_counter *counter,
    const struct task_count *before, uint64_t *events);

/* Harmless if it is zeroed or closed. */
void
task_counter_close(struct task_counter *counter);

#endif
