/* SPDX-License-Identifier: MIT */
/*
 * ledger: what became of every connection, exact at any time.
 *
 *	accepted = active + served + refused + timed_out + failed + crashed
 *
 * It has one writer, the accept loop: a worker hands its outcome over as its
 * return value or exit status and never writes here, so a worker that is killed
 * cannot leave it half written. What counts is the loop's own (loop_memory.h).
 *It shows a copy to all workers and never reads that back: whatever a worker
 *does to it, the next event shows what is true. A reader in any thread or
 *process gets one consistent copy by a sequence number (odd while the writer is
 * inside), without a lock.
 */
#ifndef COMMON_NET_LEDGER_H
#define COMMON_NET_LEDGER_H

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>

#include "common/net/conn.h"

/* What the workers see, in memory that they share. */
struct ledger_shown {
	_Atomic uint64_t sequence;
	_Atomic uint64_t accepted;
	_Atomic uint64_t refused;
	_Atomic uint64_t ended[OUTCOME_COUNT];
};

/* What the accept loop has counted. Starts zeroed, but for SHOWN. */
struct ledger {
	struct ledger_shown *shown;
	uint64_t sequence;
	uint64_t accepted;
	uint64_t refused;
	uint64_t ended[OUTCOME_COUNT];
};

/* A consistent copy. */
struct ledger_view {
	uint64_t accepted, active, served, refused, timed_out, failed, crashed;
};

/* A connection was accepted: it is active until one of the next two. Before it
 * has a worker, which may answer a client that asks for the ledger at once. */
void
ledger_accept(struct ledger *ledger);

/* It was closed without a worker. */
void
ledger_refuse(struct ledger *ledger);

/* Its worker was collected. */
void
ledger_end(struct ledger *ledger, enum outcome outcome);

/* For its writer. */
struct ledger_view
ledger_count(const struct ledger *ledger);

/*
 * For everybody else. Waits for no more than the writer's few stores; if they
 * take a second (it was stopped in there), the copy may be of two events.
 */
struct ledger_view
ledger_read(const struct ledger_shown *shown);

/* "accepted 12, active 0, ..." in BUF of SIZE bytes. Returns BUF. */
char *
ledger_format(const struct ledger_view *view, char *buf, size_t size);

/* One line of JSON, schema perconn.ledger/1. Returns 0, or -1 with errno. */
int
ledger_write(const struct ledger_view *view, FILE *out);

#endif
