/* SPDX-License-Identifier: MIT */
/*
 * cost: what a server uses beside the load: CPU, switches, faults, memory.
 *
 * Of the whole tree of processes under a PID, living children and reaped ones
 * included. What a fork costs moves by 10 to 100 times with what its parent
 * has mapped, so these figures stand with every result.
 *
 *	cost_begin(&meter, pid);	 ... load ...
 *	cost_end(&meter, requests, &cost);
 *
 *	memory_ask(&before, pid);	 ... open connections ...
 *	memory_ask(&after, pid);
 *	cost_memory(&before, &after, connections, &cost);
 *
 * /proc (proc(5)), and cgroup v1 or v2 where one may be made. Asking for
 * memory takes milliseconds for a hundred processes: never inside a slice.
 */
#ifndef COMMON_LOAD_COST_H
#define COMMON_LOAD_COST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/load/comparison.h"

struct cost_sums {
	uint64_t user_ns, system_ns, voluntary, involuntary, faults;
	bool lost; /* the kernel reaps its children: their CPU is lost */
};

struct cost_meter {
	pid_t pid;
	struct cost_sums before;
};

void
cost_begin(struct cost_meter *meter, pid_t pid);

/* What was used since, added to SUMS. */
void
cost_end(const struct cost_meter *meter, struct cost_sums *sums);

/* Sums of REQUESTS requests as figures; NAN for what is not known. */
void
cost_of_requests(
    const struct cost_sums *sums, uint64_t requests, struct cost *cost);

/* Of all its processes, KiB; counts are numbers. */
struct memory {
	double kib[MEMORY_KINDS]; /* NAN: not known */
	double pss_kib, processes, threads, mappings;
};

/* CGROUP: see cost_cgroup(); NULL or empty: none. */
void
memory_ask(struct memory *memory, pid_t pid, const char *cgroup);

/* Fills COST's memory_kib and what goes with it, for CONNECTIONS connections
 * that were opened between BEFORE and AFTER. */
void
cost_memory(const struct memory *before, const struct memory *after,
    uint64_t connections, struct cost *cost);

/*
 * Makes a cgroup with a memory controller and puts PID, which has no children
 * yet, into it. PATH: where it is, or empty if none may be made. Not an error:
 * /proc tells all but the slab.
 */
void
cost_cgroup(pid_t pid, char *path, size_t size);

/* Removes it when its processes have ended. Harmless for an empty PATH. */
void
cost_cgroup_remove(const char *path);

#endif
