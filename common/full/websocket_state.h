/* SPDX-License-Identifier: MIT */
/*
 * websocket_state: what the files of a WebSocket share. The rest of perconn
 * sees websocket.h.
 *
 *	websocket.c         the handshake, what is received, the end
 *	websocket_output.c  what is sent
 */
#ifndef COMMON_FULL_WEBSOCKET_STATE_H
#define COMMON_FULL_WEBSOCKET_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <wslay/wslay.h>

#include "common/base/utf8.h"
#include "common/full/buffer.h"
#include "common/net/websocket.h"

#define HEADER_MAX 10	/* of an unmasked frame */
#define CONTROL_MAX 125 /* RFC 6455 5.5 */
#define CODE_SIZE 2	/* the code of a close, before its reason */

enum state {
	OPEN,
	CLOSING, /* our close is queued or sent; awaiting the peer's */
	ENDED,
};

enum input {
	SOME,
	NONE_NOW, /* only without WAIT */
	NO_MORE,  /* end of file, or the connection has failed */
};

struct websocket {
	struct conn *conn;
	wslay_frame_context_ptr frames;
	size_t max;
	enum state state;
	struct buffer early, out;

	/* The current call. */
	bool wait;
	enum input input;
	unsigned reads; /* input that may still be read, without WAIT */

	/* The frame being received. */
	bool in_frame;
	uint64_t frame_left;

	/* The message so far, with room for a header in front. */
	bool in_message;
	bool delivered; /* not returned to the caller yet */
	bool text;
	struct utf8 utf8;
	struct buffer message;

	/* A control frame may come between frames of a message. */
	struct utf8 reason;
	size_t control_len;
	unsigned char control[CONTROL_MAX];
};

/* Queues a copy of BYTES as a whole frame with a wslay OPCODE, in any state. -1
 * with ENOMEM. */
int
websocket_queue_frame(
    struct websocket *ws, unsigned opcode, const void *bytes, size_t len);

#endif
