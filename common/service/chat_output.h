/* SPDX-License-Identifier: MIT */
/* chat_output: sends the room's messages to a member's client. */
#ifndef COMMON_SERVICE_CHAT_OUTPUT_H
#define COMMON_SERVICE_CHAT_OUTPUT_H

#include "common/service/chat_state.h"

/* Whether there is output that the client has not taken yet. */
static inline bool
chat_output_waits(const struct chat *c)
{
	return c->ws ? websocket_queued(c->ws) > 0 : c->out_sent < c->out_len;
}

/* Makes room for SIZE bytes of output, and keeps what is there. Returns 0 or
 * -1. */
int
chat_make_out(struct chat *c, size_t size);

/* Sends messages of the room: as much as the client takes now, one batch at
 * most. Returns 0 or -1. */
int
chat_give_output(struct chat *c);

/* Sends the rest of the last message, then WHY as the end (NULL: no text).
 * Gives up where the client does not read for CHAT_LAST_WORDS_NS. */
void
chat_finish_output(struct chat *c, unsigned code, const char *why);

#endif
