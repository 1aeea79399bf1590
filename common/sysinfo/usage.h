/* SPDX-License-Identifier: MIT */
/*
 * usage: what a server uses under a load: CPU time, context switches, page
 * faults, memory.
 *
 * A figure is for the process PID with all its descendants, living and reaped.
 *
 *	usage_group_make(&group, pid);		... server has just started ...
 *	usage_begin(&meter, pid, &group);	... load ...
 *	usage_end(&meter, &sums);
 *	usage_of_requests(&sums, requests, &usage);
 *
 *	usage_memory_read(&before, pid, &group); ... open connections ...
 *	usage_memory_read(&after, pid, &group);
 *	usage_add_memory(&before, &after, connections, &usage);
 *	usage_group_remove(&group);		... server has ended ...
 *
 * The figures come from /proc (proc(5)), and from a cgroup (version 1 or 2) if
 * the client may make one. A figure that needs other privileges is NAN. A
 * reading takes milliseconds for a hundred processes: never read during a
 * slice. Not thread-safe.
 */
#ifndef COMMON_SYSINFO_USAGE_H
#define COMMON_SYSINFO_USAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "common/base/cgroup.h"

/* The kinds of a server's memory. Memory for each connection is the sum of the
 * kinds, minus what the server has without connections. */
enum memory_kind {
	MEMORY_ANONYMOUS, /* heap, stacks, copied pages: proportional share */
	MEMORY_FILE,	  /* program and libraries: proportional share */
	MEMORY_PAGE_TABLES,
	MEMORY_KERNEL_STACKS,
	MEMORY_SLAB, /* sockets, tasks, descriptors; NAN without a cgroup */
	MEMORY_KINDS,
};

/* NAN: unknown. */
struct usage {
	/* For each request: CPU time and its parts, context switches, page
	 * faults. */
	double cpu_us, user_us, system_us;
	double voluntary, involuntary, faults;
	double tlb_misses; /* likewise, in user mode (task_counter.h) */
	/* KiB for each connection, with CONNECTIONS open */
	double memory_kib[MEMORY_KINDS];
	/* Of the whole server at that time. */
	double pss_kib, connections, processes, threads, mappings;
	/* KiB that the whole server has more than before the load when all
	 * connections have ended: what it does not return. */
	double kept_kib;
};

extern const char *const USAGE_MEMORY_WORDS[]; /* "anonymous", "page tables" */

/* Every figure NAN. */
void
usage_init(struct usage *usage);

/* The sum of all known kinds, KiB for each connection; NAN if none is known. */
double
usage_memory_kib(const struct usage *usage);

/* ---- a cgroup for the server: it counts ended processes, too ---- */

#define USAGE_GROUP_PATH_MAX CGROUP_PATH_MAX

/* Folders of a cgroup; may be the same one. "": the client may make none. */
struct usage_group {
	char cpu[USAGE_GROUP_PATH_MAX];
	char memory[USAGE_GROUP_PATH_MAX];
	bool cpu_unified, memory_unified; /* version 2 */
};

/*
 * Makes a cgroup and moves PID and its descendants into it. There is no error:
 * without a group, only the slab and the CPU time of children that were not
 * waited for are unknown. Removes the groups of clients that were killed.
 *
 * Where version 2 divides CPU time among groups, this one has its own weight.
 */
void
usage_group_make(struct usage_group *group, pid_t pid);

/* Removes GROUP; its processes must end within 1 s. Harmless if GROUP is
 * zeroed, was not made, or is removed. */
void
usage_group_remove(struct usage_group *group);

/* Removes all groups, for a client that exits next. Async-signal-safe. */
void
usage_group_remove_all(void);

/* ---- CPU, switches, faults ---- */

struct usage_sums {
	uint64_t user_ns, system_ns, voluntary, involuntary, faults;
	uint64_t tlb_misses;
	bool has_tlb_misses; /* they were counted, by the caller */
	/* The figures of ended processes are unknown: their parent did not
	 * wait for them. */
	bool lost_cpu, lost_faults;
	/* Ended children used much CPU time, whose parts are unknown: the
	 * kernel samples them by clock ticks, and counts a process that lived
	 * less than a tick as user time. */
	bool lost_split;
	/* Ended tasks used much CPU time, and their switches are unknown. */
	bool lost_switches;
};

/* What a process tree has used since its start. */
struct usage_totals {
	uint64_t total_ns;		 /* CPU time */
	uint64_t user, system;		 /* its parts, in any unit */
	uint64_t dead_ns;		 /* its part of ended tasks */
	uint64_t reaped_ns;		 /* its part of reaped children */
	uint64_t voluntary, involuntary; /* of living tasks */
	uint64_t faults;
	bool loses_children; /* a process ignores SIGCHLD */
	bool has_all_cpu;    /* total_ns is the group's */
	bool lost_switches;  /* a status file was too long to read */
};

struct usage_meter {
	pid_t pid;
	const struct usage_group *group;
	struct usage_totals before;
};

/* GROUP stays the caller's and valid until usage_end(). NULL: no group. */
void
usage_begin(
    struct usage_meter *meter, pid_t pid, const struct usage_group *group);

/* Adds what was used since usage_begin() to SUMS. */
void
usage_end(const struct usage_meter *meter, struct usage_sums *sums);

/* The CPU time in SUMS; has a meaning unless it is lost. */
static inline uint64_t
usage_cpu_ns(const struct usage_sums *sums)
{
	return sums->user_ns + sums->system_ns;
}

/* Divides SUMS by REQUESTS; 0 requests give NAN. Does not change the memory in
 * USAGE. */
void
usage_of_requests(
    const struct usage_sums *sums, uint64_t requests, struct usage *usage);

/*
 * Adds what a server has used in its whole life to SUMS, start and end included
 * (`used` of launch.h). Only this has the switches of ended processes. So where
 * they are unknown for a load, the figure is that of the life, divided by all
 * its requests.
 */
void
usage_add_life(struct usage_sums *sums, const struct rusage *used);

/* ---- memory ---- */

/* Of all processes of a server; NAN: unknown. Only differences of the slab have
 * a meaning: in version 1 it is not an absolute figure. */
struct usage_memory {
	double kib[MEMORY_KINDS];
	double pss_kib, processes, threads, mappings;
};

/* If PID is a shell that waits for the server, the shell is left out. GROUP may
 * be NULL. */
void
usage_memory_read(
    struct usage_memory *memory, pid_t pid, const struct usage_group *group);

/* Sets memory_kib and the members after it, for CONNECTIONS connections that
 * were opened between BEFORE and AFTER. Does not change the rest of USAGE. */
void
usage_add_memory(const struct usage_memory *before,
    const struct usage_memory *after, uint64_t connections,
    struct usage *usage);

#endif
