/* SPDX-License-Identifier: MIT */
/*
 * session: a client connection and its request in flight, as a state machine
 * that never blocks.
 *
 * The engine (engine.h) decides when a request begins and knows the time; the
 * protocol (protocol.h) makes requests and checks replies; a session does the
 * system calls, over a stream, TLS or UDP. Each call returns the state of the
 * request:
 *
 *	SESSION_AGAIN         no result yet; an event will follow
 *	SESSION_DONE          the reply is complete and right
 *	SESSION_WRONG         the reply is wrong; see reply_diagnosis()
 *	SESSION_WRONG_KEEP    likewise, but the connection can be used again
 *	SESSION_UNSOLICITED   after DONE: bytes without a request
 *	SESSION_FAILED        with errno; 0: end of file too early
 *	SESSION_CLOSED        the server closed an idle connection
 *	SESSION_BACKLOG_FULL  the backlog of a unix socket is full. No event
 *	                      follows: call session_retry_connect() later
 *
 * AGAIN, DONE, WRONG_KEEP and BACKLOG_FULL leave the connection open, all
 * others close it.
 *
 * A datagram that answers an earlier request is counted, as late or as
 * duplicated, and the request goes on. Its bytes identify it, if the protocol
 * echoes.
 *
 * Not thread-safe: the sessions of an engine belong to one thread.
 */
#ifndef COMMON_LOAD_SESSION_H
#define COMMON_LOAD_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "common/load/session_socket.h"
#include "common/load/session_state.h"

/* Begins the next request; connects first if necessary. The caller sets the
 * times. */
enum session_result
session_begin(struct session_shared *shared, struct session *session);

/* Connects again after SESSION_BACKLOG_FULL; returns as the first call would.
 */
enum session_result
session_retry_connect(struct session_shared *shared, struct session *session);

/* Handles EVENTS of epoll(7). */
enum session_result
session_event(
    struct session_shared *shared, struct session *session, uint32_t events);

/*
 * ---- the fast path of an echo ----
 *
 * A load measures the server only if the client is cheaper. So on a kept stream
 * in clear the usual request is inline: one send for all of it, one recv for
 * all of its reply. Other cases use the calls above.
 */

/* Whether S has sent its request and waits for the reply. Only for kept streams
 * in clear of a protocol that echoes. */
static inline bool
session_awaits_echo(const struct session *s)
{
	return s->state == SESSION_BUSY && !s->out_armed;
}

/* Receives into the buffer. If it returns true, the whole reply is right, and
 * the caller calls session_next() or session_make_idle(); else
 * session_received() with *N. */
static inline bool
session_receive_echo(
    struct session_shared *shared, struct session *s, ssize_t *n)
{
	const struct exchange *x = &s->x;

	*n = recv(s->fd, shared->buffer, shared->buffer_size, MSG_DONTWAIT);
	return *n == (ssize_t)x->out_len && !x->received &&
	       memcmp(shared->buffer, x->out, x->out_len) == 0;
}

/* Handles the result N of a receive. */
enum session_result
session_received(
    struct session_shared *shared, struct session *session, ssize_t n);

/* Handles the result N of the first send of a request. */
enum session_result
session_sent(struct session_shared *shared, struct session *session, ssize_t n);

/* Begins the next request. */
static inline enum session_result
session_next(struct session_shared *shared, struct session *s)
{
	struct exchange *x = &s->x;
	ssize_t n;

	x->out = x->requests + ++x->number % shared->run.payload.span;
	n = send(s->fd, x->out, x->out_len, MSG_NOSIGNAL | MSG_DONTWAIT);
	return n == (ssize_t)x->out_len ? SESSION_AGAIN
					: session_sent(shared, s, n);
}

/* Makes S idle. */
static inline void
session_make_idle(struct session *s)
{
	s->x.pending = false;
	s->state = SESSION_IDLE;
}

/*
 * Ends the sending on an idle session; the server's end of file then makes
 * SESSION_CLOSED. UDP has no end of file: it does nothing.
 */
void
session_end(struct session_shared *shared, struct session *session);

#endif
