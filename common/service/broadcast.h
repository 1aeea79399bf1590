/* SPDX-License-Identifier: MIT */
/*
 * broadcast: messages from each worker to all, through shared memory.
 *
 * One ring in memory that all workers see (shared.h), without a lock: a worker
 * that is stopped, slow or killed, at any instruction, delays the others by
 * some milliseconds at most. A publisher reserves a record in the ring, copies
 * its message there and marks it as done. If that takes too long, the readers
 * give the record up, and its publisher, if it lives, publishes the message
 * again. A reader has its own cursor. When the ring comes round to a cursor,
 * the unread messages are lost to that reader, which is told so. That bounds
 * what a slow member can cost.
 *
 * All members see the same order, and the messages of one sender in the order
 * in which it sent them. A message whose publisher was killed is published
 * whole or not at all.
 *
 * A member sleeps in ppoll(2), on its client and on BROADCAST_SIGNAL, which is
 * blocked everywhere else. Publishers send that signal to sleeping members, by
 * process and thread number. So a member needs no additional descriptor, and no
 * thread that waits for the ring. If the number belongs to another process by
 * now, no harm is done: by default the signal is ignored.
 *
 *	broadcast_join(&member, shared, context);
 *	for (;;) {
 *		while ((n = broadcast_next(&member, &message, buf, size)) > 0)
 *			...
 *		until = broadcast_sleep(&member, false);
 *		conn_wait(conn, POLLIN, until, &member.mask);
 *		broadcast_awake(&member);
 *	}
 *	broadcast_leave(&member);
 */
#ifndef COMMON_SERVICE_BROADCAST_H
#define COMMON_SERVICE_BROADCAST_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/service/service.h"

#define BROADCAST_SIGNAL SIGURG

/* The longest message, its line end included. */
#define BROADCAST_MAX (64 * 1024 + 2)

/*
 * The size of the ring in bytes, and the rate in bytes per second of all
 * publishers together, with a burst of BROADCAST_BURST. The rate falls to a
 * fourth while a member is half the ring behind, and to a sixteenth from three
 * quarters on. So a flood drops no member that takes BROADCAST_RATE / 16; a
 * member that takes nothing slows the others only briefly, and loses messages.
 *
 * Publishers over the rate wait in a queue. It is short: when many flood the
 * room, some are refused. A member with less than BROADCAST_TALK bytes in the
 * last second does not wait.
 */
#define BROADCAST_RING (2 * 1024 * 1024)
#define BROADCAST_RATE (4 * 1024 * 1024)
#define BROADCAST_BURST (256 * 1024)
#define BROADCAST_QUEUE_NS (2 * 1000 * 1000 * 1000ULL)
#define BROADCAST_TALK 512

#define BROADCAST_REFUSED UINT64_MAX

struct broadcast_message {
	uint64_t sender; /* of its connection */
	uint32_t len;
	uint16_t end_len; /* bytes of the line end, part of LEN */
	bool utf8;	  /* it is valid UTF-8 */
};

/* The membership of one worker, which alone uses it. */
struct broadcast_member {
	struct shared *shared;
	uint32_t index;
	uint64_t number;
	uint64_t cursor;
	bool paid; /* the message to be published again has waited */
	uint64_t talked_until_ns; /* it has used up its share without waiting */
	/* The position of the unfinished record that it waits for; 0: none */
	uint64_t stuck_at, stuck_until_ns;
	sigset_t mask; /* for ppoll(2): lets BROADCAST_SIGNAL through */
};

/* How a member talks, for broadcast_list(). */
enum broadcast_kind { BROADCAST_LINES, BROADCAST_WEBSOCKET };

/* Bytes of shared memory for WORKERS; see service.shared_size. */
size_t
broadcast_size(uint32_t workers);

/* The member receives what is published from now on. TAG is for
 * broadcast_list(). */
void
broadcast_join(struct broadcast_member *member, struct shared *shared,
    const struct service_context *context, enum broadcast_kind kind,
    uint32_t tag);

void
broadcast_leave(struct broadcast_member *member);

/*
 * Publishes BYTES to all others. Returns 0; or, over the rate, the nanoseconds
 * to wait before the same call again; or BROADCAST_REFUSED: too many are
 * waiting.
 */
uint64_t
broadcast_publish(struct broadcast_member *member,
    const struct broadcast_message *message, const char *bytes);

/*
 * Gets the next message of another member, into BUF of SIZE bytes. Returns 1;
 * 0: there is none yet, or it is longer than SIZE (then message->len is its
 * length, and it stays the next one); -1: broadcast_lost().
 */
int
broadcast_next(struct broadcast_member *member,
    struct broadcast_message *message, char *buf, size_t size);

/*
 * Call it before sleeping. BLOCKED: the member's client takes no output now, so
 * only a loss wakes the member. Returns until when it may sleep without a
 * signal: 0 if there is something to do, else NEVER, or when to give up waiting
 * for an unfinished record (broadcast_next() does that).
 */
uint64_t
broadcast_sleep(struct broadcast_member *member, bool blocked);
void
broadcast_awake(struct broadcast_member *member);

/* Whether the member has missed messages. */
bool
broadcast_lost(const struct broadcast_member *member);

/* How many bytes the member is behind. */
uint64_t
broadcast_behind(const struct broadcast_member *member);

/*
 * Worker INDEX was killed: takes it out of the list. It may have died after
 * publishing a message and before waking the others: fills WAKE with members
 * that will do that when they get BROADCAST_SIGNAL. Returns how many.
 * (service.worker_died: numbers from memory that workers can write are only
 * hints, and are checked against SETUP->workers.)
 */
size_t
broadcast_forget(const struct service_setup *setup, uint32_t index,
    uint32_t wake[static SERVICE_WAKE_MAX]);

/* One member of the list. */
struct broadcast_entry {
	uint64_t number;
	pid_t pid, tid;
	enum broadcast_kind kind;
	uint32_t tag;
};

/* Gets entry *AT or the next one after it, and moves *AT past it. False: there
 * are no more. */
bool
broadcast_list(
    const struct shared *shared, uint32_t *at, struct broadcast_entry *entry);

#endif
