/* SPDX-License-Identifier: MIT */
/* talk: two byte streams and a poll. */
#include "common/load/talk.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/net/dial.h"

struct talk {
	int socket, input; /* input: -1 for a message */
	const char *out;   /* not sent yet */
	size_t out_len;
	bool sending;
	char buffer[65536];
};

static int
fail(const char *what)
{
	log_error("%s: %s", what, strerror(errno));
	return -1;
}

/* 1: there is more to send; 0: all is sent; -1: error. */
static int
send_some(struct talk *t)
{
	ssize_t n = send(t->socket, t->out, t->out_len, MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 1 : -1;
	t->out += n;
	t->out_len -= (size_t)n;
	return t->out_len > 0;
}

static int
take_input(struct talk *t)
{
	ssize_t n = read(t->input, t->buffer, sizeof(t->buffer));

	if (n < 0)
		return errno == EINTR ? 0 : -1;
	t->out = t->buffer;
	t->out_len = (size_t)n;
	if (n == 0)
		t->sending = false;
	return 0;
}

static int
print(const char *at, size_t len)
{
	while (len > 0) {
		ssize_t n = write(STDOUT_FILENO, at, len);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			at += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/* 1: the server has closed; 0: goes on; -1: after an error line. */
static int
receive(struct talk *t, char *last)
{
	char got[65536];
	ssize_t n = recv(t->socket, got, sizeof(got), 0);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0
							 : fail("receiving");
	if (n == 0)
		return 1;
	*last = got[n - 1];
	return print(got, (size_t)n) < 0 ? fail("standard output") : 0;
}

static int
converse(struct talk *t, uint64_t timeout_ns)
{
	char last = '\n';
	int done = 0;

	while (!done) {
		bool reading = t->sending && !t->out_len;
		struct pollfd polls[2] = {
		    {t->socket, (short)(POLLIN | (t->out_len ? POLLOUT : 0)),
			0},
		    {reading ? t->input : -1, POLLIN, 0},
		};
		int n =
		    poll(polls, 2, reading ? -1 : timeout_ms(timeout_ns, 0));

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0) {
			errno = ETIMEDOUT;
			return fail("waiting for the server");
		}
		if (polls[1].revents && take_input(t) < 0)
			return fail("standard input");
		if (polls[0].revents & POLLIN)
			done = receive(t, &last);
		else if (polls[0].revents & (POLLERR | POLLHUP))
			done = receive(t, &last);
		if (done)
			break;
		if (polls[0].revents & POLLOUT && send_some(t) < 0)
			return fail("sending");
		if (t->input < 0 && !t->out_len)
			t->sending = false;
		if (!t->sending && !t->out_len)
			shutdown(t->socket, SHUT_WR);
	}
	if (done > 0 && last != '\n' && isatty(STDOUT_FILENO))
		print("\n", 1);
	return done > 0 ? 0 : -1;
}

static int
fail_to_connect(const struct address *target)
{
	int error = errno;
	char text[ADDRESS_TEXT_MAX];

	log_error("connecting to %s: %s", address_format(target, text),
	    strerror(error));
	return -1;
}

int
talk(const struct address *target, const char *message, uint64_t timeout_ns)
{
	struct talk t = {
	    .input = message ? -1 : STDIN_FILENO,
	    .out = message,
	    .out_len = message ? strlen(message) : 0,
	    .sending = true,
	};
	int bad;

	t.socket = dial(target, timeout_ns);
	if (t.socket < 0)
		return fail_to_connect(target);
	if (message && !t.out_len) {
		t.sending = false;
		shutdown(t.socket, SHUT_WR);
	}
	bad = converse(&t, timeout_ns);
	close(t.socket);
	return bad;
}
