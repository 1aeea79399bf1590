/* SPDX-License-Identifier: MIT */
/*
 * workers: the table of workers, one slot each.
 *
 * A slot is free, live (its worker serves) or ending (its worker has announced
 * its end and must be reaped). Free slots form a stack, so that the most recent
 * one, whose memory is warm, is used next. Ending slots form a queue. Only the
 * accept loop has the table (loop_memory.h).
 */
#ifndef COMMON_SERVER_WORKERS_H
#define COMMON_SERVER_WORKERS_H

#include <stdint.h>

#include "common/base/log.h"
#include "common/net/ledger.h"
#include "common/server/model.h"
#include "common/server/source.h"
#include "common/server/worker.h"

struct workers {
	const struct server_model *model;
	struct worker_settings settings;
	/* What all workers see. The loop writes it, and never trusts it. */
	struct workers_shown {
		struct ledger_shown ledger;
		struct service_limit_counts limits;
		_Atomic bool draining, closing_silent; /* see service.h */
		struct tls_log_limits tls_limits;      /* of all workers */
		struct log_limit memory_limit;	       /* likewise */
		struct log_lost log_lost;	       /* of all processes */
	} * shown;
	/* What changes with each connection; in loop memory, like the slots. */
	struct workers_state {
		struct ledger ledger;
		uint64_t last_number;
		uint64_t seed; /* for the tickets */
		uint32_t live; /* slots that are live or ending */
		uint32_t ending;
		uint32_t warm; /* free slots whose stacks keep their pages */
		uint32_t used; /* slots 0 to used-1 have been used so far */
		uint32_t free_top, cold_top, ending_head, ending_tail;
		bool any_cut;
		bool draining, closing_silent; /* for workers_show() */
	} * state;
	struct ledger *ledger; /* in STATE */
	struct worker *slots;
	uint32_t max;
	uint64_t max_per_source; /* 0: none */
	uint64_t oom_score_from; /* beside so many others, a new worker raises
				    its OOM score (worker.h) */
	struct source_table sources;
	char *stacks; /* NULL: the model wants none */
	/* Bytes of the guard page below each stack: an overflow crashes, and
	 * does not change the stack of another connection. */
	size_t guard;
};

/*
 * Makes a table for MAX workers. The caller has set model, settings,
 * max_per_source and oom_score_from. Returns 0, or -1 with errno.
 */
int
workers_init(struct workers *workers, uint32_t max);

/* Shows STATE's draining and closing_silent to all workers. Repeated for each
 * new worker, because a faulty one may have overwritten them. */
void
workers_show(struct workers *workers);

/* Whether the table has room for one more worker. */
bool
workers_room(const struct workers *workers);

/* Whether PEER's address is at its limit (--max-per-source). */
bool
workers_source_full(const struct workers *workers, const struct address *peer);

/* A client to serve. */
struct client {
	int fd; /* of the stream, or for the answer; -1: none */
	struct datagram *datagram; /* NULL: a stream */
	struct address peer;
	uint64_t accepted_ns; /* for the trace; 0 while it is off */
};

/*
 * Starts a worker for CLIENT; there must be room. On success the worker owns
 * the descriptor, and the table owns the datagram. The client's source has one
 * more worker until the announcement. Returns 0; or -1 with errno, and the
 * caller still owns both.
 */
int
workers_begin(struct workers *workers, const struct client *client);

/*
 * Takes the announcement END. A repeated one is ignored. Returns false if it is
 * not from the last worker of its slot: then it is no announcement, or comes
 * late.
 */
bool
workers_announced(struct workers *workers, struct announcement end);

/* Reaps the ending workers that are gone. Returns how many. */
uint32_t
workers_reap(struct workers *workers);

/*
 * Reaps the live workers that ended without an announcement, for example
 * because a signal killed them. One system call for each live worker. Returns
 * how many it reaped.
 */
uint32_t
workers_scan(struct workers *workers);

/*
 * Reaps ended children that are not workers: adopted ones, or children of the
 * program that became this one. Workers stay for workers_reap().
 */
void
workers_reap_others(struct workers *workers);

/* Sends the wake signal to part PART modulo PARTS of the live workers. */
void
workers_wake(struct workers *workers, uint32_t part, uint32_t parts);

/* Stops all live workers. */
void
workers_stop(struct workers *workers);

/* Gives up on all workers that are left: they count as failed. The last call.
 */
void
workers_abandon(struct workers *workers);

#endif
