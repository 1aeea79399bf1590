/* SPDX-License-Identifier: MIT */
/*
 * protocol: what a load sends and what must come back.
 *
 * A protocol is a table of functions without I/O: one says which bytes a
 * connection sends next, another judges what came, piece by piece as it comes.
 * Its session (session.h) does the sending and receiving, and calls one of
 * them for each event.
 *
 *	run.protocol->request(&run, &exchange);	   ... send exchange.out
 *	run.protocol->judge(&run, &exchange, buf, n);
 *
 * One thread uses a run and its exchanges.
 */
#ifndef COMMON_LOAD_PROTOCOL_H
#define COMMON_LOAD_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/load/payload.h"

/* ---- one connection, as its protocol sees it ---- */

struct exchange {
	uint32_t id;	      /* of the connection, from 0 */
	uint64_t number;      /* of the latest request, from 1; 0: none yet */
	const char *requests; /* its own of the payload, if there is one */
	bool asking;	      /* its reply is not complete yet */
	bool kept;	      /* the connection is older than the request */
	bool ready;	      /* the way is set up; see greet() */
	bool interrupted;     /* interject() has something to say */
	const char *out;      /* to be sent, OUT_LEN bytes, SENT of which are */
	size_t out_len, sent;
	size_t received; /* of the reply, in bytes that were right */
	void *own;	 /* the protocol's, OWN_SIZE bytes, zeroed at first */
};

enum reply_check {
	REPLY_MORE,	/* right so far */
	REPLY_WHOLE,	/* the reply is complete, and right */
	REPLY_LAST,	/* so it is, and the server will close */
	REPLY_READY,	/* the way is set up */
	REPLY_WRONG,	/* it is not right; the run says how */
	REPLY_REPEATED, /* nor is this, but the reply is complete: go on */
	REPLY_GOODBYE,	/* the server leaves before the reply is complete */
	REPLY_GONE,	/* it had left before it saw the request: once more */
};

/* ---- all connections of a load ---- */

struct protocol_run {
	const struct protocol *protocol;
	struct payload payload;
	uint32_t connections;
	bool churn;	  /* a connection for each request */
	const char *host; /* for HTTP: "localhost:7007" */
	const char *path; /* likewise: "/" */
	char *scratch;	  /* an OUT in here holds for one send only: request()
			     makes it anew for the rest */
	void *own;	  /* the protocol's */
	char *states;	  /* what the exchanges' OWN points into */
	uint64_t lost_updates; /* of counter: values that came twice */
	/* How the latest REPLY_WRONG is wrong, in words; or, if there are none,
	 * the bytes that should be those of expected() from GOT_AT on. */
	char why[160];
	const char *got;
	size_t got_len, got_at;
};

struct protocol {
	const char *name;
	const char *summary;
	bool closes;	 /* the server closes after one reply */
	bool datagrams;	 /* may go over UDP */
	bool echoes;	 /* the reply is the request, byte for byte, which
			    tells which one it answers */
	bool sized;	 /* --size is the request's */
	bool chat;	 /* not connections, but members: chat_load.h runs it */
	bool unasked;	 /* bytes may come without a request, for judge() */
	bool repeatable; /* a request may be sent twice, where nobody knows
			    whether the first has arrived */
	const char *path;     /* where --path begins; NULL: it has none */
	const char *tls_name; /* offered over TLS (RFC 7301); NULL: none */
	size_t own_size;      /* of exchange.own */
	/* Fills run->own. 0, or -1 with errno or with words in run->why. */
	int (*open)(struct protocol_run *run);
	void (*close)(struct protocol_run *run);
	/* For a new connection: OUT is what sets the way up, before the first
	 * request; judge() says REPLY_READY. NULL: it is ready at once. */
	void (*greet)(struct protocol_run *run, struct exchange *x);
	/* OUT is request x->number. */
	void (*request)(struct protocol_run *run, struct exchange *x);
	/* LEN bytes came, at least one. A datagram is whole. */
	enum reply_check (*judge)(struct protocol_run *run, struct exchange *x,
	    const char *buf, size_t len);
	/* End of file came: REPLY_LAST if it makes the reply complete,
	 * REPLY_GOODBYE if not. NULL: it never does. */
	enum reply_check (*ended)(struct protocol_run *run, struct exchange *x);
	/* OUT is what does not wait for a request; nothing else is being sent.
	 * NULL: there is no such thing. */
	void (*interject)(struct protocol_run *run, struct exchange *x);
	/* OUT says that we leave. NULL: the end of our stream says it. */
	void (*farewell)(struct protocol_run *run, struct exchange *x);
	/* The reply to x->number and its length; NULL: known by words only. */
	const char *(*expected)(const struct protocol_run *run,
	    const struct exchange *x, size_t *len);
};

/*
 * For CONNECTIONS exchanges and requests of SIZE bytes, if the protocol is
 * SIZED; the caller has set protocol, churn, host and path, the rest is zero.
 * Returns 0, or -1 with errno or with words in run->why; protocol_close() is
 * due in any case.
 */
int
protocol_open(struct protocol_run *run, size_t size, uint32_t connections);

void
protocol_close(struct protocol_run *run);

/* Sets up exchange ID of those. */
void
exchange_init(
    struct exchange *exchange, const struct protocol_run *run, uint32_t id);

/* Words for run->why. Returns REPLY_WRONG. */
enum reply_check
reply_wrong(struct protocol_run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Judges LEN bytes of a reply that is to be the SIZE bytes at WANT, of which
 * x->received have been right. Counts them.
 */
enum reply_check
reply_check_bytes(struct protocol_run *run, struct exchange *x,
    const char *want, size_t size, const char *buf, size_t len);

/* Each in a file of its own, but echo and hello, which share one. */
extern const struct protocol protocol_echo;
extern const struct protocol protocol_hello;
extern const struct protocol protocol_http;
extern const struct protocol protocol_ws;
extern const struct protocol protocol_counter;

#endif
