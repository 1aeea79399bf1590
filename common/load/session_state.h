/* SPDX-License-Identifier: MIT */
/*
 * session_state: the data of a session; session.h has its functions.
 */
#ifndef COMMON_LOAD_SESSION_STATE_H
#define COMMON_LOAD_SESSION_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
	/* While the trace is on, connections have the numbers 1, 2, 3...; of
	 * several engines, each has every ENGINES-th, ENGINE + 1 the first. */
	uint64_t opened;
	uint32_t engine, engines;
	/* Counters that the caller may reset. Datagrams for a request that had
	 * timed out, or had its reply; requests that were sent again on a new
	 * connection, because the server closed the first. */
	uint64_t late, duplicated;
	uint64_t retries;
	/* The text of the latest SESSION_FAILED; "": see errno. */
	char why[300];
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
	uint64_t replied_ns;	   /* likewise; before the end of file */
	struct tls_stream *stream; /* NULL: in clear */
	/* The deadline of the request that was sent at EXTENDED_NS is
	 * EXTENSION_NS later. */
	uint64_t extended_ns, extension_ns;
	/* UDP: numbers of requests without a reply (0: free), and the first
	 * request of this socket. */
	uint64_t lost[SESSION_LOST], first;
	/* For the trace: the number of this connection, and whether the trace
	 * has that it is connected. */
	uint64_t connection;
	bool connected_traced;
};

#endif
