/* SPDX-License-Identifier: MIT */
/*
 * ledger: what became of every connection, exact at any time.
 *
 *	accepted = active + served + refused + timed_out + failed + crashed
 *
 * It lives in memory that all workers see and has one writer, the accept loop:
 * a worker hands its outcome over as its return value or exit status and never
 * writes here, so a worker that is killed cannot leave it half written. A
 * reader in any thread or process gets one consistent copy by a sequence
 * number (odd while the writer is inside), without a lock.
 */
#ifndef COMMON_NET_LEDGER_H
#define COMMON_NET_LEDGER_H

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>

#include "common/net/conn.h"

struct ledger {
	_Atomic uint64_t sequence;
	_Atomic uint64_t accepted;
	_Atomic uint64_t refused;
	_Atomic uint64_t ended[OUTCOME_COUNT];
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

/* Never blocks for longer than the writer's few stores. */
struct ledger_view
ledger_read(const struct ledger *ledger);

/* "accepted 12, active 0, ..." in BUF of SIZE bytes. Returns BUF. */
char *
ledger_format(const struct ledger_view *view, char *buf, size_t size);

/* One line of JSON, schema perconn.ledger/1. Returns 0, or -1 with errno. */
int
ledger_write(const struct ledger_view *view, FILE *out);

#endif
