/* SPDX-License-Identifier: MIT */
/*
 * window: the messages of a chat room that are under way, and what becomes of
 * each: one sends, many have to receive.
 *
 * Messages are numbered from 1 in the order in which they begin. The ring
 * holds the latest `slots` of them, so a message begins only when the one that
 * it takes the place of is over. A message is over when nobody lacks it any
 * more, or when its time is; then it is counted, once, under its worst fault.
 * A fault of one that was counted as ok moves it to where it belongs, so
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
enum fault { FAULT_NONE, FAULT_LATE, FAULT_FAILED, FAULT_WRONG };

struct message {
	uint64_t due_ns, begun_ns; /* begun: its time is counted from there */
	uint64_t sent_ns;	   /* 0: not yet */
	uint32_t lacking; /* members that do not have it, and still may */
	bool leaving;	  /* its sender has to be gone before it is over */
	bool over;
	enum fault fault;
	int error; /* with FAULT_FAILED; 0: end of file */
};

struct window {
	struct message *ring;
	uint64_t slots;
	uint64_t tail, head; /* all before tail are over; head is the next */
	uint64_t under_way;
	bool scheduled; /* open loop: latency counts from when it was due */
	uint64_t first_ns, last_ns; /* send, delivery */
	struct load_result *result;
};

/* Returns 0, or -1 with errno. */
int
window_init(struct window *window, uint64_t slots, bool scheduled,
    struct load_result *result);

/* Harmless if it is released or zeroed. */
void
window_release(struct window *window);

/* Whether the next message has a place. */
bool
window_has_room(struct window *window);

/*
 * Begins the next message, due at DUE, to be delivered to LACKING members
 * (1 at least). Needs window_has_room(). Returns its number.
 */
uint64_t
window_begin(struct window *window, uint64_t due, uint64_t now,
    uint32_t lacking, bool leaving);

/* Message NUMBER, or NULL if it is not in the ring. */
struct message *
window_find(const struct window *window, uint64_t number);

/* Its first byte was sent at NOW. */
void
window_sent(struct window *window, uint64_t number, uint64_t now);

/* One that lacked it has it, whole and in its place. */
void
window_delivered(struct window *window, uint64_t number, uint64_t now);

/* One that lacked it will not get it, or has it in another way. */
void
window_settle(struct window *window, uint64_t number);

/* Its sender, which had to, has left. */
void
window_left(struct window *window, uint64_t number);

/*
 * NUMBER is wrong, or the latest, if it is not in the ring. Returns whether
 * that is news: false if it has been counted under a fault already.
 */
bool
window_spoil(struct window *window, uint64_t number);

/* NUMBER failed with ERROR; it is over when nobody lacks it. */
void
window_fail(struct window *window, uint64_t number, int error);

/* A failure of which no message under way has been hurt. */
void
window_fail_past(struct window *window, int error);

/* All that are under way have NS more time. */
void
window_excuse(struct window *window, uint64_t ns);

/* Its time is over. */
void
window_time_out(struct window *window, uint64_t number);

/* Takes NUMBER as over, whoever lacks it. Harmless if it is. */
void
window_end(struct window *window, uint64_t number);

/* The first that is under way, or NULL; sets NUMBER. It times out first. */
struct message *
window_first(struct window *window, uint64_t *number);

#endif
