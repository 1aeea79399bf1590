/* SPDX-License-Identifier: MIT */
/*
 * cpu_contention: how much of the CPUs somebody else used during a slice.
 *
 * Of the CPUs where client and servers run: the time in which they were not
 * idle, less the client's, less that of one server; or the time that a
 * hypervisor took, whichever is more. The kernel tells idle time, of each CPU,
 * and that of reaped children in units of 10 ms, so the figure is an estimate
 * that may be off by a few of them to either side. One is taken off: on two
 * CPUs, a threshold of 20 % is 30 % of a slice of 50 ms, 40 % of one of 25 ms.
 *
 * A server is watched by the CPU clocks of its processes, which have to be
 * there when the watch begins, and by the time of children that they have
 * waited for since. That takes microseconds, not a walk through /proc; but of
 * a server whose children come and go it would miss those that have not gone
 * yet, so there it is a walk.
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
	pid_t walked; /* 0: it is not a walk */
	clockid_t *clocks;
	size_t count;
	pid_t roots[8]; /* the first ones: those that wait for children */
	size_t root_count;
};

/* PID and its descendants: those of now, or, if they CHANGE, of any time.
 * Without memory it watches none of them. */
void
cpu_contention_open(struct cpu_contention_watch *watch, pid_t pid, bool change);

/* Harmless if it is zeroed. */
void
cpu_contention_close(struct cpu_contention_watch *watch);

struct cpu_contention {
	const struct cpu_placement *placement;
	uint64_t at_ns, idle_ns, stolen_ns, softirq_ns, client_ns, server_ns;
};

/* Before a slice of the server that is watched. */
void
cpu_contention_begin(struct cpu_contention *contention,
    const struct cpu_placement *placement,
    const struct cpu_contention_watch *watch);

/* After it: the others' share of these CPUs' time, 0 to 1. */
double
cpu_contention_share(const struct cpu_contention *contention,
    const struct cpu_contention_watch *watch);

#endif
