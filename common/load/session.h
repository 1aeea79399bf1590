/* SPDX-License-Identifier: MIT */
/*
 * session: one client connection and the request that is under way on it, as a
 * small state machine that never blocks.
 *
 * The engine (engine.h) says when a request begins and what the time is, its
 * protocol (protocol.h) what is sent and whether what comes is right; a session
 * does the system calls, over a stream, over TLS, or as datagrams. Each call
 * returns what became of the request:
 *
 *	SESSION_AGAIN      nothing yet; there will be an event
 *	SESSION_DONE       the reply is complete and right
 *	SESSION_WRONG      it is not; reply_diagnosis() says how
 *	SESSION_REPEATED   nor is this one, but the connection can go on
 *	SESSION_TOO_MUCH   after DONE: bytes that nobody asked for
 *	SESSION_FAILED     errno says why; 0: end of file too early
 *	SESSION_LEFT       the server closed an idle connection
 *	SESSION_FULL       its backlog has no room (a unix socket's): no event
 *	                   will tell when, session_retry_connect() has to try
 *again
 *
 * After anything but AGAIN, DONE, REPEATED and FULL the connection is closed.
 *
 * A datagram that is none of the above but the answer to an earlier request
 * is counted, as late or as duplicated, and the request goes on: networks do
 * that. It is known by its bytes, where the protocol echoes.
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
	SESSION_REPEATED,
	SESSION_TOO_MUCH,
	SESSION_FAILED,
	SESSION_LEFT,
	SESSION_FULL,
};

struct session_shared;
struct session;

/* Takes the EVENTS (of epoll) of a session's socket. */
typedef enum session_result
session_event_handler(
    struct session_shared *shared, struct session *session, uint32_t events);

/* What all sessions of an engine have in common. */
struct session_shared {
	struct address target;
	/* For a UDP target: session_datagram_event(); NULL: a stream. */
	session_event_handler *datagram_event;
	struct tls_client *tls; /* NULL: none */
	struct protocol_run run;
	bool churn; /* close after each reply */
	int epoll;
	const struct address *sources; /* to rotate over; NULL: do not bind */
	uint32_t source_count, next_source;
	size_t buffer_size;
	char *buffer; /* for what is received, judged, and forgotten */
	/* Datagrams that answered an earlier request, which had timed out or
	 * had been answered. The caller may reset them. */
	uint64_t late, duplicated;
	/* Requests that went out again, on a new connection, because the server
	 * closed the one that they were sent on. The caller may reset them. */
	uint64_t retries;
	/* Words on the latest SESSION_FAILED; empty: errno says it all. */
	char why[200];
};

/* So many unanswered requests are remembered of each session. */
#define SESSION_LOST 32

struct session {
	struct list_node link; /* the engine's */
	int fd;		       /* -1: not connected */
	enum {
		SESSION_IDLE,
		SESSION_CONNECTING,
		SESSION_BUSY,	 /* a request is under way */
		SESSION_CLOSING, /* it is answered; the server's close is not
				    here yet */
		SESSION_RESTING, /* failed; for the engine to try again */
	} state;
	struct exchange x;
	bool watched;		  /* in the epoll set ... */
	bool out_armed;		  /* ... for EPOLLOUT as well */
	bool ok;		  /* its latest request is over, and right */
	uint64_t not_ok;	  /* requests that had no right reply */
	uint64_t due_ns, sent_ns; /* when it should have been, and was, sent */
	struct tls_stream *stream;
	/* The request that was sent at EXCUSED_NS has so much more time. */
	uint64_t excused_ns, excuse_ns;
	/* Datagrams: numbers of requests that no answer came to (0: none), and
	 * the first that this socket carried. */
	uint64_t lost[SESSION_LOST], first;
};

/*
 * Connects without a request; for kept connections, before the load begins.
 * AGAIN until it is ready, which is DONE.
 */
enum session_result
session_connect(struct session_shared *shared, struct session *session);

/* Begins the next request, connecting if need be. Stamps are the engine's. */
enum session_result
session_begin(struct session_shared *shared, struct session *session);

/* Connects once more, after SESSION_FULL; returns as that call would have. */
enum session_result
session_retry_connect(struct session_shared *shared, struct session *session);

/* The socket is ready for EVENTS (of epoll). */
enum session_result
session_event(
    struct session_shared *shared, struct session *session, uint32_t events);

/*
 * ---- the shortest way, which nearly all requests of an echo go ----
 *
 * What a load measures is the server only as long as the client is cheap, so
 * on a plain stream that is kept, the usual request is inline: all of it goes
 * in one send, and all of it comes back in one recv. Anything else is left to
 * the calls above.
 */

/* Whether S waits for a reply, and nothing of its request is left to be sent,
 * in a load that SHARED describes: kept plain streams of a protocol that
 * echoes. */
static inline bool
session_awaits_echo(const struct session *s)
{
	return s->state == SESSION_BUSY && !s->out_armed;
}

/* Receives. Whether all of the reply came, and right, so that session_next() or
 * session_rest() is due; if not, session_received() is, with *N. */
static inline bool
session_take_echo(struct session_shared *shared, struct session *s, ssize_t *n)
{
	const struct exchange *x = &s->x;

	*n = recv(s->fd, shared->buffer, shared->buffer_size, MSG_DONTWAIT);
	return *n == (ssize_t)x->out_len && !x->received &&
	       memcmp(shared->buffer, x->out, x->out_len) == 0;
}

/* What the receiving, which returned N, makes of the request. */
enum session_result
session_received(
    struct session_shared *shared, struct session *session, ssize_t n);

/* What the sending, which returned N, does. */
enum session_result
session_sent(struct session_shared *shared, struct session *session, ssize_t n);

/* Its next request follows at once. */
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

/* No request follows for now. */
static inline void
session_rest(struct session *s)
{
	s->x.asking = false;
	s->state = SESSION_IDLE;
}

/*
 * Takes leave on an idle session: its end of file makes SESSION_LEFT. Datagrams
 * have no end; whoever wants to see the last must wait.
 */
void
session_end(struct session_shared *shared, struct session *session);

/* Closes at once; harmless if not connected. */
void
session_close(struct session *session);

#endif
