/* SPDX-License-Identifier: MIT */
/*
 * conn: one client's byte stream, as a service sees it.
 *
 * Blocking calls, each under a deadline; a conn remembers how it went wrong,
 * so that a service just returns on any failure and the worker's outcome is
 * right (struct ledger). One worker owns a conn; nothing in it is shared.
 *
 *	while ((n = conn_read(conn, buf, sizeof(buf))) > 0)
 *		if (conn_write(conn, buf, (size_t)n) < 0)
 *			return;
 *
 * Two deadlines hold at once. Idle: no byte in either direction. Nothing is
 * done for it before each call (a poll(2) cost 7 % of an echo, a socket timeout
 * 4 %): somebody interrupts a blocked call now and then with a signal
 * (server/worker.h), and the conn looks at the clock. So it holds within an
 * eighth or two of its length. Request: between conn_request_begin() and
 * conn_request_end(), from the request's first byte, which a byte a second does
 * not extend; it costs a poll only where a call would block.
 */
#ifndef COMMON_NET_CONN_H
#define COMMON_NET_CONN_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* How a connection ended: what a worker hands to the accept loop. */
enum outcome {
	OUTCOME_SERVED,
	OUTCOME_TIMED_OUT,
	OUTCOME_FAILED,
	OUTCOME_CRASHED, /* never by a conn: the worker died of a signal */
	OUTCOME_COUNT,
};

struct conn;

/*
 * How bytes travel. receive() and send() are recv(2) and send(2): FLAGS is 0
 * or MSG_DONTWAIT, errors come by errno; with EAGAIN, conn->blocked_on says
 * what to wait for where that is not POLLIN or POLLOUT.
 */
struct transport {
	ssize_t (*receive)(
	    struct conn *conn, void *buf, size_t size, int flags);
	ssize_t (*send)(
	    struct conn *conn, const void *buf, size_t len, int flags);
	/* Whether it holds input of which poll(2) does not know. NULL: never.
	 */
	bool (*holds_input)(const struct conn *conn);
	/* Ends what we write, unless the peer cannot be told any more. Returns
	 * 0, or -1 with errno: then nothing is waited for. */
	int (*end)(struct conn *conn);
	/* Gives back conn->layer. NULL: there is none. */
	void (*release)(struct conn *conn);
	/* Nobody on the way can read or change it, and the peer has seen a
	 * certificate of ours. */
	bool secure;
};

extern const struct transport TRANSPORT_SOCKET;

struct conn {
	int fd; /* borrowed: conn_finish() does not close it */
	const struct transport *transport;
	void *layer;	  /* the transport's own */
	short blocked_on; /* poll events, 0: the obvious ones */
	/* Once true, a read that waits is at its end of file, as if the client
	 * had left: for where it may be sent away. NULL: never. */
	const _Atomic bool *leave;
	enum outcome outcome;
	bool ended;		 /* end of file was seen, or an error */
	bool in_request;	 /* the request deadline applies ... */
	uint64_t request_due_ns; /* ... from the first byte (NEVER: none yet) */
	bool heard;		 /* a byte came; who wants to know clears it */
	bool moved;		 /* a byte, since the clock was looked at */
	int queued;		 /* bytes not sent by the kernel then */
	uint64_t quiet_since_ns;
	uint64_t idle_timeout_ns;
	uint64_t request_timeout_ns;
};

/* Over a plain socket; who wants another transport sets it then. FD stays the
 * caller's. */
void
conn_init(struct conn *conn, int fd, uint64_t idle_timeout_ns,
    uint64_t request_timeout_ns);

/*
 * Up to SIZE bytes as they come. Returns their count, 0 at end of file, -1
 * with errno (ETIMEDOUT for either deadline).
 */
ssize_t
conn_read(struct conn *conn, void *buf, size_t size);

/* All LEN bytes, or -1 with errno (ETIMEDOUT for either deadline). */
int
conn_write(struct conn *conn, const void *buf, size_t len);

/*
 * For who serves a client and something else at once: the same without
 * waiting. -1 with EAGAIN (nothing is lost) or EINTR is not a failure. A write
 * may be short; what is not taken has to come again from the same bytes.
 */
ssize_t
conn_try_read(struct conn *conn, void *buf, size_t size);
ssize_t
conn_try_write(struct conn *conn, const void *buf, size_t len);

/*
 * Waits until EVENTS (POLLIN, POLLOUT), the time UNTIL_NS, or one of the
 * signals that MASK lets through (NULL: those that are). Returns 1 when the
 * client's side is worth a look, 0 when it was time or a signal; -1 with errno
 * when either deadline has passed or the connection has failed.
 */
int
conn_wait(
    struct conn *conn, short events, uint64_t until_ns, const sigset_t *mask);

/* Whether more is here already than the last read took. */
bool
conn_holds_input(const struct conn *conn);

/* How long nothing has moved in either direction, as far as was looked. */
uint64_t
conn_quiet_ns(const struct conn *conn);

/* What keeps the connection quiet is not the client: it is not idle. */
void
conn_touch(struct conn *conn);

/* The connection has failed with ERROR: its outcome, and -1 with errno. */
int
conn_fail(struct conn *conn, int error);

/*
 * The client broke the protocol and has been told so: its outcome, and -1 with
 * EPROTO. Other than after conn_fail(), conn_finish() lets it read the words.
 */
int
conn_refuse(struct conn *conn);

/* All until conn_request_end() is one request, from now, of TIMEOUT_NS. */
void
conn_request_within(struct conn *conn, uint64_t timeout_ns);

/* The next byte that is read begins a request. */
void
conn_request_begin(struct conn *conn);

/* The request is answered: only the idle deadline holds. */
void
conn_request_end(struct conn *conn);

/*
 * Ends the stream so that the client can read all that was written, and says
 * how it went. Where the client's end of file was not seen, closing at once
 * would reset the connection if input is unread, and a reset destroys the
 * answer on its way (RFC 9112 9.6): so the write side is shut and the input
 * drained, until nothing has come for CONN_LINGER_NS, and for CONN_HEAR_OUT_NS
 * at most. It is so for CONN_LINGER_NS at most once *conn->leave is true, and
 * behind the request's deadline (or, without a request, behind the timeout that
 * one would have). The descriptor stays open; the transport's layer is given
 * back.
 */
enum outcome
conn_finish(struct conn *conn);

#define CONN_LINGER_NS (1000 * 1000 * 1000ULL)
#define CONN_HEAR_OUT_NS (30 * CONN_LINGER_NS)
#define CONN_LINGER_BYTES (1024 * 1024)

/*
 * One step of such a drain, for whoever must not block: reads what is there.
 * Returns true when the peer has closed or failed, or *DRAINED has passed
 * CONN_LINGER_BYTES; false when it has to be called again on new input.
 */
bool
conn_drain_step(int fd, size_t *drained);

#endif
