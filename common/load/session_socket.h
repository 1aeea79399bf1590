/* SPDX-License-Identifier: MIT */
/*
 * session_socket: the socket of a session: open, connect, watch, close. The
 * results are those of session.h. Not thread-safe.
 */
#ifndef COMMON_LOAD_SESSION_SOCKET_H
#define COMMON_LOAD_SESSION_SOCKET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "common/load/session_state.h"

/*
 * Connects without a request, before a load with kept connections. AGAIN, then
 * DONE when the connection and its handshakes are complete.
 */
enum session_result
session_connect(struct session_shared *shared, struct session *session);

/* Closes at once. Harmless if SESSION is not connected. */
void
session_close(struct session *session);

/* For the trace, while it is on: SESSION is connected. Called again, it does
 * nothing. */
void
session_trace_connected(struct session *session);

/* Closes after ERROR (0: end of file), with its text in `why`. Returns FAILED.
 */
enum session_result
session_fail(struct session_shared *shared, struct session *session, int error);

/* Opens a socket and begins to connect: AGAIN, BACKLOG_FULL or FAILED. */
enum session_result
session_open_socket(struct session_shared *shared, struct session *session);

/* Connects the open socket again. Returns as session_open_socket(). */
enum session_result
session_connect_socket(struct session_shared *shared, struct session *session);

/* Waits for a connect in progress, without a request: AGAIN, FAILED; over UDP
 * DONE. */
enum session_result
session_await_connection(
    struct session_shared *shared, struct session *session);

/* Watches the socket for EPOLLIN, with OUT for EPOLLOUT too. Returns 0, or -1
 * with errno. Inline: the engine needs it for each request. */
static inline int
session_watch(struct session_shared *shared, struct session *session, bool out)
{
	struct epoll_event event = {
	    .events = EPOLLIN | (out ? EPOLLOUT : 0),
	    .data.ptr = session,
	};
	int how = session->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	if (session->watched && session->out_armed == out)
		return 0;
	session->watched = true;
	session->out_armed = out;
	return epoll_ctl(shared->epoll, how, session->fd, &event);
}

#endif
