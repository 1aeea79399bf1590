/* SPDX-License-Identifier: MIT */
/*
 * cpu_contention: the share of the CPUs that other processes used in a slice.
 *
 * On the CPUs of client and servers: busy time minus the time of the client and
 * of one server; or the time that a hypervisor took (steal), if that is more.
 * The kernel counts idle time and the time of reaped children in ticks of 10
 * ms, so the figure is an estimate with an error of a few ticks. One tick is
 * subtracted: on two CPUs, a threshold of 20 % becomes 30 % of a slice of 50 ms
 * and 40 % of one of 25 ms.
 *
 * A server's time is the CPU clocks of its processes, which must exist when the
 * watch begins, and the time of children that they have waited for. Reading it
 * takes microseconds. If the children of a server come and go, living children
 * would be missing; then the whole tree is walked through /proc.
 *
 * Not thread-safe.
 */
#ifndef COMMON_SYSINFO_CPU_CONTENTION_H
#define COMMON_SYSINFO_CPU_CONTENTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "common/sysinfo/cpu_placement.h"

/* The processes of one server. */
struct cpu_contention_watch {
	pid_t walked;	   /* the root of the tree to walk; 0: use the clocks */
	clockid_t *clocks; /* owned */
	size_t count;
	pid_t roots[8]; /* the first processes, which wait for children */
	size_t root_count;
};

/* Watches PID and its descendants of now; with CHANGE, those of any time. A
 * process for which there is no memory is left out. WATCH is zeroed or in use;
 * the caller closes it. */
void
cpu_contention_open(struct cpu_contention_watch *watch, pid_t pid, bool change);

/* Harmless if WATCH is zeroed or closed. */
void
cpu_contention_close(struct cpu_contention_watch *watch);

struct cpu_contention {
	const struct cpu_placement *placement;
	uint64_t at_ns, idle_ns, stolen_ns, softirq_ns, client_ns, server_ns;
};

/* Call it before a slice of the server of WATCH. */
void
cpu_contention_begin(struct cpu_contention *contention,
    const struct cpu_placement *placement,
    const struct cpu_contention_watch *watch);

/* After the slice: the share of these CPUs' time that others used, 0 to 1. */
double
cpu_contention_share(const struct cpu_contention *contention,
    const struct cpu_contention_watch *watch);

#endif
