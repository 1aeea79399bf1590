/* SPDX-License-Identifier: MIT */
/*
 * worker: one connection's worker, from the slot that the accept loop keeps of
 * it to the work itself.
 *
 * The slots are the accept loop's own (loop_memory.h), for it trusts the pids
 * and pointers there. A thread learns what to do from its slot and changes
 * nothing there but `fd`; a forked child has a copy of it, and not the slot.
 */
#ifndef COMMON_SERVER_WORKER_H
#define COMMON_SERVER_WORKER_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/net/address.h"
#include "common/net/conn.h"
#include "common/net/datagram.h"
#include "common/net/tls.h"
#include "common/service/service.h"

/*
 * The signal that makes a worker look at the clock. It takes the place of a
 * socket timeout, for which the kernel sets a timer at each recv(2): that cost
 * 4 % of a steady echo. Every worker gets it WORKER_WAKES times in an idle
 * timeout, from the accept loop (server_model.wake) or from itself.
 */
#define WORKER_WAKE_SIGNAL SIGALRM
#define WORKER_WAKES 8

/* What every worker needs to know. Workers only read it. */
struct worker_settings {
	const struct service *service;
	struct service_setup setup;
	struct tls *tls;		   /* for streams; NULL: plain */
	struct tls_log_limits *tls_limits; /* that all see */
	uint64_t idle_timeout_ns;
	uint64_t request_timeout_ns;
	int oom_score_adj; /* oom_score_adj of those that offer themselves */
	size_t stack_size; /* of struct worker's stack; 0: it has none */
	int announce_fd;   /* where worker_announce() writes */
	/* The accept loop's own descriptors; a connection's number may lie
	 * among them or below. */
	unsigned first_private, last_private;
};

struct worker {
	const struct worker_settings *settings;
	void *stack;	 /* settings->stack_size bytes, or NULL */
	uint64_t number; /* of the connection, from 1 */
	uint32_t index;	 /* of this slot */
	uint32_t ticket; /* for its announcement */
	uint32_t next;	 /* in the list that the slot is in; see workers.h */
	enum { WORKER_FREE, WORKER_LIVE, WORKER_ENDING } state;
	bool warm;	       /* free, but the stack's pages are kept */
	bool stopped;	       /* stop() reached it in time */
	bool raises_oom_score; /* itself, where memory runs out */
	int cut_fd;	       /* the connection that stop() took (threads) */
	union {		       /* what the model knows it by */
		pthread_t thread;
		pid_t pid;
		enum outcome result;
	};
	/* The connection. Whoever takes it out (and leaves -1) closes it: so
	 * stop() never touches a number that the worker has closed and that
	 * belongs to another connection since. */
	_Atomic int fd;
	struct datagram *datagram; /* freed by the accept loop; or NULL */
	struct address peer;
};

/*
 * Bytes for a stack of WANTED (0: none): whole pages, and at least what a
 * thread has to have, which is 16 KiB on x86-64 and 128 KiB on arm64.
 */
size_t
worker_stack_size(size_t wanted);

/* Serves the connection to its end. Does not close it. */
enum outcome
worker_serve(const struct worker *worker);

/*
 * Nudges this process from now on, by its interval timer: for models in which
 * a process is one worker.
 */
void
worker_start_wake_timer(const struct worker *worker);

/*
 * Where memory runs out, the kernel shall take this process before its parent,
 * if so many others live that it may (workers.h): for models in which a worker
 * is a process of its own.
 */
void
worker_raise_oom_score(const struct worker *worker);

/* Takes the connection out of its slot: its number, or -1 if it was taken. */
int
worker_take(struct worker *worker);

/* Closes the connection, unless it was taken: now the client sees its end. */
void
worker_close(struct worker *worker);

/* What goes through the wake-up pipe. */
struct announcement {
	uint32_t index;
	uint32_t ticket; /* told to this worker alone: nobody announces the end
			    of another, a late one not that of the next */
};

/*
 * Tells the accept loop that it may soon be reaped; without it, a loop that
 * serves thousands would have to ask them all. Before the close: a client that
 * has seen the end, and comes back at once, is not its own second connection.
 * That of a datagram is told by worker_serve() already.
 */
void
worker_announce(const struct worker *worker);

#endif
