/* SPDX-License-Identifier: MIT */
/* chat_input: lines or frames from a client, published one by one. */
#include "common/service/chat_input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/utf8.h"

/* Messages taken from the client before its output gets its turn. */
#define INPUT_BATCH 64

/* Returns whether MESSAGE was published; else it is held, or refused. */
static bool
publish(
    struct chat *c, const struct broadcast_message *message, const char *text)
{
	uint64_t wait = broadcast_publish(&c->member, message, text);

	c->held_text = NULL;
	if (wait == BROADCAST_REFUSED) {
		c->refused = true;
	} else if (wait) {
		c->held = *message;
		c->held_text = text;
		c->held_until_ns = now_ns() + wait;
	}
	return !wait;
}

/* TEXT has LEN bytes, END_LEN of them its line end. */
static bool
publish_line(struct chat *c, const char *text, size_t len, size_t end_len)
{
	struct broadcast_message message = {
	    .len = (uint32_t)len,
	    .end_len = (uint16_t)end_len,
	    .utf8 = utf8_valid(text, len),
	};

	return publish(c, &message, text);
}

int
chat_no_space(struct chat *c)
{
	static const char why[] = "Line too long.\n";

	if (errno != EMSGSIZE)
		return conn_fail(c->conn, errno);
	conn_write(c->conn, why, strlen(why));
	c->conn->outcome = OUTCOME_FAILED;
	return -1;
}

int
chat_end_input(struct chat *c)
{
	size_t len;
	char *end;

	c->ended = true;
	lines_rest(&c->in, &len);
	if (len == 0)
		return 0;
	end = lines_space(&c->in, &len);
	if (!end)
		return chat_no_space(c);
	*end = '\n';
	lines_add(&c->in, 1);
	return 0;
}

/* Returns 1 if a line was published or held, 0 if there is none, or -1. */
static int
take_line(struct chat *c)
{
	const char *text;
	char *space;
	size_t len, end_len = lines_next(&c->in, &text, &len);
	ssize_t n;

	if (end_len) {
		publish_line(c, text, len, end_len);
		return 1;
	}
	if (c->ended)
		return 0;
	space = lines_space(&c->in, &len);
	if (!space)
		return chat_no_space(c);
	n = conn_try_read(c->conn, space, len);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	lines_add(&c->in, (size_t)n);
	return n > 0 ? 1 : chat_end_input(c) < 0 ? -1 : 1;
}

/* Publishes the text of a frame as a line, for members without WebSocket. */
static int
publish_frame(struct chat *c, const struct websocket_message *got)
{
	struct broadcast_message message = {
	    .len = (uint32_t)got->len + 1,
	    .end_len = 1,
	    .utf8 = true,
	};
	char *text = realloc(c->frame, message.len);

	if (!text)
		return conn_fail(c->conn, ENOMEM);
	c->frame = text;
	memcpy(text, got->bytes, got->len);
	text[got->len] = '\n';
	publish(c, &message, text);
	return 1;
}

static int
take_frame(struct chat *c)
{
	struct websocket_message got;
	int result = websocket_receive(c->ws, &got, false);

	if (result <= 0)
		return result;
	if (got.text)
		return publish_frame(c, &got);
	websocket_close(c->ws, WEBSOCKET_UNSUPPORTED, "this room is for text");
	conn_request_within(c->conn, CHAT_LAST_WORDS_NS);
	websocket_flush(c->ws, true);
	return conn_refuse(c->conn);
}

int
chat_take_input(struct chat *c)
{
	int got = 1;

	if (c->held_text && (now_ns() < c->held_until_ns ||
				!publish(c, &c->held, c->held_text)))
		return 0;
	for (int i = 0;
	     i < INPUT_BATCH && got > 0 && !c->held_text && !c->refused; i++)
		got = c->ws ? take_frame(c) : take_line(c);
	return got;
}
