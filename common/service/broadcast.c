/* SPDX-License-Identifier: MIT */
/* broadcast: a ring with one lock for writers and none for readers. */
#include "common/service/broadcast.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"

enum { AWAKE, ASLEEP, BLOCKED };

#define WORDS (BROADCAST_RING / sizeof(uint64_t))
#define HEADER_WORDS 2

/* The rate is looked at again whenever so many words were published. */
#define STRIDE (WORDS / 16)

struct member_slot {
	/* A cache line each: its owner moves the cursor all the time. */
	_Alignas(64) _Atomic uint64_t number; /* 0: nobody */
	_Atomic uint64_t cursor;
	_Atomic uint32_t state;
	_Atomic pid_t pid, tid;
	_Atomic uint32_t kind, tag;
};

/*
 * Positions are words since the start, modulo WORDS in the ring. The lock
 * protects what publishers write; readers need none, because `tail` passes
 * every word before it is written again: they read, and then look whether what
 * they read was still behind it. Words are atomic, without order of their own.
 */
struct broadcast {
	_Atomic uint64_t head;	/* end of the newest message */
	_Atomic uint64_t tail;	/* start of the oldest that is whole */
	_Atomic uint32_t used;	/* slots 0 to used-1 have been used */
	uint64_t paid_until_ns; /* the rate is used up to then */
	uint64_t slowdown;	/* the rate is divided by it; 0: 1 */
	_Atomic bool wake_all;	/* whoever wakes next wakes the others */
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

static uint64_t
get(const struct broadcast *b, uint64_t at)
{
	return atomic_load_explicit(&b->ring[at % WORDS], memory_order_relaxed);
}

static void
put(struct broadcast *b, uint64_t at, uint64_t word)
{
	atomic_store_explicit(&b->ring[at % WORDS], word, memory_order_relaxed);
}

/* ---- records: a word of sizes, the sender, the bytes ---- */

static uint64_t
pack(const struct broadcast_message *m)
{
	return (uint64_t)m->len << 32 | (uint64_t)m->utf8 << 16 | m->end_len;
}

static uint32_t
packed_len(uint64_t word)
{
	return (uint32_t)(word >> 32);
}

static uint64_t
record_words(uint64_t len)
{
	return HEADER_WORDS + (len + sizeof(uint64_t) - 1) / sizeof(uint64_t);
}

static void
put_bytes(struct broadcast *b, uint64_t at, const char *bytes, size_t len)
{
	uint64_t word = 0;

	for (; len >= sizeof(word); len -= sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		put(b, at++, word);
		bytes += sizeof(word);
	}
	word = 0;
	memcpy(&word, bytes, len);
	if (len)
		put(b, at, word);
}

static void
get_bytes(const struct broadcast *b, uint64_t at, char *bytes, size_t len)
{
	uint64_t word;

	for (; len >= sizeof(word); len -= sizeof(word)) {
		word = get(b, at++);
		memcpy(bytes, &word, sizeof(word));
		bytes += sizeof(word);
	}
	word = len ? get(b, at) : 0;
	memcpy(bytes, &word, len);
}

/* ---- membership ---- */

static void
on_wake(int signal)
{
	(void)signal; /* it ends a ppoll: that is all it is for */
}

/* The signal waits until ppoll(2) lets it through. */
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
		/* Or it is another's by now, or half of it is. */
		if (atomic_load(&slot->number) != entry->number)
			continue;
		(*at)++;
		return true;
	}
	return false;
}

/* ---- sleep and wake ---- */

bool
broadcast_sleep(struct broadcast_member *member, bool blocked)
{
	struct broadcast *b = of(member->shared);
	struct member_slot *slot = &b->slots[member->index];

	atomic_store(&slot->cursor, member->cursor);
	/* This store and the load after it, and a publisher's store of head
	 * and load of state, keep their order: one of the two sees the other.
	 */
	atomic_store(&slot->state, blocked ? BLOCKED : ASLEEP);
	return blocked ? atomic_load(&b->tail) <= member->cursor
		       : atomic_load(&b->head) == member->cursor;
}

static bool
wants_to_wake(const struct member_slot *slot, uint64_t tail)
{
	uint32_t state = atomic_load(&slot->state);

	return state == ASLEEP ||
	       (state == BLOCKED && atomic_load(&slot->cursor) < tail);
}

/*
 * All that sleep. Only they themselves say that they are
 * awake: a publisher that is killed between saying so for one and signalling it
 * would leave it to sleep through all that follows. One that takes its time to
 * wake is signalled again, which costs a call and changes nothing.
 */
static void
wake_sleepers(struct broadcast *b)
{
	uint64_t tail = atomic_load(&b->tail);
	uint32_t used = atomic_load(&b->used);

	for (uint32_t i = 0; i < used; i++) {
		struct member_slot *slot = &b->slots[i];

		if (wants_to_wake(slot, tail))
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
	uint64_t tail = atomic_load(&b->tail);
	uint32_t used = atomic_load(&b->used);
	size_t count = 0;

	atomic_store(&b->slots[index].number, 0);
	atomic_store(&b->slots[index].state, AWAKE);
	atomic_store(&b->wake_all, true);
	if (used > setup->workers)
		used = setup->workers;
	for (uint32_t i = 0; i < used && count < SERVICE_WAKE_MAX; i++) {
		if (wants_to_wake(&b->slots[i], tail))
			wake[count++] = i;
	}
	return count;
}

/* ---- publish and receive ---- */

/* By how much the slowest of those that can still be saved is behind. */
static uint64_t
slowdown(const struct broadcast *b, uint64_t head)
{
	uint64_t tail = atomic_load(&b->tail), lag = 0;
	uint32_t used = atomic_load(&b->used);

	for (uint32_t i = 0; i < used; i++) {
		uint64_t at = atomic_load(&b->slots[i].cursor);

		if (atomic_load(&b->slots[i].number) && at >= tail &&
		    at < head && head - at > lag)
			lag = head - at;
	}
	return lag < WORDS / 2 ? 1 : lag < WORDS / 4 * 3 ? 4 : 16;
}

/* Whether MEMBER has said so little of late that LEN bytes need not wait. */
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
 * The generic cell rate algorithm (ITU-T I.371), for LEN bytes of MEMBER.
 * Returns as broadcast_publish(); who has to wait has paid. Not to the first
 * instant at which it could go on: who has much to say then comes back for one
 * message at a time, thousands of times a second.
 */
static uint64_t
charge(struct broadcast *b, struct broadcast_member *member, uint64_t len)
{
	const uint64_t burst = BROADCAST_BURST * NS_PER_S / BROADCAST_RATE;
	uint64_t now = now_ns();
	uint64_t due = b->paid_until_ns > now ? b->paid_until_ns : now;
	uint64_t rate = BROADCAST_RATE / (b->slowdown ? b->slowdown : 1);
	uint64_t wait = due > now + burst ? due - now - burst / 2 : 0;

	if (wait && is_talk(member, len, now))
		wait = 0;
	if (wait > BROADCAST_QUEUE_NS)
		return BROADCAST_REFUSED;
	b->paid_until_ns = due + len * NS_PER_S / rate;
	return wait;
}

/* Makes room for NEED words after HEAD: the oldest messages go. */
static void
move_tail(struct broadcast *b, uint64_t head, uint64_t need)
{
	uint64_t tail = atomic_load(&b->tail);

	while (head + need - tail > WORDS)
		tail += record_words(packed_len(get(b, tail)));
	atomic_store(&b->tail, tail);
	/* Before any word behind it changes; broadcast_next() has the other
	 * half of this pair. */
	atomic_thread_fence(memory_order_release);
}

/* Under the lock. */
static void
append(struct broadcast *b, uint64_t sender,
    const struct broadcast_message *message, const char *bytes)
{
	uint64_t head = atomic_load(&b->head);
	uint64_t end = head + record_words(message->len);

	move_tail(b, head, end - head);
	put(b, head, pack(message));
	put(b, head + 1, sender);
	put_bytes(b, head + HEADER_WORDS, bytes, message->len);
	if (end / STRIDE != head / STRIDE)
		b->slowdown = slowdown(b, end);
	atomic_store(&b->head, end);
}

uint64_t
broadcast_publish(struct broadcast_member *member,
    const struct broadcast_message *message, const char *bytes)
{
	struct broadcast *b = of(member->shared);
	uint64_t wait = 0;

	/* Nothing to repair if the last holder died: head moves last. */
	shared_lock(member->shared);
	if (!member->paid)
		wait = charge(
		    b, member, record_words(message->len) * sizeof(uint64_t));
	member->paid = wait > 0 && wait != BROADCAST_REFUSED;
	if (!wait)
		append(b, member->number, message, bytes);
	shared_unlock(member->shared);
	if (!wait)
		wake_sleepers(b);
	return wait;
}

/* The message at the cursor. False: it is not whole any more. */
static bool
copy_out(const struct broadcast_member *member,
    struct broadcast_message *message, char *buf, size_t size)
{
	const struct broadcast *b = of(member->shared);
	uint64_t word = get(b, member->cursor);

	*message = (struct broadcast_message){
	    .sender = get(b, member->cursor + 1),
	    .len = packed_len(word),
	    .utf8 = word >> 16 & 1,
	    .end_len = (uint16_t)word,
	};
	if (message->len <= size && message->sender != member->number)
		get_bytes(b, member->cursor + HEADER_WORDS, buf, message->len);
	atomic_thread_fence(memory_order_acquire);
	return atomic_load_explicit(&b->tail, memory_order_relaxed) <=
	       member->cursor;
}

/* Past the message at the cursor. Publishers look how far behind it is. */
static void
advance(struct broadcast_member *member, uint32_t len)
{
	struct broadcast *b = of(member->shared);

	member->cursor += record_words(len);
	atomic_store_explicit(&b->slots[member->index].cursor, member->cursor,
	    memory_order_relaxed);
}

int
broadcast_next(struct broadcast_member *member,
    struct broadcast_message *message, char *buf, size_t size)
{
	struct broadcast *b = of(member->shared);

	while (member->cursor != atomic_load(&b->head)) {
		if (!copy_out(member, message, buf, size))
			return -1;
		if (message->sender != member->number && message->len > size)
			return 0;
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
	return atomic_load(&of(member->shared)->tail) > member->cursor;
}

uint64_t
broadcast_behind(const struct broadcast_member *member)
{
	return (atomic_load(&of(member->shared)->head) - member->cursor) *
	       sizeof(uint64_t);
}
