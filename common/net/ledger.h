/* SPDX-License-Identifier: MIT */
/*
 * ledger: counts how every connection ended, exact at any time.
 *
 *	accepted = active + served + refused + timed_out + failed + crashed
 *
 * Only the accept loop writes it. A worker returns its outcome as return value
 * or exit status and never writes here, so a killed worker cannot leave a half-
 * written ledger. The loop's own counts are in loop memory. It shows a copy to
 * all workers and never reads that back: whatever a faulty worker does to the
 * copy, the next event repairs it. Readers in any thread or process get a
 * consistent copy by a sequence number (odd while the writer writes), without a
 * lock.
 */
#ifndef COMMON_NET_LEDGER_H
#define COMMON_NET_LEDGER_H

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>

#include "common/net/conn.h"

/* The copy that workers see, in memory that they share. */
struct ledger_shown {
	_Atomic uint64_t sequence;
	_Atomic uint64_t accepted;
	_Atomic uint64_t refused;
	_Atomic uint64_t ended[OUTCOME_COUNT];
};

/* The accept loop's counts. Zeroed at first, except SHOWN. */
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

/* A connection was accepted and is active until one of the next two calls.
 * Call it before the connection has a worker, which may report the ledger at
 * once. */
void
ledger_accept(struct ledger *ledger);

/* The connection was closed without a worker. */
void
ledger_refuse(struct ledger *ledger);

/* The connection's worker was reaped. */
void
ledger_end(struct ledger *ledger, enum outcome outcome);

/* For the writer. */
struct ledger_view
ledger_count(const struct ledger *ledger);

/*
 * For all readers. Waits for the writer's few stores. If they take a second
 * (the writer was stopped), the copy may mix two events.
 */
struct ledger_view
ledger_read(const struct ledger_shown *shown);

/* Writes "accepted 12, active 0, ..." into BUF of SIZE bytes. Returns BUF. */
char *
ledger_format(const struct ledger_view *view, char *buf, size_t size);

/* Writes one line of JSON, schema perconn.ledger/1. Returns 0, or -1 with
 * errno. */
int
ledger_write(const struct ledger_view *view, FILE *out);

#endif
