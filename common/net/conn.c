/* SPDX-License-Identifier: MIT */
/* conn: recv(2) and send(2) with two deadlines, and an end without a reset. */
#include "common/net/conn.h"

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "common/base/clock.h"
#include "common/base/hot.h"
#include "common/base/trace.h"

/* ---- a plain socket ---- */

HOT static ssize_t
socket_receive(struct conn *conn, void *buf, size_t size, int flags)
{
	return recv(conn->fd, buf, size, flags);
}

HOT static ssize_t
socket_send(struct conn *conn, const void *buf, size_t len, int flags)
{
	return send(conn->fd, buf, len, flags | MSG_NOSIGNAL);
}

static int
socket_end(struct conn *conn)
{
	/* After the peer's end, or an error, closing the socket says enough. */
	return conn->ended ? 0 : shutdown(conn->fd, SHUT_WR);
}

const struct transport TRANSPORT_SOCKET = {
    .receive = socket_receive,
    .send = socket_send,
    .end = socket_end,
};

/* ---- deadlines ---- */

void
conn_init(struct conn *conn, int fd, uint64_t idle_timeout_ns,
    uint64_t request_timeout_ns)
{
	*conn = (struct conn){
	    .fd = fd,
	    .transport = &TRANSPORT_SOCKET,
	    .outcome = OUTCOME_SERVED,
	    .moved = true,
	    .traced = trace_on(),
	    .request_due_ns = NEVER,
	    .idle_timeout_ns = idle_timeout_ns,
	    .request_timeout_ns = request_timeout_ns,
	};
}

int
conn_fail(struct conn *conn, int error)
{
	conn->outcome = error == ETIMEDOUT ? OUTCOME_TIMED_OUT : OUTCOME_FAILED;
	conn->ended = true;
	errno = error;
	return -1;
}

int
conn_refuse(struct conn *conn)
{
	conn->outcome = OUTCOME_FAILED;
	errno = EPROTO;
	return -1;
}

/*
 * A call was interrupted: checks the idle timeout. A peer that reads slowly is
 * not idle: less is queued than at the last check, even if too little to let
 * send() return.
 */
static bool
is_idle(struct conn *conn)
{
	uint64_t now = now_ns();
	int queued = 0;

	ioctl(conn->fd, SIOCOUTQ, &queued);
	if (conn->moved || queued < conn->queued) {
		conn->moved = false;
		conn->quiet_since_ns = now;
	}
	conn->queued = queued;
	return now - conn->quiet_since_ns >= conn->idle_timeout_ns;
}

static short
obvious_or(const struct conn *conn, short events)
{
	return conn->blocked_on ? conn->blocked_on : events;
}

/*
 * Waits for EVENTS, until the request's deadline and for the idle timeout at
 * most. Returns 0, or -1 with errno.
 */
static int
wait_in_request(const struct conn *conn, short events)
{
	struct pollfd wait = {conn->fd, obvious_or(conn, events), 0};
	uint64_t now = now_ns(), due = conn->request_due_ns;
	int n;

	due = earlier(due, now + conn->idle_timeout_ns);
	do {
		n = poll(&wait, 1, clock_timeout_ms(due, now));
		now = now_ns();
	} while (n == 0 ? now < due : n < 0 && errno == EINTR);
	if (n == 0)
		errno = ETIMEDOUT;
	return n > 0 ? 0 : -1;
}

/*
 * After a failed recv or send. Returns 0 to try again, or -1 if the connection
 * has failed.
 */
static int
try_again(struct conn *conn, short events)
{
	if (errno == EINTR && is_idle(conn))
		errno = ETIMEDOUT;
	else if (errno == EINTR ||
		 (errno == EAGAIN && wait_in_request(conn, events) == 0))
		return 0;
	return conn_fail(conn, errno);
}

/* ---- read and write ---- */

/* For the trace: bytes were RECEIVED, or sent. */
static void
trace_moved(struct conn *conn, bool received)
{
	conn->traced_ns = now_ns();
	if (!received || conn->first_traced)
		return;
	conn->first_traced = true;
	trace_record_here(TRACE_FIRST_BYTE, conn->traced_ns, 0);
}

static void
note_sent(struct conn *conn)
{
	conn->moved = true;
	if (conn->traced)
		trace_moved(conn, false);
}

/* After this many bytes were received. */
static void
note_received(struct conn *conn, ssize_t n)
{
	conn->moved = true;
	conn->heard = true;
	if (conn->traced && n > 0)
		trace_moved(conn, true);
	if (n == 0)
		conn->ended = true;
	else if (conn->in_request && conn->request_due_ns == NEVER)
		conn->request_due_ns = now_ns() + conn->request_timeout_ns;
}

static bool
leaves(const struct conn *conn)
{
	return conn->leave && *conn->leave;
}

HOT ssize_t
conn_read(struct conn *conn, void *buf, size_t size)
{
	bool timed = conn->request_due_ns != NEVER;
	int flags = timed || leaves(conn) ? MSG_DONTWAIT : 0;
	ssize_t n;

	if (timed && now_ns() >= conn->request_due_ns)
		return conn_fail(conn, ETIMEDOUT);
	while ((n = conn->transport->receive(conn, buf, size, flags)) < 0) {
		if ((errno == EINTR || (errno == EAGAIN && !timed)) &&
		    leaves(conn))
			return 0; /* the server's end, not the client's */
		if (try_again(conn, POLLIN) < 0)
			return -1;
	}
	note_received(conn, n);
	return n;
}

HOT int
conn_write(struct conn *conn, const void *buf, size_t len)
{
	bool timed = conn->request_due_ns != NEVER;
	int flags = timed ? MSG_DONTWAIT : 0;
	const char *at = buf;

	while (len > 0) {
		ssize_t n = conn->transport->send(conn, at, len, flags);

		if (n < 0 && try_again(conn, POLLOUT) < 0)
			return -1;
		if (n > 0) {
			note_sent(conn);
			at += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static ssize_t
tried(struct conn *conn, ssize_t n)
{
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return conn_fail(conn, errno);
	return n;
}

ssize_t
conn_try_read(struct conn *conn, void *buf, size_t size)
{
	ssize_t n = conn->transport->receive(conn, buf, size, MSG_DONTWAIT);

	if (n >= 0)
		note_received(conn, n);
	return tried(conn, n);
}

ssize_t
conn_try_write(struct conn *conn, const void *buf, size_t len)
{
	ssize_t n = conn->transport->send(conn, buf, len, MSG_DONTWAIT);

	if (n > 0)
		note_sent(conn);
	return tried(conn, n);
}

int
conn_wait(
    struct conn *conn, short events, uint64_t until_ns, const sigset_t *mask)
{
	struct pollfd wait = {conn->fd, obvious_or(conn, events), 0};
	uint64_t now = now_ns(), due = earlier(conn->request_due_ns, until_ns);
	struct timespec left = clock_timespec(due > now ? due - now : 0);
	int n;

	if (now >= conn->request_due_ns)
		return conn_fail(conn, ETIMEDOUT);
	if ((events & POLLIN) && conn_holds_input(conn))
		return 1;
	n = ppoll(&wait, 1, due == NEVER ? NULL : &left, mask);
	if (n < 0 && errno == EINTR)
		return is_idle(conn) ? conn_fail(conn, ETIMEDOUT) : 0;
	return n < 0 ? conn_fail(conn, errno) : n;
}

bool
conn_holds_input(const struct conn *conn)
{
	return conn->transport->holds_input &&
	       conn->transport->holds_input(conn);
}

void
conn_touch(struct conn *conn)
{
	conn->moved = true;
}

uint64_t
conn_quiet_ns(const struct conn *conn)
{
	return conn->moved ? 0 : now_ns() - conn->quiet_since_ns;
}

/* ---- requests and the end ---- */

void
conn_request_within(struct conn *conn, uint64_t timeout_ns)
{
	conn->in_request = true;
	conn->request_due_ns = now_ns() + timeout_ns;
}

HOT void
conn_request_begin(struct conn *conn)
{
	conn->in_request = true;
	conn->request_due_ns = NEVER;
}

void
conn_request_end(struct conn *conn)
{
	conn->in_request = false;
	conn->request_due_ns = NEVER;
}

bool
conn_drain_step(int fd, size_t *drained)
{
	char scrap[4096];
	ssize_t n;

	while ((n = recv(fd, scrap, sizeof(scrap), MSG_DONTWAIT)) > 0) {
		*drained += (size_t)n;
		if (*drained > CONN_LINGER_BYTES)
			return true;
	}
	return n == 0 || (errno != EAGAIN && errno != EINTR);
}

/* A client holds its worker no longer than with a request, except one second
 * for the answer to arrive. */
static uint64_t
hear_until(const struct conn *conn, uint64_t begun)
{
	uint64_t last =
	    earlier(conn->request_due_ns, begun + conn->request_timeout_ns);

	last = earlier(last, begun + CONN_HEAR_OUT_NS);
	return last > begun + CONN_LINGER_NS ? last : begun + CONN_LINGER_NS;
}

/* A client that still sends may read our answer only when it is done. */
static void
hear_out(const struct conn *conn)
{
	struct pollfd wait = {.fd = conn->fd, .events = POLLIN};
	uint64_t begun = now_ns(), now = begun, due = now + CONN_LINGER_NS;
	uint64_t last = hear_until(conn, begun);
	char scrap[4096];
	ssize_t n;

	while (now < due) {
		n = recv(conn->fd, scrap, sizeof(scrap), MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			return;
		if (n < 0)
			poll(&wait, 1, clock_timeout_ms(due, now));
		now = now_ns();
		if (n > 0)
			due = earlier(now + CONN_LINGER_NS, last);
		if (conn->leave && *conn->leave)
			due = earlier(due, begun + CONN_LINGER_NS);
	}
}

enum outcome
conn_finish(struct conn *conn)
{
	if (conn->traced_ns)
		trace_record_here(TRACE_LAST_BYTE, conn->traced_ns, 0);
	if (conn->transport->end(conn) == 0 && !conn->ended)
		hear_out(conn);
	if (conn->transport->release)
		conn->transport->release(conn);
	return conn->outcome;
}
