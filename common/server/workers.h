/* SPDX-License-Identifier: MIT */
/*
 * workers: the table of slots, and who of them lives.
 *
 * A slot is free, live (its worker serves) or ending (its worker has announced
 * its end, or was seen dead, and is to be reaped). Free slots are a stack, so
 * that the warmest is used next; ending ones a queue. The accept loop alone
 * has the table (loop_memory.h); a worker knows its own slot only (worker.h).
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
	/* What all workers see; the loop writes it and believes none of it. */
	struct workers_shown {
		struct ledger_shown ledger;
		struct service_limit_counts limits;
		_Atomic bool draining, hurrying;  /* service.h says what */
		struct tls_log_limits tls_limits; /* of the workers */
		struct log_lost log_lost;	  /* by all processes */
	} * shown;
	/* What changes with each connection; kept, like the slots. */
	struct workers_state {
		struct ledger ledger;
		uint64_t last_number;
		uint64_t seed; /* of the tickets */
		uint32_t live; /* not free: live or ending */
		uint32_t ending;
		uint32_t warm; /* free, and the stack's pages kept */
		uint32_t used; /* slots 0 to used-1 have been used */
		uint32_t free_top, cold_top, ending_head, ending_tail;
		bool any_cut;
		bool draining, hurrying; /* as workers_show() shows it */
	} * state;
	struct ledger *ledger; /* in STATE */
	struct worker *slots;
	uint32_t max;
	uint64_t max_per_source; /* 0: none */
	uint64_t oom_score_from; /* who begins beside so many others offers
				itself (worker.h) */
	struct source_table sources;
	char *stacks; /* NULL: the model wants none */
	/* Below each, a page that nobody may touch: an overflow is a crash, not
	 * a change in the stack of another connection. */
	size_t guard;
};

/*
 * Makes a table for MAX workers; MODEL, SETTINGS, MAX_PER_SOURCE and OFFER_FROM
 * are set. Returns 0, or -1 with errno.
 */
int
workers_init(struct workers *workers, uint32_t max);

/* Tells all workers what STATE says of draining and hurrying. Done again for
 * each that begins: one before it may have overwritten that. */
void
workers_show(struct workers *workers);

/* Whether one more may begin, of any source. */
bool
workers_room(const struct workers *workers);

/* Whether PEER has its share already. */
bool
workers_source_full(const struct workers *workers, const struct address *peer);

/* Somebody to serve. */
struct client {
	int fd; /* of the stream, or for the answer; -1: none */
	struct datagram *datagram; /* NULL: a stream */
	struct address peer;
};

/*
 * Begins a worker for CLIENT, whose descriptor it then owns, and the table its
 * datagram. (Its source has one more until the announcement.) There must be
 * room. Returns 0, or -1 with errno: no worker could be made, both are still
 * the caller's.
 */
int
workers_begin(struct workers *workers, const struct client *client);

/*
 * A worker has announced its end. One that is known already is ignored. Returns
 * whether the slot's last worker could say this: else it is not an
 * announcement, or a late one.
 */
bool
workers_announced(struct workers *workers, struct announcement end);

/* Collects those that are ending and gone. Returns how many. */
uint32_t
workers_reap(struct workers *workers);

/*
 * Asks all live workers whether they died without announcing it, as one does
 * that a signal killed. Costs a system call for each. Returns how many had.
 */
uint32_t
workers_scan(struct workers *workers);

/*
 * Waits for children that have ended and are no workers: adopted, or of the
 * program that became this one. A worker's status is left to its collection.
 */
void
workers_reap_others(struct workers *workers);

/* Nudges part PART modulo PARTS of those that live. */
void
workers_wake(struct workers *workers, uint32_t part, uint32_t parts);

/* Stops all that live. */
void
workers_stop(struct workers *workers);

/* Gives up on all that are left: they count as failed. The last call. */
void
workers_abandon(struct workers *workers);

#endif
