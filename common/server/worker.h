/* SPDX-License-Identifier: MIT */
/*
 * worker: the worker of one connection: its slot, and what it runs.
 *
 * The slots belong to the accept loop, which trusts the pids and pointers in
 * them (loop_memory.h). A thread reads its slot and changes only `fd` and
 * `memory`; a forked child has a copy of its slot.
 */
#ifndef COMMON_SERVER_WORKER_H
#define COMMON_SERVER_WORKER_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/log.h"
#include "common/net/address.h"
#include "common/net/conn.h"
#include "common/net/datagram.h"
#include "common/net/tls.h"
#include "common/service/service.h"

/*
 * The wake signal makes a worker check its timeouts. A socket timeout would
 * make the kernel set a timer at each recv(2), which cost 4 % of a steady echo.
 * Each worker gets the signal WORKER_WAKES times in an idle timeout, from the
 * accept loop (server_model.wake) or from its own timer.
 */
#define WORKER_WAKE_SIGNAL SIGALRM
#define WORKER_WAKES 8

/* Settings of all workers. Workers only read them. */
struct worker_settings {
	const struct service *service;
	struct service_setup setup;
	struct tls *tls;		   /* for streams; NULL: no TLS */
	struct tls_log_limits *tls_limits; /* shared by all workers */
	struct log_limit *memory_limit;	   /* of lines about no memory */
	bool memory_ends;		   /* server_model's */
	uint64_t idle_timeout_ns;
	uint64_t request_timeout_ns;
	int oom_score_adj; /* for worker_raise_oom_score() */
	size_t stack_size; /* of each worker's stack; 0: none */
	int announce_fd;   /* where worker_announce() writes */
	/* The range of the accept loop's own descriptors. A connection's may
	 * lie in it or below it. */
	unsigned first_private, last_private;
};

struct worker {
	const struct worker_settings *settings;
	void *stack;	 /* of settings->stack_size bytes, or NULL */
	uint64_t number; /* of the connection, from 1 */
	uint32_t index;	 /* of this slot */
	uint32_t ticket; /* random, for its announcement */
	uint32_t next;	 /* in the slot's list; see workers.h */
	enum { WORKER_FREE, WORKER_LIVE, WORKER_ENDING } state;
	bool warm;	       /* free, and its stack keeps its pages */
	bool stopped;	       /* by stop(), before it ended */
	bool raises_oom_score; /* see worker_raise_oom_score() */
	int killed_by;	       /* this signal, as reap() found; 0: none */
	int cut_fd;	       /* the connection that stop() took (threads) */
	union {		       /* the model's handle */
		pthread_t thread;
		pid_t pid;
		enum outcome result;
	};
	/* The connection. The thread that takes it out, and leaves -1, closes
	 * it. So stop() never touches a number that the worker has closed and
	 * that another connection may have by now. */
	_Atomic int fd;
	void *memory; /* as its service's begin() made it; only the worker uses
			 it */
	uint64_t traced_from;	   /* trace_spawn()'s, while trace is on */
	struct datagram *datagram; /* freed by the accept loop; or NULL */
	struct address peer;
};

/*
 * The size of a stack of WANTED bytes (0: none): whole pages, and at least the
 * system's minimum (16 KiB on x86-64, 128 KiB on arm64).
 */
size_t
worker_stack_size(size_t wanted);

/* Serves the connection to its end. Does not close it, nor free the memory that
 * its service made. */
enum outcome
worker_serve(struct worker *worker);

/*
 * Starts an interval timer that sends the wake signal to this process. For
 * models in which a process is one worker.
 */
void
worker_start_wake_timer(const struct worker *worker);

/*
 * Makes the kernel kill this process before its parent when memory runs out, if
 * WORKER->raises_oom_score (workers.h). For models in which a worker is a
 * process.
 */
void
worker_raise_oom_score(const struct worker *worker);

/* Takes the connection out of its slot. Returns its number, or -1 if it was
 * taken already. */
int
worker_take(struct worker *worker);

/* Closes the connection, unless it was taken: the client sees the end now. Then
 * frees WORKER->memory, unless that ends with the worker. */
void
worker_close(struct worker *worker);

/* What a worker writes into the wake-up pipe. */
struct announcement {
	uint32_t index;
	uint32_t ticket; /* known to this worker only: it cannot announce the
			    end of another one, or, late, of the next one in
			    its slot */
};

/*
 * Tells the accept loop that WORKER is about to end and must be reaped. Without
 * it, the loop would have to ask thousands of workers. Call it before the
 * close: a client that sees the end and comes back at once must not count as a
 * second connection. For a datagram, worker_serve() has announced the end.
 */
void
worker_announce(const struct worker *worker);

#endif
