/* SPDX-License-Identifier: MIT */
/*
 * websocket: input. wslay reads frames, this file does the rest.
 *
 * It uses wslay's frame layer (wslay_frame_recv), which reads headers and
 * unmasks. wslay's event layer (1.1.1) is not strict enough: it answers over-
 * long control frames and lengths with a close without a code, accepts a close
 * of one byte, refuses 1012 to 1014, does not check a close reason that comes
 * byte by byte, delivers all messages of a read at once, and allocates for each
 * pong.
 */
#include "common/net/websocket.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <wslay/wslay.h>

#include "common/base/utf8.h"
#include "common/full/websocket_state.h"

const bool WEBSOCKET_HERE = true;

#define READS_AT_ONCE 16 /* without WAIT: reads of 4 KiB, wslay's buffer */

/* Close codes that only this file uses. */
enum { PROTOCOL_ERROR = 1002, BAD_DATA = 1007 };

/* ---- the handshake ---- */

/* Set once, then only read. */
static EVP_MD *fetched_sha1;

int
websocket_begin(void)
{
	char accept[WEBSOCKET_ACCEPT_SIZE];

	fetched_sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	websocket_accept_key(
	    "", 0, accept); /* what OpenSSL would initialise at first use */
	return fetched_sha1 && accept[0] ? 0 : -1;
}

void
websocket_accept_key(
    const char *key, size_t len, char accept[WEBSOCKET_ACCEPT_SIZE])
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;
	const EVP_MD *md = fetched_sha1 ? fetched_sha1 : EVP_sha1();
	EVP_MD_CTX *sha1 = EVP_MD_CTX_new();

	accept[0] = '\0';
	if (sha1 && EVP_DigestInit_ex(sha1, md, NULL) == 1 &&
	    EVP_DigestUpdate(sha1, key, len) == 1 &&
	    EVP_DigestUpdate(sha1, guid, sizeof(guid) - 1) == 1 &&
	    EVP_DigestFinal_ex(sha1, digest, &size) == 1)
		EVP_EncodeBlock((unsigned char *)accept, digest, (int)size);
	EVP_MD_CTX_free(sha1);
}

/* ---- the end ---- */

/*
 * Sends the last output, with the close. Without WAIT, a peer that does not
 * read gets only a moment, because others wait for this worker.
 */
static int
end_with(struct websocket *ws, const void *close, size_t len)
{
	if (ws->state == OPEN &&
	    websocket_queue_frame(ws, WSLAY_CONNECTION_CLOSE, close, len) < 0)
		return conn_fail(ws->conn, errno);
	ws->state = ENDED;
	if (!ws->wait)
		conn_request_within(ws->conn, CONN_LINGER_NS);
	websocket_flush(ws, true);
	return -1;
}

/* Ends the connection with CODE because of the peer's input. */
static int
violated(struct websocket *ws, unsigned code)
{
	unsigned char close[CODE_SIZE] = {
	    (unsigned char)(code >> 8), (unsigned char)code};

	end_with(ws, close, sizeof(close));
	return conn_refuse(ws->conn);
}

/* ---- control frames ---- */

/* The codes that may be sent (RFC 6455 7.4, and its IANA registry). */
static bool
code_is_valid(unsigned code)
{
	return (code >= 1000 && code <= 1003) ||
	       (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

static int
take_close(struct websocket *ws)
{
	const unsigned char *c = ws->control;

	if (ws->control_len == 1 ||
	    (ws->control_len > 1 && !code_is_valid(c[0] * 256U + c[1])))
		return violated(ws, PROTOCOL_ERROR);
	if (ws->reason.left > 0)
		return violated(ws, BAD_DATA);
	return end_with(ws, c, ws->control_len > 0 ? CODE_SIZE : 0);
}

static int
take_ping(struct websocket *ws)
{
	if (ws->state == OPEN && websocket_queue_frame(ws, WSLAY_PONG,
				     ws->control, ws->control_len) < 0)
		return conn_fail(ws->conn, errno);
	return 0;
}

/* A part of a control frame. wslay has checked its length. */
static int
take_control(struct websocket *ws, const struct wslay_frame_iocb *frame)
{
	size_t from = ws->control_len;

	memcpy(ws->control + from, frame->data, frame->data_length);
	ws->control_len += frame->data_length;
	if (frame->opcode == WSLAY_CONNECTION_CLOSE) {
		from = from < CODE_SIZE ? CODE_SIZE : from;
		if (ws->control_len > from &&
		    !utf8_take(&ws->reason, (const char *)ws->control + from,
			ws->control_len - from))
			return violated(ws, BAD_DATA);
	}
	if (ws->in_frame)
		return 0;
	if (frame->opcode == WSLAY_CONNECTION_CLOSE)
		return take_close(ws);
	return frame->opcode == WSLAY_PING ? take_ping(ws) : 0;
}

/* ---- messages ---- */

/* A part of a message's frame. Returns 1 if the message is complete. */
static int
take_data(struct websocket *ws, const struct wslay_frame_iocb *frame)
{
	if (ws->state != OPEN) {
		ws->in_message = !frame->fin || ws->in_frame;
		return 0;
	}
	if (ws->text && !utf8_take(&ws->utf8, (const char *)frame->data,
			    frame->data_length))
		return violated(ws, BAD_DATA);
	if (buffer_reserve(&ws->message, frame->data_length) < 0)
		return conn_fail(ws->conn, errno);
	buffer_put(&ws->message, frame->data, frame->data_length);
	if (ws->in_frame || !frame->fin)
		return 0;
	ws->in_message = false;
	if (ws->utf8.left > 0)
		return violated(ws, BAD_DATA);
	ws->delivered = true;
	return 1;
}

/* ---- frames ---- */

static bool
is_control(const struct wslay_frame_iocb *frame)
{
	return wslay_is_ctrl_frame(frame->opcode);
}

/* Whether this kind of frame may come now. */
static bool
is_allowed(const struct websocket *ws, const struct wslay_frame_iocb *frame)
{
	if (frame->rsv != 0 || !frame->mask)
		return false;
	switch (frame->opcode) {
	case WSLAY_CONNECTION_CLOSE:
	case WSLAY_PING:
	case WSLAY_PONG:
		return true;
	case WSLAY_CONTINUATION_FRAME:
		return ws->in_message;
	case WSLAY_TEXT_FRAME:
	case WSLAY_BINARY_FRAME:
		return !ws->in_message;
	default:
		return false;
	}
}

static int
begin_frame(struct websocket *ws, const struct wslay_frame_iocb *frame)
{
	if (!is_allowed(ws, frame))
		return violated(ws, PROTOCOL_ERROR);
	ws->frame_left = frame->payload_length;
	if (is_control(frame)) {
		ws->control_len = 0;
		ws->reason = (struct utf8){0};
		return 0;
	}
	if (frame->payload_length > ws->max - buffer_len(&ws->message))
		return violated(ws, WEBSOCKET_TOO_BIG);
	if (frame->opcode != WSLAY_CONTINUATION_FRAME) {
		ws->in_message = true;
		ws->text = frame->opcode == WSLAY_TEXT_FRAME;
		ws->utf8 = (struct utf8){0};
	}
	return 0;
}

/* Handles as much of a frame as has come. Returns as websocket_receive(). */
static int
take(struct websocket *ws, const struct wslay_frame_iocb *frame)
{
	if (!ws->in_frame && begin_frame(ws, frame) < 0)
		return -1;
	ws->frame_left -= frame->data_length;
	ws->in_frame = ws->frame_left > 0;
	return is_control(frame) ? take_control(ws, frame)
				 : take_data(ws, frame);
}

/* ---- input ---- */

static ssize_t
read_early(struct websocket *ws, void *buf, size_t size)
{
	struct buffer *early = &ws->early;
	size_t len = buffer_len(early) < size ? buffer_len(early) : size;

	memcpy(buf, early->bytes + early->begin, len);
	early->begin += len;
	if (buffer_len(early) == 0) {
		free(early->bytes);
		*early = (struct buffer){0};
	}
	return (ssize_t)len;
}

/* First sends the queue, so it never exceeds the output for one read. In the
 * middle of a message a drain does not close the connection. */
static ssize_t
read_waiting(struct websocket *ws, void *buf, size_t size)
{
	const _Atomic bool *leave = ws->conn->leave;
	ssize_t n;

	if (websocket_flush(ws, true) < 0)
		return -1;
	if (buffer_len(&ws->message) > 0)
		ws->conn->leave = NULL;
	n = conn_read(ws->conn, buf, size);
	ws->conn->leave = leave;
	return n;
}

/*
 * Stops for a peer that does not take its answers, and after some reads without
 * a message.
 */
static ssize_t
read_at_once(struct websocket *ws, void *buf, size_t size)
{
	if (ws->reads == 0 || websocket_queued(ws) > WEBSOCKET_QUEUE_MAX) {
		errno = EAGAIN;
		return -1;
	}
	ws->reads--;
	return conn_try_read(ws->conn, buf, size);
}

/* wslay asks for more input. */
static ssize_t
on_input(uint8_t *buf, size_t size, int flags, void *arg)
{
	struct websocket *ws = arg;
	ssize_t n;

	(void)flags;
	if (buffer_len(&ws->early) > 0)
		return read_early(ws, buf, size);
	if (ws->wait)
		n = read_waiting(ws, buf, size);
	else
		n = read_at_once(ws, buf, size);
	if (n < 0 && !ws->wait && (errno == EAGAIN || errno == EINTR))
		ws->input = NONE_NOW;
	else if (n <= 0)
		ws->input = NO_MORE;
	return n > 0 ? n : -1;
}

/* Whether a close must still be sent at the end of input: in a drain
 * (conn->leave) or after a deadline, but not in the middle of a frame. */
static bool
may_say_close(const struct websocket *ws)
{
	return !ws->conn->ended || (ws->conn->outcome == OUTCOME_TIMED_OUT &&
				       websocket_queued(ws) == 0);
}

/* Handles the next part of a frame. Returns as websocket_receive(), or 0 to go
 * on if ws->input is SOME. */
static int
step(struct websocket *ws)
{
	struct wslay_frame_iocb frame = {0};
	ssize_t n = wslay_frame_recv(ws->frames, &frame);

	if (n >= 0)
		return take(ws, &frame);
	/* wslay also asks for more after an incomplete header. */
	if (n != WSLAY_ERR_WANT_READ)
		return violated(ws, PROTOCOL_ERROR);
	if (ws->input == NO_MORE && !may_say_close(ws))
		ws->state = ENDED;
	return ws->input == NO_MORE ? -1 : 0;
}

int
websocket_receive(
    struct websocket *ws, struct websocket_message *message, bool wait)
{
	const struct buffer *m = &ws->message;
	int result = ws->state == ENDED ? -1 : 0;

	if (ws->delivered)
		buffer_reset(&ws->message, HEADER_MAX);
	ws->delivered = false;
	ws->wait = wait;
	ws->input = SOME;
	ws->reads = READS_AT_ONCE;
	while (result == 0 && ws->input == SOME)
		result = step(ws);
	if (result > 0) {
		message->text = ws->text;
		message->len = buffer_len(m);
		message->bytes = m->bytes ? m->bytes + m->begin : "";
	}
	return result;
}

/* ---- life ---- */

struct websocket *
websocket_open(
    struct conn *conn, size_t max, const char *early, size_t early_len)
{
	const struct wslay_frame_callbacks callbacks = {
	    .recv_callback = on_input};
	struct websocket *ws = calloc(1, sizeof(*ws));

	if (!ws)
		return NULL;
	ws->conn = conn;
	ws->max = max;
	buffer_reset(&ws->message, HEADER_MAX);
	if (wslay_frame_context_init(&ws->frames, &callbacks, ws) != 0 ||
	    buffer_reserve(&ws->early, early_len) < 0) {
		websocket_free(ws);
		errno = ENOMEM;
		return NULL;
	}
	buffer_put(&ws->early, early, early_len);
	return ws;
}

void
websocket_free(struct websocket *ws)
{
	if (!ws)
		return;
	wslay_frame_context_free(ws->frames);
	free(ws->early.bytes);
	free(ws->message.bytes);
	free(ws->out.bytes);
	free(ws);
}
