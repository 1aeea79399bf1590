/* SPDX-License-Identifier: MIT */
/*
 * websocket_output: output frames, without a library: a server does not mask,
 * so a frame is two to ten bytes and the message. The header is written in
 * front of the message where it lies: an echoed message is never copied, its
 * buffer becomes the queue.
 */
#include "common/full/websocket_state.h"

#include <errno.h>
#include <string.h>

/* Writes the header of a whole frame (RFC 6455 5.2). Returns its length. */
static size_t
put_header(unsigned char header[HEADER_MAX], unsigned opcode, size_t len)
{
	size_t bytes = len < 126 ? 0 : len < 65536 ? 2 : 8;

	header[0] = (unsigned char)(0x80 | opcode);
	header[1] = (unsigned char)(bytes == 0 ? len : bytes == 2 ? 126 : 127);
	for (size_t i = 0; i < bytes; i++)
		header[2 + i] = (unsigned char)(len >> 8 * (bytes - 1 - i));
	return 2 + bytes;
}

int
websocket_queue_frame(
    struct websocket *ws, unsigned opcode, const void *bytes, size_t len)
{
	unsigned char header[HEADER_MAX];
	size_t n = put_header(header, opcode, len);

	if (buffer_reserve(&ws->out, n + len) < 0)
		return -1;
	buffer_put(&ws->out, header, n);
	buffer_put(&ws->out, bytes, len);
	return 0;
}

/*
 * Queues the message just received: its buffer becomes the queue. The few bytes
 * in the queue (a pong, from the same read) go in front of it.
 */
static int
queue_message(struct websocket *ws, unsigned opcode)
{
	struct buffer out = ws->out;
	unsigned char header[HEADER_MAX];
	size_t n = put_header(header, opcode, buffer_len(&ws->message));

	if (buffer_make_front(&ws->message, buffer_len(&out) + n) < 0)
		return -1;
	buffer_put_front(&ws->message, header, n);
	if (buffer_len(&out) > 0)
		buffer_put_front(
		    &ws->message, out.bytes + out.begin, buffer_len(&out));
	ws->out = ws->message;
	ws->message = out;
	buffer_reset(&ws->message, HEADER_MAX);
	ws->delivered = false;
	return 0;
}

static bool
is_the_message(const struct websocket *ws, const char *bytes, size_t len)
{
	const struct buffer *m = &ws->message;

	return ws->delivered && m->bytes && bytes == m->bytes + m->begin &&
	       len == buffer_len(m) && len > buffer_len(&ws->out);
}

static int
still_open(const struct websocket *ws)
{
	if (ws->state == OPEN)
		return 0;
	errno = EPIPE;
	return -1;
}

int
websocket_send(struct websocket *ws, bool text, const char *bytes, size_t len)
{
	unsigned opcode = text ? WSLAY_TEXT_FRAME : WSLAY_BINARY_FRAME;

	if (still_open(ws) < 0)
		return -1;
	if (is_the_message(ws, bytes, len))
		return queue_message(ws, opcode);
	return websocket_queue_frame(ws, opcode, bytes, len);
}

int
websocket_ping(struct websocket *ws)
{
	return still_open(ws) < 0
		   ? -1
		   : websocket_queue_frame(ws, WSLAY_PING, NULL, 0);
}

int
websocket_close(struct websocket *ws, unsigned code, const char *reason)
{
	size_t len = reason ? strlen(reason) : 0;
	unsigned char bytes[CONTROL_MAX];

	if (still_open(ws) < 0)
		return -1;
	if (len > sizeof(bytes) - CODE_SIZE) {
		errno = EINVAL;
		return -1;
	}
	bytes[0] = (unsigned char)(code >> 8);
	bytes[1] = (unsigned char)code;
	if (len > 0)
		memcpy(bytes + CODE_SIZE, reason, len);
	if (websocket_queue_frame(
		ws, WSLAY_CONNECTION_CLOSE, bytes, CODE_SIZE + len) < 0)
		return -1;
	ws->state = CLOSING;
	return 0;
}

size_t
websocket_queued(const struct websocket *ws)
{
	return buffer_len(&ws->out);
}

/* Sends what is possible without waiting. Returns as websocket_flush(). */
static int
flush_at_once(struct websocket *ws)
{
	struct buffer *out = &ws->out;

	while (buffer_len(out) > 0) {
		ssize_t n = conn_try_write(
		    ws->conn, out->bytes + out->begin, buffer_len(out));

		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 1 : -1;
		out->begin += (size_t)n;
	}
	return 0;
}

int
websocket_flush(struct websocket *ws, bool wait)
{
	struct buffer *out = &ws->out;
	int left = 0;

	if (buffer_len(out) == 0)
		return 0;
	if (wait)
		left = conn_write(
		    ws->conn, out->bytes + out->begin, buffer_len(out));
	else
		left = flush_at_once(ws);
	if (left == 0)
		buffer_reset(out, 0);
	return left;
}
