/* SPDX-License-Identifier: MIT */
/*
 * websocket: the server's side of RFC 6455 over a conn, after the request of
 * the handshake was parsed (http.h). wslay does the framing, OpenSSL the SHA-1.
 * common/full/websocket.c is used with these libraries,
 * common/plain/websocket.c without them. One worker owns a struct websocket.
 *
 * Messages are whole: fragments are joined in one buffer that grows with the
 * bytes, so a message in a million fragments costs no more than its bytes.
 * These calls answer pings and closes. If the client breaks the protocol
 * (frames without mask, reserved or too long, text that is not UTF-8), they end
 * the connection with the right close code.
 */
#ifndef COMMON_NET_WEBSOCKET_H
#define COMMON_NET_WEBSOCKET_H

#include <stdbool.h>
#include <stddef.h>

#include "common/net/conn.h"

/* RFC 6455 7.4.1 */
enum {
	WEBSOCKET_NORMAL = 1000,
	WEBSOCKET_GOING_AWAY = 1001,
	WEBSOCKET_UNSUPPORTED = 1003,
	WEBSOCKET_POLICY = 1008,
	WEBSOCKET_TOO_BIG = 1009,
	WEBSOCKET_TRY_AGAIN = 1013,
};

#define WEBSOCKET_ACCEPT_SIZE 29 /* 28 characters and a NUL */

/* Without WAIT, nothing is read while more bytes than this are queued: then
 * wait for POLLOUT instead of POLLIN. */
#define WEBSOCKET_QUEUE_MAX (64 * 1024)

struct websocket;

struct websocket_message {
	bool text; /* else binary */
	size_t len;
	const char *bytes; /* valid until the next call */
};

/* Whether this image has WebSocket. */
extern const bool WEBSOCKET_HERE;

/*
 * Call it before the first connection and before any thread: a library that
 * initialises itself in a worker may find no memory there. Returns 0, or -1:
 * WebSocket is not available.
 */
int
websocket_begin(void);

/*
 * Computes Sec-WebSocket-Accept for a client's KEY of LEN characters (RFC 6455
 * 4.2.2).
 */
void
websocket_accept_key(
    const char *key, size_t len, char accept[WEBSOCKET_ACCEPT_SIZE]);

/*
 * CONN carries frames from now on: the 101 was sent, and EARLY_LEN bytes at
 * EARLY, which are copied, were read already. A message has MAX bytes at most.
 * Returns NULL with errno.
 */
struct websocket *
websocket_open(
    struct conn *conn, size_t max, const char *early, size_t early_len);

/* Harmless for NULL. Does not end CONN. */
void
websocket_free(struct websocket *ws);

/*
 * Receives the next message; WAIT: waits for it. Returns 1; 0 if none is
 * complete and WAIT is false; -1 at the end of the connection, orderly or not
 * (see conn->outcome): return from the service.
 *
 * With WAIT, all queued output is sent before anything is read. Without it, one
 * call reads at most 64 KiB, and waiting for input makes sense only after 0. At
 * the end, queued output and our close have been sent if possible; without WAIT
 * within CONN_LINGER_NS. After websocket_close(), messages are dropped, and the
 * caller limits the wait for the peer's close. An end of file without a close
 * is an orderly end. If conn->leave was the reason, or a deadline passed in
 * silence, nothing was sent, and websocket_close() is still possible.
 */
int
websocket_receive(
    struct websocket *ws, struct websocket_message *message, bool wait);

/*
 * Queue a message, a ping or a close (REASON: at most 123 bytes of text, or
 * NULL). -1 with errno: ENOMEM, EINVAL (REASON is too long), EPIPE (a close was
 * sent or queued). BYTES may be those of the message just received; then they
 * are not copied.
 */
int
websocket_send(struct websocket *ws, bool text, const char *bytes, size_t len);
int
websocket_ping(struct websocket *ws);
int
websocket_close(struct websocket *ws, unsigned code, const char *reason);

/*
 * Sends queued output: all of it (WAIT), or what goes at once. Returns 0 if
 * nothing is left, 1 if something is, -1 if the connection has failed.
 */
int
websocket_flush(struct websocket *ws, bool wait);

/* Bytes queued and not sent yet. */
size_t
websocket_queued(const struct websocket *ws);

#endif
