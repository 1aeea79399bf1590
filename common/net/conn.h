/* SPDX-License-Identifier: MIT */
/*
 * conn: the byte stream of one client, as a service sees it.
 *
 * Blocking calls, each under two deadlines. A conn remembers how it failed, so
 * a service just returns after a failure, and the worker's outcome (struct
 * ledger) is right. One worker owns a conn.
 *
 *	while ((n = conn_read(conn, buf, sizeof(buf))) > 0)
 *		if (conn_write(conn, buf, (size_t)n) < 0)
 *			return;
 *
 * Idle timeout: no byte in either direction. It costs nothing for each call (a
 * poll(2) cost 7 % of an echo, a socket timeout 4 %): the wake signal
 * (server/worker.h) interrupts a blocked call now and then, and the conn reads
 * the clock. So it is exact to an eighth or two of its length.
 *
 * Request timeout: from a request's first byte to conn_request_end(). Slow
 * progress does not extend it. It costs a poll only where a call would block.
 */
#ifndef COMMON_NET_CONN_H
#define COMMON_NET_CONN_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* How a connection ended. A worker passes it to the accept loop. */
enum outcome {
	OUTCOME_SERVED,
	OUTCOME_TIMED_OUT,
	OUTCOME_FAILED,
	OUTCOME_CRASHED, /* not set by a conn: a signal killed the worker */
	OUTCOME_COUNT,
};

struct conn;

/*
 * How bytes are transported. receive() and send() are like recv(2) and send(2):
 * FLAGS is 0 or MSG_DONTWAIT; errors are in errno; after EAGAIN,
 * conn->blocked_on is the event to wait for, if it is not POLLIN or POLLOUT.
 */
struct transport {
	ssize_t (*receive)(
	    struct conn *conn, void *buf, size_t size, int flags);
	ssize_t (*send)(
	    struct conn *conn, const void *buf, size_t len, int flags);
	/* Whether it holds input that poll(2) does not report. NULL: never. */
	bool (*holds_input)(const struct conn *conn);
	/* Ends our output, if the peer can still be told. Returns 0; or -1 with
	 * errno, and nothing is awaited. */
	int (*end)(struct conn *conn);
	/* Frees conn->layer. NULL: there is none. */
	void (*release)(struct conn *conn);
	/* Encrypted and authenticated: the peer has seen our certificate. */
	bool secure;
};

extern const struct transport TRANSPORT_SOCKET;

struct conn {
	int fd; /* borrowed: conn_finish() does not close it */
	const struct transport *transport;
	void *layer;	  /* data of the transport */
	short blocked_on; /* poll events; 0: the usual ones */
	/* Once true, a waiting read returns end of file, as if the client had
	 * left: set it where a drain may close the connection. NULL: never. */
	const _Atomic bool *leave;
	enum outcome outcome;
	bool ended;		 /* end of file was seen, or an error */
	bool in_request;	 /* the request deadline applies ... */
	uint64_t request_due_ns; /* ... from the first byte (NEVER: none yet) */
	bool heard; /* a byte came; the reader of this flag clears it */
	/* Between two flags that are set together: the compiler would load both
	 * at once from a constant, and a forked child fault for its page. */
	int queued;	    /* bytes that the kernel had not sent at ... */
	bool moved;	    /* ... the last look; a byte moved since then */
	bool traced;	    /* the trace is on */
	bool first_traced;  /* and has the first byte */
	uint64_t traced_ns; /* when the last byte moved, if TRACED; 0: none */
	uint64_t quiet_since_ns;
	uint64_t idle_timeout_ns;
	uint64_t request_timeout_ns;
};

/* Starts with a plain socket; another transport is set afterwards. FD stays the
 * caller's. */
void
conn_init(struct conn *conn, int fd, uint64_t idle_timeout_ns,
    uint64_t request_timeout_ns);

/*
 * Reads up to SIZE bytes, as they come. Returns their count, 0 at end of file,
 * or -1 with errno (ETIMEDOUT for either deadline).
 */
ssize_t
conn_read(struct conn *conn, void *buf, size_t size);

/* Writes all LEN bytes. Returns 0, or -1 with errno (ETIMEDOUT for either
 * deadline). */
int
conn_write(struct conn *conn, const void *buf, size_t len);

/*
 * The same without waiting, for a service that also does something else. -1
 * with EAGAIN (nothing is lost) or EINTR is not a failure. A write may be
 * short; repeat it from the first byte that was not taken.
 */
ssize_t
conn_try_read(struct conn *conn, void *buf, size_t size);
ssize_t
conn_try_write(struct conn *conn, const void *buf, size_t len);

/*
 * Waits for EVENTS (POLLIN, POLLOUT), until UNTIL_NS, or for a signal that MASK
 * lets through (NULL: the current mask). Returns 1 if the client's side has
 * news, 0 after the time or a signal; -1 with errno if a deadline has passed or
 * the connection has failed.
 */
int
conn_wait(
    struct conn *conn, short events, uint64_t until_ns, const sigset_t *mask);

/* Whether there is more input now, beyond the last read. */
bool
conn_holds_input(const struct conn *conn);

/* How long no byte has moved in either direction, at the last check. */
uint64_t
conn_quiet_ns(const struct conn *conn);

/* The service keeps the connection quiet, not the client: it is not idle. */
void
conn_touch(struct conn *conn);

/* Notes that the connection has failed with ERROR. Returns -1 with errno. */
int
conn_fail(struct conn *conn, int error);

/*
 * Notes that the client broke the protocol and was told so. Returns -1 with
 * EPROTO. Unlike after conn_fail(), conn_finish() lets the client read the
 * answer.
 */
int
conn_refuse(struct conn *conn);

/* A request of TIMEOUT_NS begins now and lasts until conn_request_end(). */
void
conn_request_within(struct conn *conn, uint64_t timeout_ns);

/* The next byte that is read begins a request. */
void
conn_request_begin(struct conn *conn);

/* The request is answered: only the idle timeout applies. */
void
conn_request_end(struct conn *conn);

/*
 * Ends the stream so that the client can read all that was written. Returns the
 * outcome. The descriptor stays open; the transport is freed.
 *
 * Closing with unread input would reset the connection, and a reset destroys
 * the answer on its way (RFC 9112 9.6). So, unless the client's end of file was
 * seen, the write side is shut and input is read and dropped, until nothing has
 * come for CONN_LINGER_NS, and for CONN_HEAR_OUT_NS at most; but for
 * CONN_LINGER_NS at most once *conn->leave is true, or beyond the request's
 * deadline (without a request, beyond that timeout).
 */
enum outcome
conn_finish(struct conn *conn);

#define CONN_LINGER_NS (1000 * 1000 * 1000ULL)
#define CONN_HEAR_OUT_NS (30 * CONN_LINGER_NS)
#define CONN_LINGER_BYTES (1024 * 1024)

/*
 * One step of such a lingering close, without blocking: reads what is there.
 * Returns true if the peer has closed or failed, or *DRAINED exceeds
 * CONN_LINGER_BYTES; false: call it again on new input.
 */
bool
conn_drain_step(int fd, size_t *drained);

#endif
