/* SPDX-License-Identifier: MIT */
/* chat_output: messages from the ring, several in one write. */
#include "common/service/chat_output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* How often the output is filled before the input gets its turn. */
#define OUTPUT_BATCH 16

/*
 * The least time between two writes to a client, except after a pause. In a
 * busy room the cost is in waking, not in the bytes, so messages share a write.
 */
#define GAP_NS (3 * NS_PER_MS)

int
chat_make_out(struct chat *c, size_t size)
{
	char *out = realloc(c->out, size);

	if (!out)
		return conn_fail(c->conn, ENOMEM);
	c->out = out;
	c->out_size = size;
	return 0;
}

/* Adds a message to the output. */
static int
put_out(struct chat *c, const struct broadcast_message *message)
{
	if (c->ws && websocket_send(c->ws, message->utf8, c->out,
			 message->len - message->end_len) < 0)
		return conn_fail(c->conn, errno);
	if (c->ws)
		return 0;
	c->out_len += message->len;
	return 0;
}

/* Takes messages from the ring, as many as fit. Returns 0, also if some were
 * lost (broadcast_lost()); or -1. */
static int
fill(struct chat *c)
{
	struct broadcast_message message;
	int got;

	c->out_sent = c->out_len = 0;
	while (!c->ws || websocket_queued(c->ws) < CHAT_OUT_MIN) {
		got = broadcast_next(&c->member, &message, c->out + c->out_len,
		    c->out_size - c->out_len);
		if (got > 0 && put_out(c, &message) < 0)
			return -1;
		if (got > 0)
			continue;
		if (got < 0 || c->out_len || message.len <= c->out_size)
			return 0;
		if (chat_make_out(c, message.len) < 0)
			return -1;
	}
	return 0;
}

/* Returns 0, also if the client does not take all of it now; or -1. */
static int
send_out(struct chat *c)
{
	ssize_t n;

	if (c->ws)
		return websocket_flush(c->ws, false) < 0 ? -1 : 0;
	while (c->out_sent < c->out_len) {
		n = conn_try_write(
		    c->conn, c->out + c->out_sent, c->out_len - c->out_sent);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -1;
		c->out_sent += (size_t)n;
	}
	return 0;
}

int
chat_give_output(struct chat *c)
{
	for (int i = 0; i < OUTPUT_BATCH; i++) {
		if (!chat_output_waits(c) && fill(c) < 0)
			return -1;
		if (chat_output_waits(c))
			c->rests_until_ns = now_ns() + GAP_NS;
		if (send_out(c) < 0)
			return -1;
		if (chat_output_waits(c) || broadcast_lost(&c->member) ||
		    !broadcast_behind(&c->member))
			break;
	}
	return 0;
}

void
chat_finish_output(struct chat *c, unsigned code, const char *why)
{
	conn_request_within(c->conn, CHAT_LAST_WORDS_NS);
	if (c->ws) {
		websocket_close(c->ws, code, why);
		websocket_flush(c->ws, true);
	} else if (conn_write(c->conn, c->out + c->out_sent,
		       c->out_len - c->out_sent) == 0 &&
		   why) {
		conn_write(c->conn, why, strlen(why));
		conn_write(c->conn, "\n", 1);
	}
}
