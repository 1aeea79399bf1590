/* SPDX-License-Identifier: MIT */
/*
 * broadcast: messages from each worker to all, through shared memory.
 *
 * One ring in memory that all workers see (shared.h), and no lock: a worker
 * that is stopped, slow or killed, at whatever instruction, holds up nobody for
 * longer than some milliseconds. Who publishes reserves a place, copies its
 * message there and says that it is done; a place that is not done for too long
 * is given up by those that wait for it, and its publisher, if it lives, comes
 * again with a new one. Who receives has a cursor of its own. What it has not
 * read when the ring comes round is lost to it, and it is told so: that bounds
 * what a slow member can cost to the ring.
 *
 * All see the same order, and those of one sender in the order in which it sent
 * them. What a publisher was killed over is published whole or not at all.
 *
 * A member sleeps in ppoll(2), on its client and on BROADCAST_SIGNAL, which is
 * blocked everywhere else; publishers send it to those that sleep, by process
 * and thread number. So no descriptor is needed for each member, nor a thread
 * to wait on the ring beside the client. A number that belongs to somebody
 * else by now does no harm: the signal's default is to be ignored.
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
 * How many bytes the ring holds, and what all publishers together get in a
 * second, BROADCAST_BURST ahead. The rate falls to a fourth while somebody is
 * half the ring behind, and to a sixteenth from three quarters on. So one that
 * floods the room drops nobody out of it who takes BROADCAST_RATE / 16. One
 * that takes nothing at all slows nobody down, and is lost.
 *
 * Who has to wait keeps a place in a queue. It is short: many who flood do not
 * shut up the room for long, they are refused. And who has said little, less
 * than BROADCAST_TALK bytes in the last second, does not wait at all.
 */
#define BROADCAST_RING (2 * 1024 * 1024)
#define BROADCAST_RATE (4 * 1024 * 1024)
#define BROADCAST_BURST (256 * 1024)
#define BROADCAST_QUEUE_NS (2 * 1000 * 1000 * 1000ULL)
#define BROADCAST_TALK 512

#define BROADCAST_REFUSED UINT64_MAX

struct broadcast_message {
	uint64_t sender; /* its connection's number */
	uint32_t len;
	uint16_t end_len; /* of LEN, how many are the line end */
	bool utf8;	  /* it is valid UTF-8 */
};

/* What a worker keeps of its membership. One worker uses it. */
struct broadcast_member {
	struct shared *shared;
	uint32_t index;
	uint64_t number;
	uint64_t cursor;
	bool paid;		  /* the message that has to come again is */
	uint64_t talked_until_ns; /* its share without waiting is used up */
	/* It waits at this position for a record to be done (0: it does not) */
	uint64_t stuck_at, stuck_until_ns;
	sigset_t mask; /* for ppoll(2): lets BROADCAST_SIGNAL through */
};

/* How a member talks, for broadcast_list(). */
enum broadcast_kind { BROADCAST_LINES, BROADCAST_WEBSOCKET };

/* Bytes that WORKERS share; see service.shared_size. */
size_t
broadcast_size(uint32_t workers);

/* Sees what is published from now on. TAG is for broadcast_list(). */
void
broadcast_join(struct broadcast_member *member, struct shared *shared,
    const struct service_context *context, enum broadcast_kind kind,
    uint32_t tag);

void
broadcast_leave(struct broadcast_member *member);

/*
 * Publishes BYTES to all others. Returns 0; or how many nanoseconds to wait
 * and then come again with the same, because the rate is used up; or
 * BROADCAST_REFUSED, because too many wait already.
 */
uint64_t
broadcast_publish(struct broadcast_member *member,
    const struct broadcast_message *message, const char *bytes);

/*
 * The next message of another member, into BUF of SIZE bytes. Returns 1; 0:
 * none is there yet, or it is longer than SIZE (then message->len says so and
 * it stays the next); -1: broadcast_lost().
 */
int
broadcast_next(struct broadcast_member *member,
    struct broadcast_message *message, char *buf, size_t size);

/*
 * Before it sleeps. BLOCKED: it cannot take messages now, so only their loss
 * wakes it. Returns until when it may, if nobody wakes it: 0 when there is
 * something to do already, and else NEVER, or when a message that was begun is
 * to be waited for no longer (broadcast_next() sees to that).
 */
uint64_t
broadcast_sleep(struct broadcast_member *member, bool blocked);
void
broadcast_awake(struct broadcast_member *member);

/* Whether messages that the member has not read are gone. */
bool
broadcast_lost(const struct broadcast_member *member);

/* Bytes that the member has not read. */
uint64_t
broadcast_behind(const struct broadcast_member *member);

/*
 * Worker INDEX was killed: takes it out of the list. It may have published, and
 * died before it woke the others: WAKE gets those who, woken by
 * BROADCAST_SIGNAL, do that. Returns how many. (service.worker_died: of what
 * workers can write it takes hints, and no number that is not below
 * SETUP->workers.)
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

/* Entry *AT or the next after it, and moves *AT past it. False: no more. */
bool
broadcast_list(
    const struct shared *shared, uint32_t *at, struct broadcast_entry *entry);

#endif
