/* SPDX-License-Identifier: MIT */
/*
 * chat_member: one member of the room, which all files of chat share. The rest
 * of perconn sees the service.
 *
 *	chat.c         the front door: who becomes a member, and who a visitor
 *	chat_member.c  its life: joining, waiting, being dropped, leaving
 *	chat_input.c   what its client says, to be published
 *	chat_output.c  what the others say, to be sent to its client
 *
 * One worker owns a struct chat. Functions that return -1 have noted why in
 * conn->outcome, where it is no orderly end.
 */
#ifndef COMMON_SERVICE_CHAT_MEMBER_H
#define COMMON_SERVICE_CHAT_MEMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/clock.h"
#include "common/net/websocket.h"
#include "common/service/broadcast.h"
#include "common/service/lines.h"
#include "common/service/service.h"

/* To say goodbye to a client that may not be reading. */
#define CHAT_LAST_WORDS_NS NS_PER_S

/* Room for output that a member begins with. */
#define CHAT_OUT_MIN ((size_t)16 * 1024)

struct chat {
	struct conn *conn;
	const struct service_context *context;
	struct broadcast_member member;
	struct websocket *ws; /* NULL: lines */
	struct lines in;      /* lines */
	uint64_t began_ns;    /* the first byte came */
	bool ended;	      /* the client's input is */
	bool refused;	      /* the room takes nothing from it now */
	bool pinged;	      /* since it last said something */
	/* A message that the room's rate holds back until then. */
	struct broadcast_message held;
	const char *held_text; /* NULL: none */
	uint64_t held_until_ns;
	char *frame; /* WebSocket: the text that it brought, as a line */
	char *out;   /* lines: what is to be sent; WebSocket: one message */
	size_t out_size, out_len, out_sent;
	uint64_t rests_until_ns; /* the gap after what was sent last */
};

/* ---- chat_member.c ---- */

/* Gets what is said from now on. TAG is for the list of members. */
void
chat_join(struct chat *c, uint32_t tag);

/* Returns when its client has left or was dropped. */
void
chat_converse(struct chat *c);

void
chat_leave(struct chat *c);

/* ---- chat_input.c ---- */

/* Returns 1 when there may be more, 0 when there is not, -1 at the end. */
int
chat_take_input(struct chat *c);

/*
 * End of file. A last line that lacks its end gets one, or the next that its
 * readers get would run into it. Returns 0 or -1.
 */
int
chat_end_input(struct chat *c);

/* lines_space() said no, with errno: tells the client, if its line was too
 * long. Returns -1. */
int
chat_no_space(struct chat *c);

/* ---- chat_output.c ---- */

/* Whether something is to be sent that the client has not taken. */
static inline bool
chat_output_waits(const struct chat *c)
{
	return c->ws ? websocket_queued(c->ws) > 0 : c->out_sent < c->out_len;
}

/* Makes room for SIZE bytes of output; what is there stays. Returns 0 or -1. */
int
chat_make_out(struct chat *c, size_t size);

/* Sends what there is in the room: as much as the client takes now, and no more
 * than a batch. Returns 0 or -1. */
int
chat_give_output(struct chat *c);

/*
 * What the client is being sent is finished, so that the last line is whole,
 * and then WHY it is the last (NULL: nothing is said), if it reads within a
 * second.
 */
void
chat_finish_output(struct chat *c, unsigned code, const char *why);

#endif
