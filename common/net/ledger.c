/* SPDX-License-Identifier: MIT */
/* ledger: one writer, any readers, a sequence lock between them. */
#include "common/net/ledger.h"

#include <inttypes.h>

/*
 * The fences follow Boehm, "Can seqlocks get along with programming language
 * memory models?" (2012): relaxed data between an odd and an even sequence.
 */
static void
write_begin(struct ledger *ledger)
{
	uint64_t odd =
	    atomic_load_explicit(&ledger->sequence, memory_order_relaxed) + 1;

	atomic_store_explicit(&ledger->sequence, odd, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
}

static void
write_end(struct ledger *ledger)
{
	uint64_t even =
	    atomic_load_explicit(&ledger->sequence, memory_order_relaxed) + 1;

	atomic_store_explicit(&ledger->sequence, even, memory_order_release);
}

/* The one writer needs no read-modify-write, which would lock the bus. */
static void
add_one(_Atomic uint64_t *counter)
{
	atomic_store_explicit(counter,
	    atomic_load_explicit(counter, memory_order_relaxed) + 1,
	    memory_order_relaxed);
}

void
ledger_accept(struct ledger *ledger)
{
	write_begin(ledger);
	add_one(&ledger->accepted);
	write_end(ledger);
}

void
ledger_refuse(struct ledger *ledger)
{
	write_begin(ledger);
	add_one(&ledger->refused);
	write_end(ledger);
}

void
ledger_end(struct ledger *ledger, enum outcome outcome)
{
	write_begin(ledger);
	add_one(&ledger->ended[outcome]);
	write_end(ledger);
}

static uint64_t
get(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

struct ledger_view
ledger_read(const struct ledger *ledger)
{
	struct ledger_view view;
	uint64_t before, after;

	do {
		before = atomic_load_explicit(
		    &ledger->sequence, memory_order_acquire);
		view = (struct ledger_view){
		    .accepted = get(&ledger->accepted),
		    .refused = get(&ledger->refused),
		    .served = get(&ledger->ended[OUTCOME_SERVED]),
		    .timed_out = get(&ledger->ended[OUTCOME_TIMED_OUT]),
		    .failed = get(&ledger->ended[OUTCOME_FAILED]),
		    .crashed = get(&ledger->ended[OUTCOME_CRASHED]),
		};
		atomic_thread_fence(memory_order_acquire);
		after = get(&ledger->sequence);
	} while (before != after || before & 1);
	view.active = view.accepted - view.refused - view.served -
		      view.timed_out - view.failed - view.crashed;
	return view;
}

#define LEDGER_FIELDS(v)                                                       \
	(v)->accepted, (v)->active, (v)->served, (v)->refused, (v)->timed_out, \
	    (v)->failed, (v)->crashed

char *
ledger_format(const struct ledger_view *view, char *buf, size_t size)
{
	snprintf(buf, size,
	    "accepted %" PRIu64 ", active %" PRIu64 ", served %" PRIu64
	    ", refused %" PRIu64 ", timed_out %" PRIu64 ", failed %" PRIu64
	    ", crashed %" PRIu64,
	    LEDGER_FIELDS(view));
	return buf;
}

int
ledger_write(const struct ledger_view *view, FILE *out)
{
	int n = fprintf(out,
	    "{\"schema\":\"perconn.ledger/1\",\"accepted\":%" PRIu64
	    ",\"active\":%" PRIu64 ",\"served\":%" PRIu64
	    ",\"refused\":%" PRIu64 ",\"timed_out\":%" PRIu64
	    ",\"failed\":%" PRIu64 ",\"crashed\":%" PRIu64 "}\n",
	    LEDGER_FIELDS(view));

	return n < 0 || fflush(out) != 0 ? -1 : 0;
}
