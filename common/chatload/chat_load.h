/* SPDX-License-Identifier: MIT */
/*
 * chat_load: the load of a chat room, in one thread, with epoll.
 *
 * All members join by an empty line. Probes show that each is in the room.
 * Then member 0 sends, and a request is one message: a line (chat_message.h)
 *that every other member has to receive, whole, unchanged, once, and in order.
 *
 *	ok         every member has it
 *	wrong      a byte changed, missing or too many; doubled; out of order or
 *	           left out between others; or its own sender got it
 *	timed_out  not with all of them in time
 *	failed     a member's connection ended or broke. That costs one message;
 *	           the run goes on with the others, unless it was member 0's
 *
 * Closed loop: a message begins when the last one is over. Open loop (rate):
 * message k is due at start + k / rate, as many at once as there is memory for.
 *
 * Churn: each message comes from a guest: it joins with the message as its
 * first line, half-closes, and has to see the end of file. Messages of several
 * senders have no order, so there a lost one is timed out, not wrong.
 *
 * In the result, `latency` has a value for each delivery, from when the
 * message was due (closed loop: sent), `service` one from when it was sent,
 * `complete` one for each message, when its last member had it.
 */
#ifndef COMMON_CHATLOAD_CHAT_LOAD_H
#define COMMON_CHATLOAD_CHAT_LOAD_H

#include <stddef.h>
#include <stdint.h>

#include "common/chatload/chat_load_plan.h"

/* Descriptors that it needs at once. */
uint64_t
chat_load_descriptors(const struct load_plan *load);

/*
 * Carries PLAN out and adds what happened to RESULT. Begun messages are waited
 * for, and then for the server to close: what comes until then counts, too.
 *
 * Returns 0; or -1 with errno and the reason in WHY (SIZE bytes): EINVAL if
 * load->connections is below CHAT_LOAD_MEMBERS_MIN or load->size not between
 * CHAT_MESSAGE_MIN and CHAT_MESSAGE_MAX; ETIMEDOUT if not all members were in
 * the room within load->timeout_ns without one more arriving, ECONNRESET if one
 * was dropped before all were there, EPROTO if TLS was refused, or what
 * connect(2) or malloc(3) say. No connection is open when it returns. *STOP
 * during the joining is no error.
 */
int
chat_load_run(const struct chat_load_plan *plan, struct load_result *result,
    char *why, size_t size);

#endif
