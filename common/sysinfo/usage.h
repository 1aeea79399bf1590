/* SPDX-License-Identifier: MIT */
/*
 * cost: what a server uses beside the load: CPU, switches, faults, memory.
 *
 * Of the whole tree of processes under a PID, living children and reaped ones
 * included. What a fork costs moves by 10 to 100 times with what its parent
 * has mapped, so these figures stand with every result.
 *
 *	cost_group_make(&group, pid);	 ... server has just started ...
 *	cost_begin(&meter, pid, &group);	 ... load ...
 *	cost_end(&meter, &sums);
 *	cost_of_requests(&sums, requests, &cost);
 *
 *	memory_ask(&before, pid, &group);	 ... open connections ...
 *	memory_ask(&after, pid, &group);
 *	cost_memory(&before, &after, connections, &cost);
 *	cost_group_remove(&group);	 ... server has ended ...
 *
 * /proc (proc(5)), and cgroup v1 or v2 where one may be made. Nothing of it
 * needs privileges, but what they would tell is NAN without. Asking takes
 * some milliseconds for a hundred processes: never inside a slice.
 */
#ifndef COMMON_SYSINFO_USAGE_H
#define COMMON_SYSINFO_USAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "common/base/cgroup.h"
#include "common/verdict/comparison.h"

/* ---- a group of its own: counts also what its dead have used ---- */

#define COST_GROUP_PATH_MAX CGROUP_PATH_MAX

/* Folders of a cgroup; the same one in version 2. Empty: none may be made. */
struct cost_group {
	char cpu[COST_GROUP_PATH_MAX];
	char memory[COST_GROUP_PATH_MAX];
	bool cpu_unified, memory_unified; /* version 2 */
};

/*
 * Makes a cgroup and puts PID, its threads and its children into it. No error:
 * /proc alone tells all but the slab, and the CPU of children whom nobody
 * waits for. What an earlier client left that was killed is removed.
 * Where version 2 shares out CPU time at that place, the group has a weight of
 * its own there.
 */
void
cost_group_make(struct cost_group *group, pid_t pid);

/* Removes it; its processes have ended, or end within a second. Harmless for
 * one that was not made (or is zeroed), and for a second time. */
void
cost_group_remove(struct cost_group *group);

/* Removes all that were made, for who exits then. Safe in a signal handler. */
void
cost_group_remove_all(void);

/* ---- CPU, switches, faults ---- */

struct cost_sums {
	uint64_t user_ns, system_ns, voluntary, involuntary, faults;
	/* What the dead have used is not known: nobody waited for them. */
	bool lost_cpu, lost_faults;
	/* Dead children had a part of the CPU that matters, and its parts are
	 * not known: the kernel samples them by clock ticks, and takes all of
	 * a life without a tick for the user's. */
	bool lost_split;
	/* The dead had a part of the CPU that matters, and nothing tells their
	 * switches. */
	bool lost_switches;
};

/* What a tree has used since its start. */
struct cost_tally {
	uint64_t total_ns;		 /* CPU */
	uint64_t user, system;		 /* its parts, in any unit */
	uint64_t dead_ns;		 /* of it: of dead tasks */
	uint64_t reaped_ns;		 /* of it: of dead children */
	uint64_t voluntary, involuntary; /* of living tasks */
	uint64_t faults;
	bool loses_children, has_all_cpu;
	bool lost_switches; /* they did not fit what we read of them */
};

struct cost_meter {
	pid_t pid;
	const struct cost_group *group;
	struct cost_tally before;
};

/* GROUP stays the caller's, until cost_end(). NULL: none. */
void
cost_begin(struct cost_meter *meter, pid_t pid, const struct cost_group *group);

/* What was used since, added to SUMS. */
void
cost_end(const struct cost_meter *meter, struct cost_sums *sums);

/* Sums of REQUESTS requests as figures; NAN for what is not known. Leaves
 * COST's memory alone. */
void
cost_of_requests(
    const struct cost_sums *sums, uint64_t requests, struct cost *cost);

/*
 * What a server has used in its whole life, start and end included, added to
 * SUMS: see launch.h. This alone knows the switches of the dead, unless nobody
 * waited for them; so where a load leaves them unknown, those of a life are
 * the figure, for all requests in it.
 */
void
cost_add_life(struct cost_sums *sums, const struct rusage *used);

/* ---- memory ---- */

/* Of all its processes, KiB; counts are numbers. NAN: not known. The slab is
 * an absolute figure in version 2 only: take differences. */
struct memory {
	double kib[MEMORY_KINDS];
	double pss_kib, processes, threads, mappings;
};

/* Without the shell that waits for the server, if PID is one. GROUP may be
 * NULL. */
void
memory_ask(struct memory *memory, pid_t pid, const struct cost_group *group);

/* Fills COST's memory_kib and what goes with it, for CONNECTIONS connections
 * that were opened between BEFORE and AFTER. Leaves the rest of COST alone. */
void
cost_memory(const struct memory *before, const struct memory *after,
    uint64_t connections, struct cost *cost);

#endif
