/* SPDX-License-Identifier: MIT */
/*
 * cpu_placement: on which CPUs the client and a server run.
 *
 * It decides more than the server's model does (one connection: 14 us on one
 * CPU, 70 us on two), so it is chosen, done, and printed with every result.
 */
#ifndef COMMON_SYSINFO_CPU_PLACEMENT_H
#define COMMON_SYSINFO_CPU_PLACEMENT_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum cpu_placement_kind {
	CPU_PLACEMENT_SPLIT,
	CPU_PLACEMENT_SHARED,
	CPU_PLACEMENT_FREE
};
#define CPU_PLACEMENT_WORDS "split|shared|free"

struct cpu_placement {
	enum cpu_placement_kind kind;
	int client_cpu, server_cpu; /* -1: any */
	cpu_set_t client, server;   /* what to set */
	pid_t placed;		    /* a running server, or 0 */
	uint64_t placed_start;	    /* proc_tree_start() of that */
	cpu_set_t before;	    /* where it was */
};

/*
 * Chooses CPUs of those this process may use. On a single one, split becomes
 * shared. Sets nothing yet.
 */
void
cpu_placement_choose(
    struct cpu_placement *placement, enum cpu_placement_kind kind);

/* Puts this process there. */
void
cpu_placement_of_client(const struct cpu_placement *placement);

/* Puts this process there, before it executes a server. */
void
cpu_placement_become_server(const struct cpu_placement *placement);

/* Puts the running server PID there, with its threads and children. Returns 0,
 * or -1 with errno. */
int
cpu_placement_of_server(struct cpu_placement *placement, pid_t pid);

/* Lets such a server go back to where it was, unless it has ended: its number
 * may be another's then. */
void
cpu_placement_undo(const struct cpu_placement *placement);

/* "split (client on CPU 0, server on CPU 1)" in BUF. Returns BUF. */
char *
cpu_placement_format(
    const struct cpu_placement *placement, char *buf, size_t size);

const char *
cpu_placement_name(enum cpu_placement_kind kind);

#endif
