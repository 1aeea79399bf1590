/* SPDX-License-Identifier: MIT */
/*
 * model: how a server runs its workers, as one struct.
 *
 * server_thread.c and server_fork.c each define one, with the same names in the
 * same order; tests/bench/server_inline.c is a third one. All other code uses
 * the struct and never asks which model it is.
 *
 * Only the accept loop calls these functions.
 */
#ifndef COMMON_SERVER_MODEL_H
#define COMMON_SERVER_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "common/net/conn.h"
#include "common/server/limits.h"
#include "common/server/worker.h"

/* The stack of a worker, in models whose workers need one (more where the
 * system demands it, worker_stack_size()). It is address space with a guard
 * page; an idle echo touches two pages of it, three after a wake signal. */
#ifndef WORKER_STACK_KIB
#define WORKER_STACK_KIB 64
#endif
#define WORKER_STACK ((size_t)WORKER_STACK_KIB * 1024)

struct server_model {
	const char *name;   /* "thread": the program is server_<name> */
	const char *worker; /* what serves a connection: "forked child" */
	struct worker_cost cost;
	size_t stack; /* bytes of stack for each worker; 0: none */

	/* Allocates SIZE zeroed bytes that all workers can read and write, so
	 * the accept loop must not trust them (see loop_memory.h). They stay
	 * until exit. NULL with errno. */
	void *(*share)(size_t size);
	/* For a mutex in such memory: its pshared attribute, and whether its
	 * holder can die alone (shared_init()). */
	struct {
		int pshared, robust;
	} mutex;

	/*
	 * Starts WORKER, which owns its descriptor from now on, and does not
	 * wait for it. -1 with errno: no worker was started, and the caller
	 * still owns the descriptor.
	 */
	int (*spawn)(struct worker *worker);

	/*
	 * Whether WORKER has ended. If so, sets *OUTCOME (and
	 * WORKER->killed_by, if a signal killed it alone) and frees what the
	 * system holds of it. Never waits; its cost does not depend on the
	 * number of other workers.
	 */
	bool (*reap)(struct worker *worker, enum outcome *outcome);

	/* Sends SIGNAL to WORKER only. WORKER_WAKE_SIGNAL interrupts the call
	 * that the worker is blocked in. */
	void (*wake)(const struct worker *worker, int signal);

	/* Makes WORKER end soon, whatever its client does. It must still be
	 * reaped. */
	void (*stop)(struct worker *worker);

	/* Each worker has its own wake timer (worker_start_wake_timer()); else
	 * the accept loop sends the wake signals. */
	bool own_timer;

	/* A worker's memory ends with it: its service need not free anything
	 * (struct service's end()). */
	bool memory_ends;

	/* A worker is a child process: the kernel reports its end (SIGCHLD),
	 * and its slot has its pid. */
	bool children;
};

/* Parses the command line and runs the server. Returns its exit status. */
int
server_main(int argc, char **argv, const struct server_model *model);

#endif
