/* SPDX-License-Identifier: MIT */
/*
 * chat_load: the load of a chat room, in one thread, with epoll(7).
 *
 * All members join with an empty line. Probes show that each is in the room.
 * Then member 0 sends messages. A request is one message: a line
 * (chat_message.h) that all other members have to receive, unchanged, once, and
 * in order.
 *
 *	ok         all members received it
 *	wrong      a byte changed, missing or too many; twice; out of order or
 *	           left out; or its own sender received it
 *	timed_out  not all members received it in time
 *	failed     a member's connection ended. That makes one message fail, and
 *	           the run goes on with the others, except without member 0
 *
 * Closed loop: a message begins when the one before is over. Open loop (rate):
 * message k is due at start + k / rate; the memory limits how many are in
 * flight.
 *
 * Churn: a guest sends each message: it joins with the message as its first
 * line, half-closes, and waits for the end of file. Messages of several senders
 * have no order, so a lost one is timed out, not wrong.
 *
 * In the result, `latency` has a value for each delivery, since the message was
 * due (closed loop: sent); `service` since it was sent; `complete` has a value
 * for each message, until its last delivery.
 */
#ifndef COMMON_CHATLOAD_CHAT_LOAD_H
#define COMMON_CHATLOAD_CHAT_LOAD_H

#include <stddef.h>
#include <stdint.h>

#include "common/chatload/chat_load_plan.h"

/* The number of descriptors that LOAD needs at once. */
uint64_t
chat_load_descriptors(const struct load_plan *load);

/*
 * Runs PLAN and adds the counts and times to RESULT. Waits for the messages in
 * flight, and then for the server to close: lines until then count, too. No
 * connection is open when it returns.
 *
 * Returns 0; or -1 with the reason in WHY (SIZE bytes) and errno: EINVAL if
 * load->connections is below CHAT_LOAD_MEMBERS_MIN, or load->size not between
 * CHAT_MESSAGE_MIN and CHAT_MESSAGE_MAX; ETIMEDOUT if no member joined for
 * load->timeout_ns before all had; ECONNRESET if the server closed a connection
 * before that; EPROTO if TLS was refused; or the errno of connect(2) or
 * malloc(3). A *STOP while members join is no error. Not thread-safe.
 */
int
chat_load_run(const struct chat_load_plan *plan, struct load_result *result,
    char *why, size_t size);

#endif
