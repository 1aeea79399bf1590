/* SPDX-License-Identifier: MIT */
/* session_socket: socket(2), bind(2), connect(2), close(2). */
#include "common/load/session_socket.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/trace.h"
#include "common/net/client_stream.h"
#include "common/net/dial.h"

void
session_close(struct session *session)
{
	tls_stream_close(session->stream);
	session->stream = NULL;
	if (session->fd >= 0) {
		trace_event_of(session->connection, TRACE_CLOSED, 0);
		close(session->fd); /* also removes it from the epoll set */
	}
	session->fd = -1;
	session->state = SESSION_IDLE;
	session->watched = false;
}

enum session_result
session_fail(struct session_shared *shared, struct session *session, int error)
{
	shared->why[0] = '\0';
	if (error)
		snprintf(shared->why, sizeof(shared->why), "%s",
		    client_stream_why(session->stream));
	session_close(session);
	errno = error;
	return SESSION_FAILED;
}

/* ---- trace ---- */

static void
trace_opened(struct session_shared *shared, struct session *session)
{
	session->connection =
	    shared->opened++ * shared->engines + shared->engine + 1;
	session->connected_traced = false;
	trace_record(TRACE_CONNECT, session->connection, 0, 0);
}

void
session_trace_connected(struct session *session)
{
	struct address own = {
	    .len = sizeof(own) - offsetof(struct address, any)};

	if (session->connected_traced)
		return;
	session->connected_traced = true;
	if (getsockname(session->fd, &own.any, &own.len) < 0)
		own.any.sa_family = AF_UNSPEC;
	trace_record(
	    TRACE_CONNECTED, session->connection, 0, address_port(&own));
}

/* ---- connect ---- */

/* One address has 28,000 ports, and a port can be used again after 1 s. */
static int
bind_source(struct session_shared *shared, int fd)
{
	const struct address *from = &shared->sources[shared->next_source];
	int on = 1;

	/* All engines together take them in turn. */
	shared->next_source =
	    (shared->next_source + shared->engines) % shared->source_count;
	/* With this option the kernel chooses the port at connect(2), when it
	 * knows the target; at bind(2) it would have to be free for all. */
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	return bind(fd, &from->any, from->len);
}

/* Begins the exchange of a new connection. 0, or -1 with errno. */
static int
begin_exchange(struct session_shared *shared, struct session *session)
{
	const struct protocol *protocol = shared->run.protocol;

	if (shared->tls) {
		session->stream = tls_stream_open(shared->tls, session->fd);
		if (!session->stream)
			return -1;
	}
	session->x.ready = !protocol->handshake;
	session->x.control_due = false;
	session->x.out_len = session->x.sent = 0;
	if (shared->datagram_event) {
		session->first = session->x.number;
		memset(session->lost, 0, sizeof(session->lost));
	}
	if (protocol->handshake)
		protocol->handshake(&shared->run, &session->x);
	return 0;
}

enum session_result
session_connect_socket(struct session_shared *shared, struct session *session)
{
	if (dial_begin(session->fd, &shared->target) < 0)
		return errno == EAGAIN ? SESSION_BACKLOG_FULL
				       : session_fail(shared, session, errno);
	return begin_exchange(shared, session) < 0
		   ? session_fail(shared, session, errno)
		   : SESSION_AGAIN;
}

enum session_result
session_open_socket(struct session_shared *shared, struct session *session)
{
	int type = shared->datagram_event ? SOCK_DGRAM : SOCK_STREAM, on = 1;

	session->fd = socket(shared->target.any.sa_family,
	    type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (session->fd < 0)
		return session_fail(shared, session, errno);
	if (trace_on())
		trace_opened(shared, session);
	if (shared->target.any.sa_family != AF_UNIX && !shared->datagram_event)
		setsockopt(
		    session->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (shared->sources && bind_source(shared, session->fd) < 0)
		return session_fail(shared, session, errno);
	return session_connect_socket(shared, session);
}

enum session_result
session_await_connection(struct session_shared *shared, struct session *session)
{
	if (session_watch(shared, session, !shared->datagram_event) < 0)
		return session_fail(shared, session, errno);
	if (!shared->datagram_event)
		return SESSION_AGAIN;
	session->state = SESSION_IDLE;
	return SESSION_DONE;
}

enum session_result
session_connect(struct session_shared *shared, struct session *session)
{
	enum session_result result = session_open_socket(shared, session);

	if (result == SESSION_FAILED)
		return result;
	session->state = SESSION_CONNECTING;
	return result == SESSION_AGAIN
		   ? session_await_connection(shared, session)
		   : result;
}
