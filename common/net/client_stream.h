/* SPDX-License-Identifier: MIT */
/*
 * client_stream: recv(2) and send(2) on a connected stream socket FD, in clear
 * or over TLS, for a caller that waits with poll or epoll.
 *
 * STREAM is NULL for a connection in clear. FD and STREAM stay the caller's.
 * No call blocks. Over TLS
 *
 *	- a write may wait for input. Until the handshake is done, only the
 *	  writer may read: a reader would take the event that the writer needs;
 *	- a read may wait until the socket is writable;
 *	- a read may leave input in memory that no event reports: the caller
 *	  reads until EAGAIN.
 *
 * Inline, because nearly every byte of a load goes this way. One thread at a
 * time for each stream.
 */
#ifndef COMMON_NET_CLIENT_STREAM_H
#define COMMON_NET_CLIENT_STREAM_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "common/net/tls_client.h"

/* As recv(2). After EAGAIN, *WANTS_OUT says that the next call has to wait for
 * POLLOUT instead of POLLIN. */
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
 * As send(2). *WANTS_OUT says that the rest has to wait for POLLOUT; if it is
 * false after EAGAIN, for POLLIN. After EAGAIN the caller repeats the call with
 * the same data (SSL_write(3)).
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
	/* A part was sent; nothing has tried the rest yet. */
	*wants_out |= n >= 0;
	return n;
}

/* Ends the sending: close_notify over TLS, then shutdown(2). Receiving goes on.
 * False: the close_notify has no room in the socket yet, so call this again
 * after POLLOUT. Otherwise the server would take the end for a cut. */
static inline bool
client_stream_try_end(int fd, struct tls_stream *stream)
{
	if (stream && tls_stream_end(stream) < 0 &&
	    (errno == EAGAIN || errno == EINTR))
		return false;
	shutdown(fd, SHUT_WR);
	return true;
}

/* The same for a caller whose socket has room, because the server has answered
 * all; where it has none, the end comes without a close_notify. */
static inline void
client_stream_end(int fd, struct tls_stream *stream)
{
	if (!client_stream_try_end(fd, stream))
		shutdown(fd, SHUT_WR);
}

/* The text of the latest failure if errno does not say it; or "". Valid while
 * STREAM is open. */
static inline const char *
client_stream_why(const struct tls_stream *stream)
{
	return stream ? tls_stream_why(stream) : "";
}

#endif
