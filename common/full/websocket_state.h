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

#define HEADER_MAX 10	/* of a frame without a mask */
#define CONTROL_MAX 125 /* RFC 6455 5.5 */
#define CODE_SIZE 2	/* of a close, in front of the reason */

enum state {
	OPEN,
	CLOSING, /* our close is queued or sent, the peer's is awaited */
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

	/* The call that is being served. */
	bool wait;
	enum input input;
	unsigned reads; /* left, without WAIT */

	/* The frame that is being received. */
	bool in_frame;
	uint64_t frame_left;

	/* The message, over all its frames. Its bytes leave room for a header
	 * in front of them. */
	bool in_message;
	bool delivered; /* and not given up yet */
	bool text;
	struct utf8 utf8;
	struct buffer message;

	/* A control frame, which may come between a message's. */
	struct utf8 reason;
	size_t control_len;
	unsigned char control[CONTROL_MAX];
};

/* Queues a copy of BYTES as a whole frame, of an OPCODE of wslay, whatever the
 * state is. -1 with ENOMEM. */
int
websocket_queue_frame(
    struct websocket *ws, unsigned opcode, const void *bytes, size_t len);

#endif
