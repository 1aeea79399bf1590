/* SPDX-License-Identifier: MIT */
/*
 * websocket: the server's side of RFC 6455 over a conn, after the handshake's
 * request was parsed (http.h). Framing by wslay, SHA-1 by OpenSSL.
 *
 * common/full/websocket.c is the real one, common/plain/websocket.c stands in
 * its place in an image without it. One worker owns a struct websocket.
 *
 * Messages are whole: fragments are put together in one buffer that grows with
 * the bytes, so that a message in a million fragments costs no more than its
 * bytes. Pings are answered, closes completed, and what the protocol forbids
 * (unmasked or reserved, over-long, text that is not UTF-8 from its first bad
 * byte on) ends the connection with the close code for it, all inside these
 * calls.
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

/* Without WAIT nothing is read while more bytes than these are queued: then
 * wait for POLLOUT, not for POLLIN. */
#define WEBSOCKET_QUEUE_MAX (64 * 1024)

struct websocket;

struct websocket_message {
	bool text; /* else binary */
	size_t len;
	const char *bytes; /* valid until the next call */
};

/* Whether this image can. */
extern const bool WEBSOCKET_HERE;

/*
 * What all connections need, before the first of them and before any thread: a
 * library that sets itself up in a worker may find no memory there. Returns 0,
 * or -1: it cannot be had.
 */
int
websocket_begin(void);

/*
 * Sec-WebSocket-Accept for a client's KEY of LEN characters (RFC 6455 4.2.2).
 */
void
websocket_accept_key(
    const char *key, size_t len, char accept[WEBSOCKET_ACCEPT_SIZE]);

/*
 * CONN speaks frames from now on: the 101 response is sent, and EARLY_LEN bytes
 * at EARLY, which are copied, have been read already. Messages are of MAX bytes
 * at most. Returns NULL with errno.
 */
struct websocket *
websocket_open(
    struct conn *conn, size_t max, const char *early, size_t early_len);

/* Harmless for NULL. Does not end CONN. */
void
websocket_free(struct websocket *ws);

/*
 * The next message. WAIT: until there is one. Returns 1; 0 where none is
 * complete and WAIT is false; -1 when the connection is at its end, in order
 * or not (then conn->outcome says so): return from the service. With WAIT, all
 * that is queued to be sent goes out before anything is read. Without, at most
 * 64 KiB are read in one call, and a wait for input makes sense only after 0.
 *
 * At its end, what is queued and our close have been sent, where that was
 * possible: without WAIT for CONN_LINGER_NS at most. After websocket_close()
 * messages are dropped; how long to wait for the peer's close is the caller's.
 * An end of file without a close is an orderly end, as for any service. Where
 * conn->leave was the reason, or a deadline passed in silence, nothing was
 * sent, and websocket_close() still can.
 */
int
websocket_receive(
    struct websocket *ws, struct websocket_message *message, bool wait);

/*
 * Queues a message, a ping or a close (REASON: at most 123 bytes of text, or
 * NULL). -1 with errno: ENOMEM, EINVAL (REASON is too long), EPIPE (a close was
 * sent or queued). BYTES may be those of the message just received, which then
 * costs no copy.
 */
int
websocket_send(struct websocket *ws, bool text, const char *bytes, size_t len);
int
websocket_ping(struct websocket *ws);
int
websocket_close(struct websocket *ws, unsigned code, const char *reason);

/*
 * Sends what is queued: all of it (WAIT), or what goes at once. Returns 0 when
 * nothing is left, 1 when something is, -1 when the connection has failed.
 */
int
websocket_flush(struct websocket *ws, bool wait);

/* Bytes queued and not sent yet. */
size_t
websocket_queued(const struct websocket *ws);

#endif
