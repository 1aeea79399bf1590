/* SPDX-License-Identifier: MIT */
/* websocket: not in this image. A caller that checks WEBSOCKET_HERE calls no
 * other function. */
#include "common/net/websocket.h"

#include <errno.h>

const bool WEBSOCKET_HERE = false;

int
websocket_begin(void)
{
	return 0;
}

void
websocket_accept_key(
    const char *key, size_t len, char accept[WEBSOCKET_ACCEPT_SIZE])
{
	(void)key;
	(void)len;
	accept[0] = '\0';
}

struct websocket *
websocket_open(
    struct conn *conn, size_t max, const char *early, size_t early_len)
{
	(void)conn;
	(void)max;
	(void)early;
	(void)early_len;
	errno = ENOTSUP;
	return NULL;
}

void
websocket_free(struct websocket *ws)
{
	(void)ws;
}

int
websocket_receive(
    struct websocket *ws, struct websocket_message *message, bool wait)
{
	(void)ws;
	(void)message;
	(void)wait;
	return -1;
}

int
websocket_send(struct websocket *ws, bool text, const char *bytes, size_t len)
{
	(void)ws;
	(void)text;
	(void)bytes;
	(void)len;
	errno = ENOTSUP;
	return -1;
}

int
websocket_ping(struct websocket *ws)
{
	return websocket_send(ws, false, NULL, 0);
}

int
websocket_close(struct websocket *ws, unsigned code, const char *reason)
{
	(void)code;
	return websocket_send(ws, false, reason, 0);
}

int
websocket_flush(struct websocket *ws, bool wait)
{
	(void)ws;
	(void)wait;
	return -1;
}

size_t
websocket_queued(const struct websocket *ws)
{
	(void)ws;
	return 0;
}
