/* SPDX-License-Identifier: MIT */
/* broadcast: a ring without a lock, in which no worker can block another. */
#include "common/service/broadcast.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"

enum { AWAKE, ASLEEP, BLOCKED };

/* Half of each word is data, the other half is the lap that wrote it. */
#define WORD_BYTES 4
#define WORDS (BROADCAST_RING / WORD_BYTES)

/* Sizes and state, then the number of the sender. */
#define HEADER_WORDS 3

/* An unfinished record is given up after this time: its writer is stopped or
 * dead. A slow writer writes it again. */
#define PATIENCE_NS (10 * NS_PER_MS)

/* The rate is computed again whenever this many words were published. */
#define STRIDE (WORDS / 16)

/* A member that has taken nothing for this long no longer slows the others: it
 * is stopped, or its client does not read. */
#define STILL_NS (300 * NS_PER_MS)

struct member_slot {
	/* A cache line each, because the owner moves the cursor often. */
	_Alignas(64) _Atomic uint64_t number; /* 0: the slot is free */
	_Atomic uint64_t cursor;
	_Atomic uint32_t state;
	_Atomic pid_t pid, tid;
	_Atomic uint32_t kind, tag;
	/* Where publishers saw the cursor last, and when it got there. */
	_Atomic uint64_t seen, seen_ns;
};

/*
 * Positions count words from the start, modulo WORDS in the ring. Each word
 * carries the lap of its position. It is changed only by a compare-and-exchange
 * from an older lap. So a writer that was stopped until the ring came round
 * writes nothing, and a reader notices the new lap.
 *
 * A record is reserved by its header, at `head`; from then on it has its place
 * in the order. Any worker may move `head` past it, because the header has its
 * length. A record counts once its header says DONE. If the header says
 * GIVEN_UP first (PATIENCE_NS), all readers skip it, and its writer publishes
 * it again.
 */
struct broadcast {
	_Atomic uint64_t head; /* end of the newest record */
	_Atomic uint32_t used; /* slots 0 to used-1 have been used */
	_Atomic uint64_t
	    paid_until_ns; /* the time up to which the rate is used up */
	_Atomic uint64_t slowdown; /* divides the rate; 0: 1 */
	_Atomic bool wake_all;	   /* the next member to wake must wake all */
	_Alignas(64) _Atomic uint64_t ring[WORDS];
	struct member_slot slots[];
};

size_t
broadcast_size(uint32_t workers)
{
	return sizeof(struct broadcast) + workers * sizeof(struct member_slot);
}

static struct broadcast *
of(const struct shared *shared)
{
	return (struct broadcast *)shared->memory;
}

/* ---- words ---- */

/* From 1; a word that was never written has lap 0. */
static uint32_t
lap_at(uint64_t at)
{
	return (uint32_t)(at / WORDS + 1);
}

static uint64_t
word_at(uint64_t at, uint32_t half)
{
	return (uint64_t)lap_at(at) << 32 | half;
}

static uint32_t
lap_of(uint64_t word)
{
	return (uint32_t)(word >> 32);
}

static _Atomic uint64_t *
place(struct broadcast *b, uint64_t at)
{
	return &b->ring[at % WORDS];
}

/* Returns false if the place belongs to a later record, or already has a header
 * of this lap. */
static bool
put(struct broadcast *b, uint64_t at, uint32_t half)
{
	uint64_t old = atomic_load_explicit(place(b, at), memory_order_relaxed);

	while (lap_of(old) < lap_at(at)) {
		if (atomic_compare_exchange_weak_explicit(place(b, at), &old,
			word_at(at, half), memory_order_relaxed,
			memory_order_relaxed))
			return true;
	}
	return false;
}

static bool
get(struct broadcast *b, uint64_t at, uint32_t *half)
{
	uint64_t word =
	    atomic_load_explicit(place(b, at), memory_order_acquire);

	*half = (uint32_t)word;
	return lap_of(word) == lap_at(at);
}

/* Whole words first: a copy of fixed size is one instruction, and a message of
 * 64 KiB needs 16,384 copies for each member. */
static bool
put_bytes(struct broadcast *b, uint64_t at, const void *from, size_t len)
{
	const char *bytes = from;
	uint32_t half = 0;

	for (; len >= WORD_BYTES; len -= WORD_BYTES, bytes += WORD_BYTES) {
		memcpy(&half, bytes, WORD_BYTES);
		if (!put(b, at++, half))
			return false;
	}
	half = 0;
	memcpy(&half, bytes, len);
	return len == 0 || put(b, at, half);
}

static bool
get_bytes(struct broadcast *b, uint64_t at, void *to, size_t len)
{
	char *bytes = to;
	uint32_t half;

	for (; len >= WORD_BYTES; len -= WORD_BYTES, bytes += WORD_BYTES) {
		if (!get(b, at++, &half))
			return false;
		memcpy(bytes, &half, WORD_BYTES);
	}
	if (len > 0) {
		if (!get(b, at, &half))
			return false;
		memcpy(bytes, &half, len);
	}
	return true;
}

/* ---- records: a word of sizes, the sender, the bytes ---- */

enum { STATE = 3, BEGUN = 0, DONE = 1, GIVEN_UP = 2 };

/* The lowest bits are the state. */
static uint32_t
pack(const struct broadcast_message *m)
{
	return m->len << 5 | (uint32_t)m->end_len << 3 | (uint32_t)m->utf8 << 2;
}

static uint32_t
packed_len(uint32_t info)
{
	return info >> 5;
}

static uint64_t
record_words(uint64_t len)
{
	return HEADER_WORDS + (len + WORD_BYTES - 1) / WORD_BYTES;
}

/* Changes the state of the record at AT from BEGUN. Returns false if it had
 * changed already. */
static bool
conclude(struct broadcast *b, uint64_t at, uint32_t info, uint32_t state)
{
	uint64_t begun = word_at(at, info | BEGUN);

	return atomic_compare_exchange_strong(
	    place(b, at), &begun, word_at(at, info | state));
}

/* Moves head past a record of LEN bytes at AT, unless another worker did. */
static void
move_head(struct broadcast *b, uint64_t at, uint32_t len)
{
	atomic_compare_exchange_strong(&b->head, &at, at + record_words(len));
}

/* Reserves a record. Returns its position. */
static uint64_t
reserve(struct broadcast *b, uint32_t info)
{
	for (;;) {
		uint64_t at = atomic_load(&b->head);
		uint32_t other;

		if (put(b, at, info | BEGUN)) {
			move_head(b, at, packed_len(info));
			return at;
		}
		if (get(b, at, &other))
			move_head(b, at, packed_len(other));
	}
}

/* Returns false if the record was given up. */
static bool
write_record(
    struct broadcast *b, uint64_t sender, uint32_t info, const char *bytes)
{
	uint64_t at = reserve(b, info);
	uint64_t data = at + HEADER_WORDS;

	return put_bytes(b, at + 1, &sender, sizeof(sender)) &&
	       put_bytes(b, data, bytes, packed_len(info)) &&
	       conclude(b, at, info, DONE);
}

/* ---- membership ---- */

static void
on_wake(int signal)
{
	(void)signal; /* the signal only interrupts ppoll(2) */
}

/* The signal stays blocked except in ppoll(2). */
static void
take_signal(sigset_t *mask)
{
	struct sigaction act = {.sa_handler = on_wake};
	sigset_t wake;

	sigaction(BROADCAST_SIGNAL, &act, NULL);
	sigemptyset(&wake);
	sigaddset(&wake, BROADCAST_SIGNAL);
	pthread_sigmask(SIG_BLOCK, &wake, mask);
	sigdelset(mask, BROADCAST_SIGNAL);
}

void
broadcast_join(struct broadcast_member *member, struct shared *shared,
    const struct service_context *context, enum broadcast_kind kind,
    uint32_t tag)
{
	struct broadcast *b = of(shared);
	struct member_slot *slot = &b->slots[context->worker];
	uint32_t used = atomic_load(&b->used);

	*member = (struct broadcast_member){
	    .shared = shared,
	    .index = context->worker,
	    .number = context->number,
	};
	take_signal(&member->mask);
	atomic_store(&slot->state, AWAKE);
	atomic_store(&slot->pid, getpid());
	atomic_store(&slot->tid, gettid());
	atomic_store(&slot->kind, kind);
	atomic_store(&slot->tag, tag);
	while (used <= member->index && !atomic_compare_exchange_weak(
					    &b->used, &used, member->index + 1))
		continue;
	member->cursor = atomic_load(&b->head);
	atomic_store(&slot->cursor, member->cursor);
	atomic_store(&slot->seen, NEVER);
	atomic_store(&slot->number, member->number);
}

void
broadcast_leave(struct broadcast_member *member)
{
	struct member_slot *slot = &of(member->shared)->slots[member->index];

	atomic_store(&slot->number, 0);
	atomic_store(&slot->state, AWAKE);
}

bool
broadcast_list(
    const struct shared *shared, uint32_t *at, struct broadcast_entry *entry)
{
	struct broadcast *b = of(shared);

	for (; *at < atomic_load(&b->used); (*at)++) {
		struct member_slot *slot = &b->slots[*at];

		entry->number = atomic_load(&slot->number);
		if (!entry->number)
			continue;
		entry->pid = atomic_load(&slot->pid);
		entry->tid = atomic_load(&slot->tid);
		entry->kind = (enum broadcast_kind)atomic_load(&slot->kind);
		entry->tag = atomic_load(&slot->tag);
		/* The slot may belong to another worker by now, or be half
		 * written. */
		if (atomic_load(&slot->number) != entry->number)
			continue;
		(*at)++;
		return true;
	}
	return false;
}

/* ---- sleep and wake ---- */

/* So far behind that the ring may soon overwrite the cursor. */
static bool
is_lost(uint64_t cursor, uint64_t head)
{
	return head > cursor && head - cursor >= WORDS;
}

/* Until when to wait for the record at the cursor; 0: no waiting. */
static uint64_t
waits_until(const struct broadcast_member *member)
{
	struct broadcast *b = of(member->shared);
	uint32_t info;

	return member->stuck_until_ns && member->stuck_at == member->cursor &&
		       get(b, member->cursor, &info) && (info & STATE) == BEGUN
		   ? member->stuck_until_ns
		   : 0;
}

uint64_t
broadcast_sleep(struct broadcast_member *member, bool blocked)
{
	struct broadcast *b = of(member->shared);
	struct member_slot *slot = &b->slots[member->index];
	uint64_t head;

	atomic_store(&slot->cursor, member->cursor);
	/* Sequentially consistent, like the publisher's stores of head and
	 * state and its load of this: so either the member sees the record, or
	 * the publisher sees the sleeper. */
	atomic_store(&slot->state, blocked ? BLOCKED : ASLEEP);
	head = atomic_load(&b->head);
	if (blocked)
		return is_lost(member->cursor, head) ? 0 : NEVER;
	return head == member->cursor ? NEVER : waits_until(member);
}

static bool
wants_to_wake(const struct member_slot *slot, uint64_t head)
{
	uint32_t state = atomic_load(&slot->state);

	return state == ASLEEP ||
	       (state == BLOCKED && is_lost(atomic_load(&slot->cursor), head));
}

/*
 * Signals all sleeping members. Only a member itself clears its flag: a
 * publisher that was killed between clearing it and sending the signal would
 * leave the member asleep. A member that is slow to wake gets another signal,
 * which is harmless.
 */
static void
wake_sleepers(struct broadcast *b)
{
	uint64_t head = atomic_load(&b->head);
	uint32_t used = atomic_load(&b->used);

	for (uint32_t i = 0; i < used; i++) {
		struct member_slot *slot = &b->slots[i];

		if (wants_to_wake(slot, head))
			tgkill(atomic_load(&slot->pid), atomic_load(&slot->tid),
			    BROADCAST_SIGNAL);
	}
}

void
broadcast_awake(struct broadcast_member *member)
{
	struct broadcast *b = of(member->shared);

	atomic_store(&b->slots[member->index].state, AWAKE);
	if (atomic_load(&b->wake_all) && atomic_exchange(&b->wake_all, false))
		wake_sleepers(b);
}

size_t
broadcast_forget(const struct service_setup *setup, uint32_t index,
    uint32_t wake[static SERVICE_WAKE_MAX])
{
	struct broadcast *b = of(setup->shared);
	uint64_t head = atomic_load(&b->head);
	uint32_t used = atomic_load(&b->used);
	size_t count = 0;

	atomic_store(&b->slots[index].number, 0);
	atomic_store(&b->slots[index].state, AWAKE);
	atomic_store(&b->wake_all, true);
	if (used > setup->workers)
		used = setup->workers;
	for (uint32_t i = 0; i < used && count < SERVICE_WAKE_MAX; i++) {
		if (wants_to_wake(&b->slots[i], head))
			wake[count++] = i;
	}
	return count;
}

/* ---- publish and receive ---- */

/* How far a member is behind HEAD, if it is still reading. */
static uint64_t
lag_of(struct member_slot *slot, uint64_t head, uint64_t now)
{
	uint64_t at = atomic_load(&slot->cursor);

	if (!atomic_load(&slot->number) || at >= head || is_lost(at, head))
		return 0;
	if (atomic_load(&slot->seen) != at) {
		atomic_store(&slot->seen, at);
		atomic_store(&slot->seen_ns, now);
	}
	return now - atomic_load(&slot->seen_ns) < STILL_NS ? head - at : 0;
}

/* How far the slowest reading member is behind. */
static uint64_t
slowdown(struct broadcast *b, uint64_t head)
{
	uint64_t lag = 0, now = now_ns();
	uint32_t used = atomic_load(&b->used);

	for (uint32_t i = 0; i < used; i++) {
		uint64_t one = lag_of(&b->slots[i], head, now);

		lag = one > lag ? one : lag;
	}
	return lag < WORDS / 2 ? 1 : lag < WORDS / 4 * 3 ? 4 : 16;
}

/* Whether MEMBER published so little lately that LEN bytes need not wait. */
static bool
is_talk(struct broadcast_member *member, uint64_t len, uint64_t now)
{
	uint64_t from = member->talked_until_ns;
	uint64_t until =
	    (from > now ? from : now) + len * NS_PER_S / BROADCAST_TALK;

	if (until > now + NS_PER_S)
		return false;
	member->talked_until_ns = until;
	return true;
}

/*
 * The generic cell rate algorithm (ITU-T I.371) for LEN bytes of MEMBER.
 * Returns as broadcast_publish(); a member that must wait has paid already. It
 * waits longer than necessary: otherwise a busy member would come back for each
 * message, thousands of times a second.
 */
static uint64_t
charge(struct broadcast *b, struct broadcast_member *member, uint64_t len)
{
	const uint64_t burst = BROADCAST_BURST * NS_PER_S / BROADCAST_RATE;
	uint64_t slowdown = atomic_load(&b->slowdown);
	uint64_t cost = len * NS_PER_S * (slowdown ? slowdown : 1);
	uint64_t paid = atomic_load(&b->paid_until_ns), now = now_ns();
	uint64_t due, wait;
	bool talks = false;

	do {
		due = paid > now ? paid : now;
		wait = due > now + burst ? due - now - burst / 2 : 0;
		if (wait && !talks)
			talks = is_talk(member, len, now);
		if (talks)
			wait = 0;
		if (wait > BROADCAST_QUEUE_NS)
			return BROADCAST_REFUSED;
	} while (!atomic_compare_exchange_weak(
	    &b->paid_until_ns, &paid, due + cost / BROADCAST_RATE));
	return wait;
}

static void
append(struct broadcast *b, uint64_t sender,
    const struct broadcast_message *message, const char *bytes)
{
	uint64_t before = atomic_load(&b->head), end;

	while (!write_record(b, sender, pack(message), bytes))
		continue;
	end = atomic_load(&b->head);
	if (end / STRIDE != before / STRIDE)
		atomic_store(&b->slowdown, slowdown(b, end));
}

uint64_t
broadcast_publish(struct broadcast_member *member,
    const struct broadcast_message *message, const char *bytes)
{
	struct broadcast *b = of(member->shared);
	uint64_t wait = 0;

	if (!member->paid)
		wait =
		    charge(b, member, record_words(message->len) * WORD_BYTES);
	member->paid = wait > 0 && wait != BROADCAST_REFUSED;
	if (!wait) {
		append(b, member->number, message, bytes);
		wake_sleepers(b);
	}
	return wait;
}

/* Moves the cursor past the message; publishers look at it. */
static void
advance(struct broadcast_member *member, uint32_t len)
{
	struct broadcast *b = of(member->shared);

	member->cursor += record_words(len);
	atomic_store_explicit(&b->slots[member->index].cursor, member->cursor,
	    memory_order_relaxed);
}

/* The record at the cursor is unfinished. Returns whether to go on waiting for
 * it. */
static bool
is_patient(struct broadcast_member *member, uint32_t info)
{
	uint64_t now = now_ns();

	if (member->stuck_at != member->cursor || !member->stuck_until_ns) {
		member->stuck_at = member->cursor;
		member->stuck_until_ns = now + PATIENCE_NS;
	}
	if (now < member->stuck_until_ns)
		return true;
	conclude(of(member->shared), member->cursor, info & ~(uint32_t)STATE,
	    GIVEN_UP);
	return false;
}

/* Reads the DONE message at the cursor. Returns as broadcast_next(), 0 if it is
 * longer than SIZE; skips the member's own messages. */
static int
copy_out(const struct broadcast_member *member, uint32_t info,
    struct broadcast_message *message, char *buf, size_t size)
{
	struct broadcast *b = of(member->shared);

	*message = (struct broadcast_message){
	    .len = packed_len(info),
	    .end_len = info >> 3 & 3,
	    .utf8 = info >> 2 & 1,
	};
	if (!get_bytes(b, member->cursor + 1, &message->sender,
		sizeof(message->sender)))
		return -1;
	if (message->sender == member->number)
		return 1;
	if (message->len > size)
		return 0;
	return get_bytes(b, member->cursor + HEADER_WORDS, buf, message->len)
		   ? 1
		   : -1;
}

int
broadcast_next(struct broadcast_member *member,
    struct broadcast_message *message, char *buf, size_t size)
{
	struct broadcast *b = of(member->shared);

	while (member->cursor != atomic_load(&b->head)) {
		uint32_t info;
		int result;

		if (broadcast_lost(member) || !get(b, member->cursor, &info))
			return -1;
		if ((info & STATE) == BEGUN) {
			if (is_patient(member, info))
				break;
			continue;
		}
		if ((info & STATE) == GIVEN_UP) {
			advance(member, packed_len(info));
			continue;
		}
		result = copy_out(member, info, message, buf, size);
		if (result <= 0)
			return result;
		advance(member, message->len);
		if (message->sender != member->number)
			return 1;
	}
	message->len = 0;
	return 0;
}

bool
broadcast_lost(const struct broadcast_member *member)
{
	return is_lost(member->cursor, atomic_load(&of(member->shared)->head));
}

uint64_t
broadcast_behind(const struct broadcast_member *member)
{
	return (atomic_load(&of(member->shared)->head) - member->cursor) *
	       WORD_BYTES;
}
