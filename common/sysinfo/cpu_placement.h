/* SPDX-License-Identifier: MIT */
/*
 * cpu_placement: on which CPUs the client and a server run.
 *
 * The placement can change a result more than the server's model does (one
 * connection: 14 us on one CPU, 70 us on two). So the client chooses and sets
 * it, and prints it with every result.
 */
#ifndef COMMON_SYSINFO_CPU_PLACEMENT_H
#define COMMON_SYSINFO_CPU_PLACEMENT_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/sysinfo/cpu_list.h"

enum cpu_placement_kind {
	CPU_PLACEMENT_SPLIT,
	CPU_PLACEMENT_SHARED,
	CPU_PLACEMENT_FREE
};
#define CPU_PLACEMENT_WORDS "split|shared|free"

struct cpu_placement {
	enum cpu_placement_kind kind;
	/* Ascending, but for what the user listed. None: any CPU. */
	struct cpu_list client_cpus, server_cpus;
	struct cpu_list server_order; /* see cpu_split_order(); with free, too
				       */
	cpu_set_t client, server;     /* the masks to set */
	double quota;		      /* of our control group; NAN: none */
	pid_t placed;		      /* a running server, or 0 */
	uint64_t placed_start;	      /* its proc_tree_start() */
	cpu_set_t before;	      /* its mask before */
};

/*
 * Chooses among the CPUs that this process may use; cpu_split.h says how split
 * divides them. With one CPU, split becomes shared. Sets nothing yet.
 */
void
cpu_placement_choose(
    struct cpu_placement *placement, enum cpu_placement_kind kind);

/*
 * As split, with the CPUs that the user wishes. Returns 0; or -1 with the
 * reason in WHY of SIZE bytes, which names the option.
 */
int
cpu_placement_split(struct cpu_placement *placement,
    const struct cpu_wish *client, const struct cpu_wish *server, char *why,
    size_t size);

/* The server gets the first CPUS of its order only. 0, or a placement without
 * an order: all of them. */
void
cpu_placement_take(struct cpu_placement *placement, uint32_t cpus);

/* Sets the client's mask in this process. */
void
cpu_placement_pin_client(const struct cpu_placement *placement);

/* Sets the server's mask in this process, which executes a server next.
 * Async-signal-safe. */
void
cpu_placement_pin_self(const struct cpu_placement *placement);

/* Sets the server's mask for the running server PID, with its threads and
 * descendants. Returns 0, or -1 with errno. */
int
cpu_placement_pin_server(struct cpu_placement *placement, pid_t pid);

/* Restores the mask of that server. Does nothing if it has ended: its pid may
 * be another process's. */
void
cpu_placement_undo(const struct cpu_placement *placement);

/* Writes "split (client on CPU 0, server on CPUs 1-3)" to BUF. Returns BUF. */
char *
cpu_placement_format(
    const struct cpu_placement *placement, char *buf, size_t size);

const char *
cpu_placement_name(enum cpu_placement_kind kind);

#endif
