/* SPDX-License-Identifier: MIT */
/* conn: recv and send with two deadlines, and an end without a reset. */
#include "common/net/conn.h"

#include <errno.h>
#include <poll.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "common/base/clock.h"

void
conn_init(struct conn *conn, int fd, uint64_t idle_timeout_ns,
    uint64_t request_timeout_ns)
{
	*conn = (struct conn){
	    .fd = fd,
	    .outcome = OUTCOME_SERVED,
	    .request_due_ns = NEVER,
	    .idle_timeout_ns = idle_timeout_ns,
	    .request_timeout_ns = request_timeout_ns,
	};
}

static int
fail(struct conn *conn, int error)
{
	/* A blocking socket says EAGAIN when its own timeout has passed. */
	if (error == EAGAIN)
		error = ETIMEDOUT;
	conn->outcome = error == ETIMEDOUT ? OUTCOME_TIMED_OUT : OUTCOME_FAILED;
	conn->ended = true;
	errno = error;
	return -1;
}

/*
 * Waits for EVENTS under the request deadline, which a socket timeout cannot
 * express: that one starts anew with every byte. Returns 0, or -1 with errno.
 */
static int
wait_in_request(const struct conn *conn, short events)
{
	struct pollfd wait = {.fd = conn->fd, .events = events};
	uint64_t now = now_ns(), due = conn->request_due_ns;
	int n;

	due = earlier(due, now + conn->idle_timeout_ns);
	do {
		n = poll(&wait, 1, timeout_ms(due, now));
		now = now_ns();
	} while (n == 0 ? now < due : n < 0 && errno == EINTR);
	if (n == 0)
		errno = ETIMEDOUT;
	return n > 0 ? 0 : -1;
}

ssize_t
conn_read(struct conn *conn, void *buf, size_t size)
{
	bool timed = conn->request_due_ns != NEVER;
	ssize_t n;

	for (;;) {
		n = recv(conn->fd, buf, size, timed ? MSG_DONTWAIT : 0);
		if (n > 0)
			break;
		if (n == 0) {
			conn->ended = true;
			return 0;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN || !timed ||
		    wait_in_request(conn, POLLIN) < 0)
			return fail(conn, errno);
	}
	if (conn->in_request && !timed)
		conn->request_due_ns = now_ns() + conn->request_timeout_ns;
	return n;
}

/*
 * A send that timed out has found no room, but the peer may be reading, slowly:
 * then less is queued than when we last looked. Returns whether the idle
 * timeout has passed without that. *QUEUED is -1 at first.
 */
static bool
send_is_idle(const struct conn *conn, int *queued, uint64_t *since)
{
	uint64_t now = now_ns();
	int left = 0;

	ioctl(conn->fd, SIOCOUTQ, &left);
	if (*queued < 0 || left < *queued) {
		*queued = left;
		*since = now;
		return false;
	}
	return now - *since >= conn->idle_timeout_ns;
}

int
conn_write(struct conn *conn, const void *buf, size_t len)
{
	const char *at = buf;
	bool timed = conn->request_due_ns != NEVER;
	int queued = -1;
	uint64_t since = 0;

	while (len > 0) {
		ssize_t n = send(conn->fd, at, len,
		    MSG_NOSIGNAL | (timed ? MSG_DONTWAIT : 0));

		if (n >= 0) {
			at += n;
			len -= (size_t)n;
			queued = -1;
		} else if (errno == EAGAIN && timed) {
			if (wait_in_request(conn, POLLOUT) < 0)
				return fail(conn, errno);
		} else if (errno == EAGAIN) {
			if (send_is_idle(conn, &queued, &since))
				return fail(conn, ETIMEDOUT);
		} else if (errno != EINTR) {
			return fail(conn, errno);
		}
	}
	return 0;
}

void
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

enum outcome
conn_finish(struct conn *conn)
{
	struct pollfd wait = {.fd = conn->fd, .events = POLLIN};
	uint64_t now, due;
	size_t drained = 0;

	if (conn->ended)
		return conn->outcome;
	if (shutdown(conn->fd, SHUT_WR) < 0)
		return conn->outcome;
	now = now_ns();
	due = now + CONN_LINGER_NS;
	while (!conn_drain_step(conn->fd, &drained) && now < due) {
		poll(&wait, 1, timeout_ms(due, now));
		now = now_ns();
	}
	return conn->outcome;
}
