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
 *others close it.
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
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "common/base/list.h"
#include "common/load/protocol.h"
#include "common/net/address.h"
#include "common/net/tls_client.h"

/* The largest datagram's payload over IPv4. */
#define SESSION_DATAGRAM_MAX 65507

enum session_result {
	SESSION_AGAIN,
	SESSION_DONE,
	SESSION_WRONG,
	SESSION_WRONG_KEEP,
	SESSION_UNSOLICITED,
	SESSION_FAILED,
	SESSION_CLOSED,
	SESSION_BACKLOG_FULL,
};

struct session_shared;
struct session;

/* Handles EVENTS of epoll(7) for a session's socket. */
typedef enum session_result
session_event_handler(
    struct session_shared *shared, struct session *session, uint32_t events);

/* What the sessions of an engine share. */
struct session_shared {
	struct address target;
	/* session_datagram_event() for UDP; NULL: a stream. */
	session_event_handler *datagram_event;
	struct tls_client *tls; /* NULL: in clear */
	struct protocol_run run;
	bool churn; /* close after each reply */
	int epoll;
	const struct address *sources; /* used in turn; NULL: do not bind */
	uint32_t source_count, next_source;
	size_t buffer_size;
	char *buffer; /* for one receive */
	/* Counters that the caller may reset. Datagrams for a request that had
	 * timed out, or had its reply; requests that were sent again on a new
	 * connection, because the server closed the first. */
	uint64_t late, duplicated;
	uint64_t retries;
	/* The text of the latest SESSION_FAILED; "": see errno. */
	char why[200];
};

/* The number of unanswered requests that a session remembers. */
#define SESSION_LOST 32

struct session {
	struct list_node link; /* the engine's */
	int fd;		       /* -1: not connected */
	enum {
		SESSION_IDLE,
		SESSION_CONNECTING,
		SESSION_BUSY,	 /* a request is in flight */
		SESSION_CLOSING, /* the reply is here, the server's end of file
				    is not */
		SESSION_BACKOFF, /* failed; the engine tries again later */
	} state;
	struct exchange x;
	bool watched;		   /* in the epoll set ... */
	bool out_armed;		   /* ... for EPOLLOUT as well */
	bool ok;		   /* the latest request had a right reply */
	uint64_t not_ok;	   /* requests without a right reply */
	uint64_t due_ns, sent_ns;  /* of the latest request */
	struct tls_stream *stream; /* NULL: in clear */
	/* The deadline of the request that was sent at EXTENDED_NS is
	 * EXTENSION_NS later. */
	uint64_t extended_ns, extension_ns;
	/* UDP: numbers of requests without a reply (0: free), and the first
	 * request of this socket. */
	uint64_t lost[SESSION_LOST], first;
};

/*
 * Connects without a request, before a load with kept connections. AGAIN, then
 * DONE when the connection and its handshakes are complete.
 */
enum session_result
session_connect(struct session_shared *shared, struct session *session);

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

/* Closes at once. Harmless if SESSION is not connected. */
void
session_close(struct session *session);

#endif
