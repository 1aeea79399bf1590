/* SPDX-License-Identifier: MIT */
/* dial: a non-blocking connect, and a poll for its end. */
#include "common/net/dial.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"

int
dial_begin(int fd, const struct address *address)
{
	while (connect(fd, &address->any, address->len) < 0) {
		/* EALREADY, EISCONN: the call was interrupted, the connect goes
		 * on. */
		if (errno == EINPROGRESS || errno == EALREADY ||
		    errno == EISCONN)
			return 0;
		if (errno != EINTR)
			return -1;
	}
	return 0;
}

/* The result of a connect that is under way on FD: 0, or its errno. */
static int
wait_connected(int fd, uint64_t due)
{
	struct pollfd wait = {fd, POLLOUT, 0};
	int n, error = 0;
	socklen_t len = sizeof(error);

	do
		n = poll(&wait, 1, clock_timeout_ms(due, now_ns()));
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return ETIMEDOUT;
	if (n < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		return errno;
	return error;
}

/* Waits for the connect of FD until DUE. Returns 0, or its errno. */
static int
connect_until(int fd, const struct address *address, uint64_t due)
{
	uint64_t now;

	do {
		now = now_ns();
		if (dial_begin(fd, address) == 0)
			return wait_connected(fd, due);
		if (errno != EAGAIN)
			return errno;
		clock_wait_ns(DIAL_AGAIN_NS);
	} while (now < due);
	return ETIMEDOUT;
}

int
dial(const struct address *address, uint64_t timeout_ns)
{
	uint64_t now = now_ns();
	uint64_t due = now > NEVER - timeout_ns ? NEVER : now + timeout_ns;
	int fd, error, on = 1;

	fd = socket(address->any.sa_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	/* Urgent data stays in the stream (RFC 6093 4). */
	setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on));
	error = connect_until(fd, address, due);
	if (!error)
		return fd;
	close(fd);
	errno = error;
	return -1;
}

int
dial_datagrams(const struct address *address)
{
	int fd = socket(address->any.sa_family,
	    SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0 || dial_begin(fd, address) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

bool
dial_answers(const struct address *address, uint64_t timeout_ns)
{
	int fd = dial(address, timeout_ns);
	struct address own = {.len = sizeof(own.un)};
	bool met_itself;

	if (fd < 0)
		return false;
	/* Two crossing SYNs connect (RFC 9293 3.5), also if the port happens to
	 * be our own. */
	met_itself = getsockname(fd, &own.any, &own.len) == 0 &&
		     own.any.sa_family != AF_UNIX && own.len == address->len &&
		     memcmp(&own.any, &address->any, own.len) == 0;
	close(fd);
	return !met_itself;
}
