/* SPDX-License-Identifier: MIT */
/*
 * usage: what a server uses beside the load: CPU, switches, faults, memory.
 *
 * It is the usage of the whole tree of processes under a PID, with living
 * children and reaped ones. The cost of a fork moves by 10 to 100 times with
 * what the parent has mapped, so these figures stand beside every result.
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
 * The figures come from /proc (proc(5)), and from cgroup v1 or v2 where the
 * client may make one. No privileges are needed; a figure that would need them
 * is NAN. A reading takes some milliseconds for a hundred processes: never read
 * inside a slice.
 */
#ifndef COMMON_SYSINFO_USAGE_H
#define COMMON_SYSINFO_USAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "common/base/cgroup.h"

/* Where a server's memory is. "For each connection" is the sum over the kinds
 * beyond what the server needs without connections. */
enum memory_kind {
	MEMORY_ANONYMOUS, /* heap, stacks, copied pages: proportional share */
	MEMORY_FILE,	  /* program and libraries: proportional share */
	MEMORY_PAGE_TABLES,
	MEMORY_KERNEL_STACKS,
	MEMORY_SLAB, /* sockets, tasks, descriptors; NAN without a cgroup */
	MEMORY_KINDS,
};

/* A server beside the load. */
struct usage {
	double cpu_us;		   /* for a request */
	double user_us, system_us; /* of it; NAN: the parts are not known */
	/* for a request: context switches of either kind, page faults */
	double voluntary, involuntary, faults;
	/* KiB for each connection, with CONNECTIONS open */
	double memory_kib[MEMORY_KINDS];
	double pss_kib; /* of all its processes, at that time */
	/* at that time, all of its */
	double connections, processes, threads, mappings;
};

extern const char *const MEMORY_KIND_WORDS[]; /* "anonymous", "page tables" */

/* Every figure NAN. */
void
usage_init(struct usage *usage);

/* The sum of all kinds that are known, KiB for a connection; NAN if none is. */
double
usage_memory_kib(const struct usage *usage);

/* ---- a group of its own: counts also what its dead have used ---- */

#define USAGE_GROUP_PATH_MAX CGROUP_PATH_MAX

/* Folders of a cgroup; the same one in version 2. Empty: none may be made. */
struct usage_group {
	char cpu[USAGE_GROUP_PATH_MAX];
	char memory[USAGE_GROUP_PATH_MAX];
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
usage_group_make(struct usage_group *group, pid_t pid);

/* Removes it; its processes have ended, or end within a second. Harmless for
 * one that was not made (or is zeroed), and for a second time. */
void
usage_group_remove(struct usage_group *group);

/* Removes all that were made, for who exits then. Safe in a signal handler. */
void
usage_group_remove_all(void);

/* ---- CPU, switches, faults ---- */

struct usage_sums {
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
struct usage_totals {
	uint64_t total_ns;		 /* CPU */
	uint64_t user, system;		 /* its parts, in any unit */
	uint64_t dead_ns;		 /* of it: of dead tasks */
	uint64_t reaped_ns;		 /* of it: of dead children */
	uint64_t voluntary, involuntary; /* of living tasks */
	uint64_t faults;
	bool loses_children, has_all_cpu;
	bool lost_switches; /* they did not fit what we read of them */
};

struct usage_meter {
	pid_t pid;
	const struct usage_group *group;
	struct usage_totals before;
};

/* GROUP stays the caller's, until usage_end(). NULL: none. */
void
usage_begin(
    struct usage_meter *meter, pid_t pid, const struct usage_group *group);

/* What was used since, added to SUMS. */
void
usage_end(const struct usage_meter *meter, struct usage_sums *sums);

/* Sums of REQUESTS requests as figures; NAN for what is not known. Leaves
 * COST's memory alone. */
void
usage_of_requests(
    const struct usage_sums *sums, uint64_t requests, struct usage *usage);

/*
 * What a server has used in its whole life, start and end included, added to
 * SUMS: see launch.h. This alone knows the switches of the dead, unless nobody
 * waited for them; so where a load leaves them unknown, those of a life are
 * the figure, for all requests in it.
 */
void
usage_add_life(struct usage_sums *sums, const struct rusage *used);

/* ---- memory ---- */

/* Of all its processes, KiB; counts are numbers. NAN: not known. The slab is
 * an absolute figure in version 2 only: take differences. */
struct usage_memory {
	double kib[MEMORY_KINDS];
	double pss_kib, processes, threads, mappings;
};

/* Without the shell that waits for the server, if PID is one. GROUP may be
 * NULL. */
void
usage_memory_read(
    struct usage_memory *memory, pid_t pid, const struct usage_group *group);

/* Fills COST's memory_kib and what goes with it, for CONNECTIONS connections
 * that were opened between BEFORE and AFTER. Leaves the rest of COST alone. */
void
usage_add_memory(const struct usage_memory *before,
    const struct usage_memory *after, uint64_t connections,
    struct usage *usage);

#endif
