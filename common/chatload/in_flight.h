/* SPDX-License-Identifier: MIT */
/*
 * in_flight: the messages of a chat room that are in flight, and how each ends.
 * One member sends, many have to receive.
 *
 * Messages are numbered from 1 in the order in which they begin. The ring
 * holds the latest `slots` of them, so a message begins only when the message
 * whose slot it takes is over. A message is over when every member has it, or
 * when its time is up; then it is counted, once, under its worst fault.
 * A fault of a message that was counted as ok moves it to where it belongs, so
 *
 *	begun = ok + wrong + timed_out + failed + under_way
 *
 * One thread at a time.
 */
#ifndef COMMON_CHATLOAD_IN_FLIGHT_H
#define COMMON_CHATLOAD_IN_FLIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/load/load_result.h"

/* The worse, the higher. */
enum in_flight_fault { FAULT_NONE, FAULT_LATE, FAULT_FAILED, FAULT_WRONG };

struct in_flight_message {
	uint64_t due_ns, begun_ns; /* begun: its time is counted from there */
	uint64_t sent_ns;	   /* 0: not yet */
	uint32_t lacking; /* members that do not have it, and still may */
	bool leaving;	  /* its sender has to be gone before it is over */
	bool over;
	enum in_flight_fault fault;
	int error; /* with FAULT_FAILED; 0: end of file */
};

struct in_flight {
	struct in_flight_message *ring;
	uint64_t slots;
	uint64_t tail, head; /* all before tail are over; head is the next */
	uint64_t under_way;
	bool scheduled; /* open loop: latency counts from when it was due */
	uint64_t first_ns, last_ns; /* send, delivery */
	struct load_result *result;
};

/* Returns 0, or -1 with errno. */
int
in_flight_init(struct in_flight *in_flight, uint64_t slots, bool scheduled,
    struct load_result *result);

/* Harmless if it is released or zeroed. */
void
in_flight_release(struct in_flight *in_flight);

/* Whether the next message has a place. */
bool
in_flight_has_room(struct in_flight *in_flight);

/*
 * Begins the next message, due at DUE, to be delivered to LACKING members
 * (1 at least). Needs in_flight_has_room(). Returns its number.
 */
uint64_t
in_flight_begin(struct in_flight *in_flight, uint64_t due, uint64_t now,
    uint32_t lacking, bool leaving);

/* Message NUMBER, or NULL if it is not in the ring. */
struct in_flight_message *
in_flight_find(const struct in_flight *in_flight, uint64_t number);

/* Its first byte was sent at NOW. */
void
in_flight_sent(struct in_flight *in_flight, uint64_t number, uint64_t now);

/* One that lacked it has it, whole and in its place. */
void
in_flight_delivered(struct in_flight *in_flight, uint64_t number, uint64_t now);

/* One that lacked it will not get it, or has it in another way. */
void
in_flight_settle(struct in_flight *in_flight, uint64_t number);

/* Its sender, which had to, has left. */
void
in_flight_left(struct in_flight *in_flight, uint64_t number);

/*
 * NUMBER is wrong, or the latest, if it is not in the ring. Returns whether
 * that is news: false if it has been counted under a fault already.
 */
bool
in_flight_spoil(struct in_flight *in_flight, uint64_t number);

/* NUMBER failed with ERROR; it is over when nobody lacks it. */
void
in_flight_fail(struct in_flight *in_flight, uint64_t number, int error);

/* A failure of which no message under way has been hurt. */
void
in_flight_fail_past(struct in_flight *in_flight, int error);

/* All that are under way have NS more time. */
void
in_flight_excuse(struct in_flight *in_flight, uint64_t ns);

/* Its time is over. */
void
in_flight_time_out(struct in_flight *in_flight, uint64_t number);

/* Takes NUMBER as over, whoever lacks it. Harmless if it is. */
void
in_flight_end(struct in_flight *in_flight, uint64_t number);

/* The first that is under way, or NULL; sets NUMBER. It times out first. */
struct in_flight_message *
in_flight_first(struct in_flight *in_flight, uint64_t *number);

#endif
