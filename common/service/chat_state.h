/* SPDX-License-Identifier: MIT */
/*
 * chat_state: one member of the chat room, shared by the files of chat.
 *
 *	chat.c         what a new connection is: a member or an HTTP request
 *	chat_member.c  a member's life: join, wait, be dropped, leave
 *	chat_input.c   from its client into the room
 *	chat_output.c  from the room to its client
 *
 * One worker owns a struct chat. Functions that return -1 have set
 * conn->outcome, unless the end is an orderly one.
 */
#ifndef COMMON_SERVICE_CHAT_STATE_H
#define COMMON_SERVICE_CHAT_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/clock.h"
#include "common/net/websocket.h"
#include "common/service/broadcast.h"
#include "common/service/lines.h"
#include "common/service/service.h"

/* The last message to a client that may not be reading gets this long. */
#define CHAT_LAST_WORDS_NS NS_PER_S

/* The output buffer of a new member. */
#define CHAT_OUT_MIN ((size_t)16 * 1024)

struct chat {
	struct conn *conn;
	const struct service_context *context;
	struct broadcast_member member;
	struct websocket *ws; /* NULL: lines */
	struct lines in;      /* for lines */
	uint64_t began_ns;    /* the first byte came */
	bool ended;	      /* the client sends no more */
	bool refused;	      /* the room takes no message from it now */
	bool pinged;	      /* since it last sent something */
	/* A message that must wait for the room's rate limit. */
	struct broadcast_message held;
	const char *held_text; /* NULL: none */
	uint64_t held_until_ns;
	char *frame; /* WebSocket: the received text, as a line */
	char *out;   /* lines: output to send; WebSocket: one message */
	size_t out_size, out_len, out_sent;
	uint64_t rests_until_ns; /* the gap after the last output */
};

#endif
