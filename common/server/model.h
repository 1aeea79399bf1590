/* SPDX-License-Identifier: MIT */
/*
 * model: what makes a server concurrent, as one struct.
 *
 * server_thread.c and server_fork.c each fill one in, under the same names in
 * the same order; tests/bench/server_inline.c is a third. Everything else asks
 * the struct and never which model it is.
 *
 * All functions are called by the accept loop alone.
 */
#ifndef COMMON_SERVER_MODEL_H
#define COMMON_SERVER_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "common/net/conn.h"
#include "common/server/limits.h"
#include "common/server/worker.h"

/* For a model whose workers need a stack of their own, where that is enough
 * (worker_stack_size()). Address space and one guard page each; an idle echo
 * touches two pages of it, three once it was nudged. */
#ifndef WORKER_STACK_KIB
#define WORKER_STACK_KIB 64
#endif
#define WORKER_STACK ((size_t)WORKER_STACK_KIB * 1024)

struct server_model {
	const char *name;   /* "thread": the program is server_<name> */
	const char *worker; /* what serves a connection, in a word or two */
	struct worker_cost cost;
	size_t stack; /* bytes wanted of a stack for each worker; 0: none */

	/* SIZE zeroed bytes that all workers see, and may write: nothing that
	 * the accept loop trusts (loop_memory.h). NULL with errno. Kept until
	 * exit.
	 */
	void *(*share)(size_t size);
	/* The lock in such memory: who may use it, and whether its holder may
	 * die alone (shared_init()). */
	struct {
		int pshared, robust;
	} mutex;

	/*
	 * Begins to serve WORKER, whose descriptor it owns from now on, and
	 * returns without waiting for it. -1 with errno: there is no worker,
	 * and the descriptor is still the caller's.
	 */
	int (*spawn)(struct worker *worker);

	/*
	 * Whether WORKER has ended; then *OUTCOME says how and nothing of it
	 * is left. Never waits, and costs the same however many others live.
	 */
	bool (*reap)(struct worker *worker, enum outcome *outcome);

	/* Sends SIGNAL to WORKER alone; WORKER_WAKE_SIGNAL interrupts the call
	 * that it is blocked in. */
	void (*wake)(const struct worker *worker, int signal);

	/* Ends WORKER soon, whatever its client does. reap() is still due. */
	void (*stop)(struct worker *worker);

	/* A worker's process nudges itself for its idle client's sake
	 * (worker_start_wake_timer()); else the accept loop does. */
	bool own_timer;

	/* A worker is a child process: the kernel tells of each one's end
	 * (SIGCHLD), and its slot has its pid. */
	bool children;
};

/* Parses the command line and runs the server. Returns its exit status. */
int
server_main(int argc, char **argv, const struct server_model *model);

#endif
