/* SPDX-License-Identifier: MIT */
/*
 * protocol_websocket: WebSocket echo (RFC 6455). After the upgrade each request
 * is a binary message of random bytes, which must come back, in any number of
 * frames. Pings get a pong.
 *
 * Connection and number determine a frame with its mask. So all connections
 * share one scratch memory, and a frame is made again if a full socket took
 * only a part of it.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/load/http_response.h"
#include "common/load/protocol.h"
#include "common/net/websocket.h"

enum {
	FIN = 0x80,
	RESERVED = 0x70,
	CONTINUATION = 0x0,
	TEXT = 0x1,
	BINARY = 0x2,
	CLOSE = 0x8,
	PING = 0x9,
	PONG = 0xa,
	MASKED = 0x80,
	LENGTH_16 = 126,
	LENGTH_64 = 127,
	CONTROL_MAX = 125, /* bytes of a control frame's payload */
	HEAD_MAX = 14,	   /* of a client's frame, with its mask */
};

struct ws_run {
	char *greeting;
	size_t greeting_len;
	char accept[WEBSOCKET_ACCEPT_SIZE];
	uint64_t seed, controls; /* control frames sent */
};

struct ws_state {
	enum { WS_HANDSHAKE, WS_HEAD, WS_PAYLOAD } at;
	bool in_message; /* after a frame without FIN */
	bool leaving;	 /* the client has sent a close frame */
	/* the frame being received */
	unsigned char head[10];
	unsigned head_len;
	uint64_t left; /* bytes of its payload to come */
	unsigned char control[CONTROL_MAX];
	unsigned control_len;
	/* the payload of a ping, and the control frame to send */
	unsigned char ping[CONTROL_MAX];
	unsigned ping_len;
	char say[HEAD_MAX + CONTROL_MAX];
	struct http_response reply; /* to the upgrade */
};

/* ---- open ---- */

/* Base64 (RFC 4648) of 16 bytes. */
static void
base64_of_16(const unsigned char in[16], char out[25])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";

	for (int i = 0; i < 22; i++) {
		int bit = 6 * i, at = bit / 8, shift = bit % 8;
		unsigned two =
		    (unsigned)in[at] << 8 | (at < 15 ? in[at + 1] : 0U);

		out[i] = digits[two >> (10 - shift) & 63];
	}
	memcpy(out + 22, "==", 3);
}

static int
make_greeting(struct protocol_run *run, const char *key)
{
	struct ws_run *w = run->own;
	bool has_host = http_plan_has_field(run->http, "Host");
	int len = asprintf(&w->greeting,
	    "GET %s HTTP/1.1\r\n%s%s%sUpgrade: websocket\r\n"
	    "Connection: Upgrade\r\nSec-WebSocket-Key: %s\r\n"
	    "Sec-WebSocket-Version: 13\r\n%s\r\n",
	    run->path, has_host ? "" : "Host: ", has_host ? "" : run->host,
	    has_host ? "" : "\r\n", key, run->http->fields);

	if (len < 0) {
		w->greeting = NULL;
		return -1;
	}
	w->greeting_len = (size_t)len;
	return 0;
}

static int
ws_open(struct protocol_run *run)
{
	struct ws_run *w = run->own = calloc(1, sizeof(*w));
	unsigned char random[16];
	char key[25];

	if (!WEBSOCKET_HERE) {
		reply_wrong(run,
		    "this client has no WebSocket: install OpenSSL and "
		    "wslay (make deps), and build it again");
		return -1;
	}
	run->scratch = malloc(HEAD_MAX + run->payload.size);
	if (!w || !run->scratch ||
	    getrandom(random, sizeof(random), 0) != sizeof(random))
		return -1;
	base64_of_16(random, key);
	/* Masks are made from the seed, which no server can know. */
	if (getrandom(&w->seed, sizeof(w->seed), 0) != sizeof(w->seed))
		return -1;
	websocket_accept_key(key, strlen(key), w->accept);
	return make_greeting(run, key);
}

static void
ws_close(struct protocol_run *run)
{
	struct ws_run *w = run->own;

	if (w)
		free(w->greeting);
	free(w);
	free(run->scratch);
	run->own = run->scratch = NULL;
}

/* ---- send ---- */

/* splitmix64 (Steele, Lea, Flood): a hash of X. */
static uint64_t
mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

static void
mask_bytes(char *out, const char *in, size_t len, uint32_t mask)
{
	uint64_t twice = (uint64_t)mask << 32 | mask, word;
	size_t i = 0;

	for (; i + sizeof(word) <= len; i += sizeof(word)) {
		memcpy(&word, in + i, sizeof(word));
		word ^= twice;
		memcpy(out + i, &word, sizeof(word));
	}
	for (; i < len; i++)
		out[i] = (char)(in[i] ^ ((char *)&mask)[i % 4]);
}

/* Makes a frame at OUT, HEAD_MAX + LEN bytes at most. Returns its length. */
static size_t
make_frame(
    char *out, unsigned opcode, const void *payload, size_t len, uint32_t mask)
{
	uint16_t len16 = htobe16((uint16_t)len);
	uint64_t len64 = htobe64(len);
	size_t at = 2;

	out[0] = (char)(FIN | opcode);
	if (len < LENGTH_16) {
		out[1] = (char)(MASKED | len);
	} else if (len <= UINT16_MAX) {
		out[1] = (char)(MASKED | LENGTH_16);
		memcpy(out + at, &len16, sizeof(len16));
		at += sizeof(len16);
	} else {
		out[1] = (char)(MASKED | LENGTH_64);
		memcpy(out + at, &len64, sizeof(len64));
		at += sizeof(len64);
	}
	memcpy(out + at, &mask, sizeof(mask));
	at += sizeof(mask);
	mask_bytes(out + at, payload, len, mask);
	return at + len;
}

static void
ws_handshake(struct protocol_run *run, struct exchange *x)
{
	const struct ws_run *w = run->own;
	struct ws_state *state = x->own;

	http_response_begin(&state->reply, false);
	state->at = WS_HANDSHAKE;
	state->in_message = state->leaving = false;
	state->head_len = 0;
	x->out = w->greeting;
	x->out_len = w->greeting_len;
}

static void
ws_request(struct protocol_run *run, struct exchange *x)
{
	const struct ws_run *w = run->own;
	uint64_t mask = mix(w->seed + mix(x->number << 20 ^ x->id));

	x->out = run->scratch;
	x->out_len = make_frame(run->scratch, BINARY,
	    payload_request(&run->payload, x->id, x->number), run->payload.size,
	    (uint32_t)mask);
}

static void
make_control(struct protocol_run *run, struct exchange *x, unsigned opcode,
    const void *payload, size_t len)
{
	struct ws_run *w = run->own;
	struct ws_state *state = x->own;

	x->out = state->say;
	x->out_len = make_frame(state->say, opcode, payload, len,
	    (uint32_t)mix(~w->seed + w->controls++));
}

static void
ws_control(struct protocol_run *run, struct exchange *x)
{
	const struct ws_state *state = x->own;

	make_control(run, x, PONG, state->ping, state->ping_len);
}

static void
ws_leave(struct protocol_run *run, struct exchange *x)
{
	uint16_t code = htons(WEBSOCKET_NORMAL);

	((struct ws_state *)x->own)->leaving = true;
	x->control_due = false; /* nothing follows a close */
	make_control(run, x, CLOSE, &code, sizeof(code));
}

/* ---- receive ---- */

static enum reply_check
judge_handshake(struct protocol_run *run, struct ws_state *state,
    const char **buf, size_t *len)
{
	const struct ws_run *w = run->own;
	struct http_response *reply = &state->reply;
	struct http_piece piece;
	size_t n = http_response_feed(reply, *buf, *len, &piece);

	*buf += n;
	*len -= n;
	if (reply->state == HTTP_HEAD)
		return REPLY_MORE;
	if (reply->state == HTTP_BAD)
		return reply_wrong(run, "no HTTP response: %s", reply->why);
	if (reply->status != 101)
		return reply_wrong(
		    run, "status %d to the upgrade, not 101", reply->status);
	if (!reply->upgrade)
		return reply_wrong(run, "101 without Upgrade: websocket");
	if (strcmp(reply->named, w->accept) != 0)
		return reply_wrong(run,
		    "Sec-WebSocket-Accept is \"%.40s\", not \"%s\"",
		    reply->named, w->accept);
	state->at = WS_HEAD;
	return REPLY_READY;
}

/* Whether a frame with this head may come now. */
static enum reply_check
judge_head(struct protocol_run *run, struct exchange *x, struct ws_state *state)
{
	unsigned opcode = state->head[0] & 0xf;
	bool fin = state->head[0] & FIN;

	if (state->head[0] & RESERVED || state->head[1] & MASKED)
		return reply_wrong(run, "a frame with %s",
		    state->head[1] & MASKED
			? "a mask, which only clients may set"
			: "a reserved bit");
	if (opcode >= CLOSE) {
		if (opcode > PONG || !fin || state->left > CONTROL_MAX)
			return reply_wrong(run,
			    "an invalid control frame (0x%02x)",
			    state->head[0]);
		state->control_len = 0;
		return REPLY_MORE;
	}
	if (!x->pending)
		return reply_wrong(
		    run, "a message without a request (doubled?)");
	if (opcode != (state->in_message ? CONTINUATION : BINARY))
		return reply_wrong(run,
		    "a frame of opcode %u, where a binary message should %s",
		    opcode, state->in_message ? "go on" : "begin");
	state->in_message = !fin;
	return REPLY_MORE;
}

/* Collects the head: 2 bytes, and 2 or 8 of an extended length. */
static enum reply_check
take_head(
    struct protocol_run *run, struct exchange *x, const char **buf, size_t *len)
{
	struct ws_state *state = x->own;
	unsigned char *head = state->head;
	unsigned need = 2, length;
	uint64_t len64;

	while (*len) {
		head[state->head_len++] = (unsigned char)*(*buf)++;
		(*len)--;
		if (state->head_len < 2)
			continue;
		length = head[1] & 0x7f;
		need = length == LENGTH_64 ? 10 : length == LENGTH_16 ? 4 : 2;
		if (state->head_len < need)
			continue;
		memcpy(&len64, head + 2, sizeof(len64));
		state->left = need == 10  ? be64toh(len64)
			      : need == 4 ? (uint64_t)head[2] << 8 | head[3]
					  : length;
		state->head_len = 0;
		state->at = WS_PAYLOAD;
		return judge_head(run, x, state);
	}
	return REPLY_MORE;
}

static enum reply_check
end_control(
    struct protocol_run *run, struct exchange *x, struct ws_state *state)
{
	unsigned opcode = state->head[0] & 0xf;

	if (opcode == PING && !state->leaving) {
		memcpy(state->ping, state->control, state->control_len);
		state->ping_len = state->control_len;
		x->control_due = true;
	}
	if (opcode != CLOSE || state->leaving)
		return REPLY_MORE;
	if (!x->pending)
		return REPLY_LAST;
	snprintf(run->why, sizeof(run->why), "the server closed, status %u",
	    state->control_len < 2
		? 1005U /* none, RFC 6455 7.4.1 */
		: (unsigned)state->control[0] << 8 | state->control[1]);
	return REPLY_CLOSED;
}

/* At the end of a frame. */
static enum reply_check
end_frame(struct protocol_run *run, struct exchange *x, struct ws_state *state)
{
	state->at = WS_HEAD;
	if ((state->head[0] & 0xf) >= CLOSE)
		return end_control(run, x, state);
	if (state->in_message)
		return REPLY_MORE;
	if (x->received < run->payload.size)
		return reply_wrong(run, "a message of %zu bytes, not %zu",
		    x->received, run->payload.size);
	x->pending = false;
	return REPLY_COMPLETE;
}

static enum reply_check
take_payload(
    struct protocol_run *run, struct exchange *x, const char **buf, size_t *len)
{
	struct ws_state *state = x->own;
	size_t n = state->left < *len ? (size_t)state->left : *len;
	enum reply_check now = REPLY_MORE;

	if ((state->head[0] & 0xf) >= CLOSE) {
		memcpy(state->control + state->control_len, *buf, n);
		state->control_len += (unsigned)n;
	} else if (n) {
		now = reply_check_bytes(run, x,
		    payload_request(&run->payload, x->id, x->number),
		    run->payload.size, *buf, n);
		if (now == REPLY_WRONG)
			return now;
	}
	*buf += n;
	*len -= n;
	state->left -= n;
	return state->left ? REPLY_MORE : end_frame(run, x, state);
}

static enum reply_check
ws_judge(
    struct protocol_run *run, struct exchange *x, const char *buf, size_t len)
{
	struct ws_state *state = x->own;
	enum reply_check result = REPLY_MORE, now;

	/* A frame without payload ends after its head. */
	while (len || (state->at == WS_PAYLOAD && !state->left)) {
		if (state->at == WS_HANDSHAKE)
			now = judge_handshake(run, state, &buf, &len);
		else if (state->at == WS_HEAD)
			now = take_head(run, x, &buf, &len);
		else
			now = take_payload(run, x, &buf, &len);
		if (now >= REPLY_WRONG || now == REPLY_LAST)
			return now;
		if (now != REPLY_MORE)
			result = now;
	}
	return result;
}

static const char *
ws_expected(
    const struct protocol_run *run, const struct exchange *x, size_t *len)
{
	*len = run->payload.size;
	return payload_request(&run->payload, x->id, x->number);
}

const struct protocol protocol_ws = {
    .name = "ws",
    .summary = "WebSocket: every binary message comes back (RFC 6455)",
    .service = "http",
    .sized = true,
    .unsolicited = true,
    .path = "/echo",
    .tls_name = "http/1.1",
    .own_size = sizeof(struct ws_state),
    .open = ws_open,
    .close = ws_close,
    .handshake = ws_handshake,
    .request = ws_request,
    .judge = ws_judge,
    .control = ws_control,
    .leave = ws_leave,
    .expected = ws_expected,
};
