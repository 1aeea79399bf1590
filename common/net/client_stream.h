/* SPDX-License-Identifier: MIT */
/*
 * client_stream: recv(2) and send(2) on a connected stream socket FD, in clear
 * or over TLS, for a caller that waits with poll or epoll.
 *
 * STREAM is NULL in clear. Calls never block. Over TLS
 *
 *	- a write may wait for input: until the handshake is done, only the
 *	  writer reads, or nothing would tell it to go on;
 *	- a read may wait for the socket to become writable;
 *	- a read that was not followed by EAGAIN may have left input that no
 *	  event will announce.
 *
 * Inline, because nearly every byte of a load goes this way.
 */
#ifndef COMMON_NET_CLIENT_STREAM_H
#define COMMON_NET_CLIENT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "common/net/tls_client.h"

/* As recv(2); *WANTS_OUT: EAGAIN, until the socket is writable. */
static inline ssize_t
client_stream_receive(
    int fd, struct tls_stream *stream, void *buf, size_t size, bool *wants_out)
{
	*wants_out = false;
	if (stream)
		return tls_stream_read(stream, buf, size, wants_out);
	return recv(fd, buf, size, MSG_DONTWAIT);
}

/*
 * As send(2); *WANTS_OUT: what did not go has to wait until the socket is
 * writable, and not for input. What said EAGAIN has to come again.
 */
static inline ssize_t
client_stream_send(int fd, struct tls_stream *stream, const void *data,
    size_t len, bool *wants_out)
{
	ssize_t n;

	*wants_out = true;
	if (!stream)
		return send(fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	n = tls_stream_write(stream, data, len, wants_out);
	/* A part of it went: the rest has not been tried. */
	*wants_out |= n >= 0;
	return n;
}

/* Tells the peer that nothing more comes; what it sends still does. */
static inline void
client_stream_end(int fd, struct tls_stream *stream)
{
	if (stream)
		tls_stream_end(stream);
	shutdown(fd, SHUT_WR);
}

/* What there is to be said of a failure, beyond errno; "": nothing. As long as
 * STREAM is open. */
static inline const char *
client_stream_why(const struct tls_stream *stream)
{
	return stream ? tls_stream_why(stream) : "";
}

#endif
