/* SPDX-License-Identifier: MIT */
/*
 * in_flight: the messages of a chat room in flight, and the result of each. One
 * member sends a message, all others have to receive it.
 *
 * Messages have numbers from 1 on, in the order in which they begin. A ring has
 * the latest `slots` of them: a message begins only when the message in its
 * slot is over. A message is over when all members have it, or at its timeout.
 * Then it is counted, once, under its worst fault. If a message that was
 * counted as ok proves faulty, it is counted again under its fault. So always
 *
 *	begun = ok + wrong + timed_out + failed + under_way
 *
 * A NUMBER that is not in the ring is harmless, unless stated otherwise. Not
 * thread-safe.
 */
#ifndef COMMON_CHATLOAD_IN_FLIGHT_H
#define COMMON_CHATLOAD_IN_FLIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/load/load_result.h"

/* In ascending order: a worse fault replaces a lesser one. */
enum in_flight_fault {
	IN_FLIGHT_NONE,
	IN_FLIGHT_TIMED_OUT,
	IN_FLIGHT_FAILED,
	IN_FLIGHT_WRONG
};

struct in_flight_message {
	uint64_t due_ns, begun_ns; /* the timeout counts from begun_ns */
	uint64_t sent_ns;	   /* 0: not yet */
	uint32_t missing;	   /* members that may still receive it */
	bool leaving; /* it is not over before its sender has left */
	bool over;
	enum in_flight_fault fault;
	int error; /* with IN_FLIGHT_FAILED; 0: end of file */
};

struct in_flight {
	struct in_flight_message *ring;
	uint64_t slots;
	uint64_t tail, head; /* all before tail are over; head is the next */
	uint64_t under_way;  /* messages that are not over */
	bool scheduled;	     /* open loop: latency counts from due_ns */
	uint64_t first_ns, last_ns; /* first send, last delivery */
	struct load_result *result;
};

/* RESULT stays the caller's and must outlive IN_FLIGHT. Returns 0, or -1 with
 * errno. */
int
in_flight_init(struct in_flight *in_flight, uint64_t slots, bool scheduled,
    struct load_result *result);

/* Harmless if IN_FLIGHT is zeroed or released. */
void
in_flight_release(struct in_flight *in_flight);

/* Whether the slot of the next message is free. */
bool
in_flight_has_room(struct in_flight *in_flight);

/*
 * Begins the next message, due at DUE, for MISSING members (1 or more), if
 * in_flight_has_room(). Returns its number.
 */
uint64_t
in_flight_begin(struct in_flight *in_flight, uint64_t due, uint64_t now,
    uint32_t missing, bool leaving);

/* Message NUMBER, or NULL if it is not in the ring. */
struct in_flight_message *
in_flight_find(const struct in_flight *in_flight, uint64_t number);

/* The first byte of NUMBER was sent at NOW. */
void
in_flight_sent(struct in_flight *in_flight, uint64_t number, uint64_t now);

/* A member has received NUMBER, right and in order. */
void
in_flight_delivered(struct in_flight *in_flight, uint64_t number, uint64_t now);

/* A member will not receive NUMBER, or has received it wrong. */
void
in_flight_count_down(struct in_flight *in_flight, uint64_t number);

/* The sender of NUMBER has left. */
void
in_flight_sender_left(struct in_flight *in_flight, uint64_t number);

/*
 * NUMBER is wrong; if it is not in the ring, the latest message is. False if
 * that had a fault as bad already.
 */
bool
in_flight_mark_wrong(struct in_flight *in_flight, uint64_t number);

/* NUMBER failed with ERROR. It is not over before no member misses it. */
void
in_flight_fail(struct in_flight *in_flight, uint64_t number, int error);

/* A failure that affected no message in flight: the latest message that was
 * counted as ok becomes failed, or one more is counted. */
void
in_flight_fail_completed(struct in_flight *in_flight, int error);

/* Extends the timeouts of all messages in flight by NS. */
void
in_flight_extend(struct in_flight *in_flight, uint64_t ns);

/* NUMBER has timed out. */
void
in_flight_time_out(struct in_flight *in_flight, uint64_t number);

/* NUMBER is over, even if members miss it. Harmless if it was over. */
void
in_flight_end(struct in_flight *in_flight, uint64_t number);

/* The oldest message in flight, which times out first, and its NUMBER; or NULL.
 */
struct in_flight_message *
in_flight_first(struct in_flight *in_flight, uint64_t *number);

#endif
