/* SPDX-License-Identifier: MIT */
/*
 * protocol: what a load sends, and what must come back.
 *
 * A protocol is a table of functions without I/O: `request` makes the bytes
 * that a connection sends next, `judge` checks the bytes received, in pieces. A
 * session (session.h) sends and receives, and calls one of them for each event.
 *
 *	run.protocol->request(&run, &exchange);	   ... send exchange.out
 *	run.protocol->judge(&run, &exchange, buf, n);
 *
 * Not thread-safe: a run and its exchanges belong to one thread. The threads of
 * a load share only a payload, which no run changes.
 */
#ifndef COMMON_LOAD_PROTOCOL_H
#define COMMON_LOAD_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/load/http_plan.h"
#include "common/load/payload.h"

/* ---- one connection, as its protocol sees it ---- */

struct exchange {
	uint32_t id;	      /* of the connection, from 0 */
	uint64_t number;      /* of the latest request, from 1; 0: none yet */
	const char *requests; /* payload_requests(), if there is a payload */
	bool pending;	      /* a request has no complete reply yet */
	bool reused;	      /* the request is not the connection's first */
	bool ready;	      /* the handshake is done */
	bool control_due;     /* control() has to be called */
	const char *out;      /* OUT_LEN bytes to send; SENT are sent */
	size_t out_len, sent;
	size_t received; /* right bytes of the reply so far */
	void *own;	 /* the protocol's: OWN_SIZE bytes, zeroed at first */
};

/* What the bytes received mean. */
enum reply_check {
	REPLY_MORE,	  /* right so far */
	REPLY_COMPLETE,	  /* the reply is complete and right */
	REPLY_LAST,	  /* likewise, and the server will close */
	REPLY_READY,	  /* the handshake is done */
	REPLY_WRONG,	  /* wrong; the run has the reason */
	REPLY_WRONG_KEEP, /* wrong, but the connection can be used again */
	REPLY_CLOSED,	  /* the server closes before the end of the reply */
	REPLY_RETRY,	  /* the server closed before it saw the request */
};

/* ---- all connections of a load ---- */

struct protocol_run {
	const struct protocol *protocol;
	struct payload payload;
	/* The exchanges are FIRST to FIRST + CONNECTIONS - 1, of ALL in the
	 * load; the other ones belong to other runs. */
	uint32_t first, connections, all;
	bool payload_is_lent;	      /* another run of the load owns it */
	bool churn;		      /* a connection for each request */
	const char *host;	      /* of HTTP: "localhost:7007" */
	const char *path;	      /* of HTTP: "/" */
	const struct http_plan *http; /* NULL: the usual; open sets it */
	bool idempotent; /* a request may be sent again (see protocol) */
	bool tls;	 /* the bytes come over TLS */
	char *scratch;	 /* shared by all exchanges: if OUT points here, it is
			    valid for one send; request() makes it again */
	void *own;	 /* the protocol's */
	char *states;	 /* memory of the exchanges' OWN */
	uint64_t lost_updates; /* of counter: values that came twice */
	/* The reason of the latest REPLY_WRONG as a text; or, if that is "",
	 * GOT differs from expected() at offset GOT_AT. */
	char why[300];
	const char *got;
	size_t got_len, got_at;
};

struct protocol {
	const char *name;
	const char *summary;
	bool closes;	      /* the server closes after one reply */
	bool datagrams;	      /* works over UDP */
	bool echoes;	      /* the reply is the request, byte for byte; so it
				 identifies its request */
	bool sized;	      /* --size is the size of a request */
	bool chat;	      /* chat_load.h runs it, with members */
	bool unsolicited;     /* judge() takes bytes without a request */
	bool idempotent;      /* a request may be sent again if its connection
				 was closed (RFC 9110 9.2.2) */
	const char *service;  /* of our servers; NULL: the default one */
	const char *path;     /* the default of --path; NULL: has no path */
	const char *tls_name; /* for ALPN (RFC 7301); NULL: none */
	size_t own_size;      /* of exchange.own */
	/* Sets run->own. 0; or -1 with errno, or with a text in run->why. */
	int (*open)(struct protocol_run *run);
	void (*close)(struct protocol_run *run);
	/* Sets OUT to the handshake of a new connection; judge() then returns
	 * REPLY_READY. NULL: no handshake. */
	void (*handshake)(struct protocol_run *run, struct exchange *x);
	/* Sets OUT to request x->number. */
	void (*request)(struct protocol_run *run, struct exchange *x);
	/* Checks LEN bytes received, 1 or more; or a whole datagram. */
	enum reply_check (*judge)(struct protocol_run *run, struct exchange *x,
	    const char *buf, size_t len);
	/* At end of file: REPLY_LAST if that completes the reply, REPLY_CLOSED
	 * or REPLY_WRONG if not. NULL: it never does. */
	enum reply_check (*at_eof)(
	    struct protocol_run *run, struct exchange *x);
	/* Sets OUT to bytes that wait for no request (a pong), when nothing
	 * else is being sent. NULL: there are none. */
	void (*control)(struct protocol_run *run, struct exchange *x);
	/* Sets OUT to a message that the client closes. NULL: the end of the
	 * stream is enough. */
	void (*leave)(struct protocol_run *run, struct exchange *x);
	/* Adds what OTHER, of the same load, knows of its replies. Returns how
	 * many both took for right that cannot both be; the first is described
	 * in run->why. NULL: a reply that is right for its own run is right. */
	uint64_t (*merge)(
	    struct protocol_run *run, const struct protocol_run *other);
	/* The reply to request x->number, *LEN bytes. NULL: only `why` says
	 * what is wrong. */
	const char *(*expected)(const struct protocol_run *run,
	    const struct exchange *x, size_t *len);
};

/*
 * Prepares CONNECTIONS exchanges, with requests of SIZE bytes if the protocol
 * is `sized`. The caller has set protocol, churn, host and path, and if there
 * are other runs first, all, and a payload that is lent; the rest of RUN is
 * zero. Returns 0; or -1 with errno, or with a text in run->why. The caller
 * calls protocol_close() in any case.
 */
int
protocol_open(struct protocol_run *run, size_t size, uint32_t connections);

void
protocol_close(struct protocol_run *run);

/* Initializes exchange ID, one of those of RUN. */
void
exchange_init(
    struct exchange *exchange, const struct protocol_run *run, uint32_t id);

/* What the server speaks instead of RUN's protocol, by the LEN bytes at AT that
 * it sent first, and what to do; NULL: nothing that is known. */
const char *
protocol_other(const struct protocol_run *run, const char *at, size_t len);

/* Writes a text to run->why. Returns REPLY_WRONG. */
enum reply_check
reply_wrong(struct protocol_run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Compares LEN bytes received with the reply, the SIZE bytes at WANT, from
 * offset x->received on, and advances that.
 */
enum reply_check
reply_check_bytes(struct protocol_run *run, struct exchange *x,
    const char *want, size_t size, const char *buf, size_t len);

/* The protocols of protocol_*.c. */
extern const struct protocol protocol_echo;
extern const struct protocol protocol_hello;
extern const struct protocol protocol_http;
extern const struct protocol protocol_ws;
extern const struct protocol protocol_counter;

#endif
