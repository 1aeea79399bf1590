/* SPDX-License-Identifier: MIT */
/* ledger: one writer, any readers, a sequence lock between them. */
#include "common/net/ledger.h"

#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>

/* Tries of a reader: so many at once, then one each millisecond. */
enum { TRIES_AT_ONCE = 1000, TRIES = 2000 };

static void
set(_Atomic uint64_t *counter, uint64_t value)
{
	atomic_store_explicit(counter, value, memory_order_relaxed);
}

static uint64_t
get(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

/*
 * The fences follow Boehm, "Can seqlocks get along with programming language
 * memory models?" (2012): relaxed data between an odd and an even sequence.
 */
static void
show(struct ledger *ledger)
{
	struct ledger_shown *shown = ledger->shown;

	set(&shown->sequence, ++ledger->sequence);
	atomic_thread_fence(memory_order_release);
	set(&shown->accepted, ledger->accepted);
	set(&shown->refused, ledger->refused);
	for (int i = 0; i < OUTCOME_COUNT; i++)
		set(&shown->ended[i], ledger->ended[i]);
	atomic_store_explicit(
	    &shown->sequence, ++ledger->sequence, memory_order_release);
}

void
ledger_accept(struct ledger *ledger)
{
	ledger->accepted++;
	show(ledger);
}

void
ledger_refuse(struct ledger *ledger)
{
	ledger->refused++;
	show(ledger);
}

void
ledger_end(struct ledger *ledger, enum outcome outcome)
{
	ledger->ended[outcome]++;
	show(ledger);
}

static struct ledger_view
view_of(uint64_t accepted, uint64_t refused, const uint64_t *ended)
{
	struct ledger_view view = {
	    .accepted = accepted,
	    .active = accepted - refused,
	    .served = ended[OUTCOME_SERVED],
	    .refused = refused,
	    .timed_out = ended[OUTCOME_TIMED_OUT],
	    .failed = ended[OUTCOME_FAILED],
	    .crashed = ended[OUTCOME_CRASHED],
	};

	for (int i = 0; i < OUTCOME_COUNT; i++)
		view.active -= ended[i];
	return view;
}

struct ledger_view
ledger_count(const struct ledger *ledger)
{
	return view_of(ledger->accepted, ledger->refused, ledger->ended);
}

/* Whether *VIEW is a consistent copy. */
static bool
try_read(const struct ledger_shown *shown, struct ledger_view *view)
{
	uint64_t before =
	    atomic_load_explicit(&shown->sequence, memory_order_acquire);
	uint64_t accepted = get(&shown->accepted);
	uint64_t refused = get(&shown->refused);
	uint64_t ended[OUTCOME_COUNT];

	for (int i = 0; i < OUTCOME_COUNT; i++)
		ended[i] = get(&shown->ended[i]);
	atomic_thread_fence(memory_order_acquire);
	*view = view_of(accepted, refused, ended);
	return get(&shown->sequence) == before && !(before & 1);
}

struct ledger_view
ledger_read(const struct ledger_shown *shown)
{
	struct ledger_view view;

	for (int i = 0; i < TRIES && !try_read(shown, &view); i++) {
		if (i >= TRIES_AT_ONCE)
			poll(NULL, 0, 1);
	}
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
