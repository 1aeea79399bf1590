/* SPDX-License-Identifier: MIT */
/*
 * session: one client connection and the request that is under way on it, as a
 * small state machine that never blocks.
 *
 * The engine (engine.h) says when a request begins and what the time is; a
 * session does the system calls and compares every byte that comes back. Each
 * call returns what became of the request:
 *
 *	SESSION_AGAIN      nothing yet; there will be an event
 *	SESSION_DONE       the reply is complete and right
 *	SESSION_WRONG      it is not; session_explain() says how
 *	SESSION_TOO_MUCH   after DONE: bytes that nobody asked for
 *	SESSION_FAILED     errno says why; 0: end of file too early
 *	SESSION_LEFT       the server closed an idle connection
 *
 * After anything but AGAIN and DONE the connection is closed.
 */
#ifndef COMMON_LOAD_SESSION_H
#define COMMON_LOAD_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/load/protocol.h"
#include "common/net/address.h"

/* What all sessions of an engine have in common. */
struct session_shared {
	struct address target;
	const struct protocol *protocol;
	struct payload payload;
	bool churn; /* close after each reply */
	int epoll;
	uint32_t sources; /* rotate over this many 127.0.0.x; 0: do not bind */
	uint32_t last_source;
	size_t buffer_size;
	char *buffer; /* for what is received, compared, and forgotten */
	/* session_explain()'s notes on the latest SESSION_WRONG */
	const char *got;
	size_t got_len, got_at;
};

struct session {
	int fd; /* -1: not connected */
	uint32_t id;
	enum {
		SESSION_IDLE,
		SESSION_CONNECTING,
		SESSION_BUSY,	 /* a request is under way */
		SESSION_CLOSING, /* it is answered; the server's close is not
				    here yet */
		SESSION_RESTING, /* failed; for the engine to try again */
	} state;
	bool watched;		  /* in the epoll set ... */
	bool out_armed;		  /* ... for EPOLLOUT as well */
	uint32_t prev, next;	  /* the engine's lists */
	uint64_t number;	  /* of the request, from 1 */
	uint64_t due_ns, sent_ns; /* when it should have been, and was, sent */
	size_t sent, received;
};

enum session_result {
	SESSION_AGAIN,
	SESSION_DONE,
	SESSION_WRONG,
	SESSION_TOO_MUCH,
	SESSION_FAILED,
	SESSION_LEFT,
};

/* Connects without a request; for kept connections, before the load begins. */
enum session_result
session_connect(struct session_shared *shared, struct session *session);

/* Begins the next request, connecting if need be. Stamps are the engine's. */
enum session_result
session_begin(struct session_shared *shared, struct session *session);

/* The socket is ready for EVENTS (of epoll). */
enum session_result
session_event(
    struct session_shared *shared, struct session *session, uint32_t events);

/* Half-closes an idle session: its end of file makes SESSION_LEFT. */
void
session_end(struct session *session);

/* Closes at once; harmless if not connected. */
void
session_close(struct session *session);

/*
 * What was wrong with the latest SESSION_WRONG or SESSION_TOO_MUCH, of SESSION
 * among COUNT ALL, as words in BUF: which connection, which request, a changed
 * byte, a doubled reply, another connection's. Returns BUF.
 */
char *
session_explain(const struct session_shared *shared,
    const struct session *session, const struct session *all, uint32_t count,
    char *buf, size_t size);

#endif
