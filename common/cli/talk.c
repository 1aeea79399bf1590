/* SPDX-License-Identifier: MIT */
/* talk: two byte streams and a poll. */
#include "common/cli/talk.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/descriptor.h"
#include "common/base/log.h"
#include "common/cli/cli.h"
#include "common/load/stall.h"
#include "common/net/client_stream.h"
#include "common/net/dial.h"

struct talk {
	int socket, input;	   /* input: -1 for a message */
	struct tls_stream *stream; /* NULL: none */
	bool shaking;		   /* hands */
	bool wants_out;		   /* the socket has to become writable */
	const char *out;	   /* not sent yet */
	size_t out_len;
	bool sending, ended;
	char last; /* byte that came */
	struct stall stall;
	char buffer[65536];
};

/* The largest datagram's payload over IPv4. */
#define DATAGRAM_MAX 65507

static int
fail(const char *what)
{
	log_error("%s: %s", what, strerror(errno));
	return -1;
}

static int
fail_to_connect(const struct address *target)
{
	int error = errno;
	char text[ADDRESS_TEXT_MAX];

	log_error("connecting to %s: %s%s", address_format(target, text),
	    strerror(error), cli_refused_advice(error));
	return -1;
}

/* As fail(), of the connection. */
static int
fail_talking(const struct talk *t, const char *what)
{
	if (!client_stream_why(t->stream)[0])
		return fail(what);
	log_error("TLS: %s", client_stream_why(t->stream));
	return -1;
}

/* ---- waiting ---- */

/* So often it waits again after it stood still. */
#define AGAIN 8

/* As poll(2); time in which we did not run ourselves is not the server's. */
static int
wait_for(struct talk *t, struct pollfd *polls, nfds_t count, uint64_t ns)
{
	int n, tries = AGAIN;

	do {
		uint64_t since = now_ns();

		n = poll(polls, count, clock_timeout_ms(ns, 0));
		ns = stall_note(&t->stall, since,
		    ns == NEVER ? NEVER : since + ns, now_ns());
	} while (n == 0 && ns && tries-- > 0);
	return n;
}

static int
fail_waiting(const struct talk *t)
{
	if (!t->stall.ns) {
		errno = ETIMEDOUT;
		return fail("waiting for the server");
	}
	log_error("waiting for the server: %s; and this client did not run "
		  "for %.1f s",
	    strerror(ETIMEDOUT), (double)t->stall.ns / 1e9);
	return -1;
}

/* ---- sending ---- */

static bool
would_wait(void)
{
	return errno == EAGAIN || errno == EINTR;
}

/* The handshake alone: after it the name of the server is known. */
static int
shake_hands(struct talk *t)
{
	char text[600];

	if (tls_stream_write(t->stream, "", 0, &t->wants_out) < 0)
		return would_wait() ? 0 : -1;
	t->shaking = false;
	t->wants_out = t->out_len > 0;
	log_info("%s", tls_stream_describe(t->stream, text, sizeof(text)));
	return 0;
}

/* 0, or -1 with errno. */
static int
send_some(struct talk *t)
{
	ssize_t n;

	if (t->shaking)
		return shake_hands(t);
	if (!t->out_len) {
		t->wants_out = false;
		return 0;
	}
	n = client_stream_send(
	    t->socket, t->stream, t->out, t->out_len, &t->wants_out);
	if (n < 0)
		return would_wait() ? 0 : -1;
	t->out += n;
	t->out_len -= (size_t)n;
	t->wants_out = t->out_len > 0;
	return 0;
}

static int
take_input(struct talk *t)
{
	ssize_t n = read(t->input, t->buffer, sizeof(t->buffer));

	if (n < 0)
		return would_wait() ? 0 : -1;
	t->out = t->buffer;
	t->out_len = (size_t)n;
	t->wants_out |= n > 0;
	if (n == 0)
		t->sending = false;
	return 0;
}

static void
end_sending(struct talk *t)
{
	if (t->input < 0 && !t->out_len)
		t->sending = false;
	if (t->sending || t->out_len || t->shaking || t->ended)
		return;
	t->ended = client_stream_try_end(t->socket, t->stream);
	t->wants_out = !t->ended;
}

/* ---- receiving ---- */

/* 1: the server has closed; 0: goes on; -1: after an error line. */
static int
receive(struct talk *t)
{
	char got[65536];
	bool wants_out; /* send_some() comes next, over TLS, and says */
	ssize_t n;

	/* TLS may hold more than the socket tells of. */
	do {
		n = client_stream_receive(
		    t->socket, t->stream, got, sizeof(got), &wants_out);
		if (n < 0)
			return would_wait() ? 0 : fail_talking(t, "receiving");
		if (n == 0)
			return 1;
		t->last = got[n - 1];
		if (descriptor_write(STDOUT_FILENO, got, (size_t)n) < 0)
			return fail("standard output");
	} while (t->stream);
	return 0;
}

/* ---- a stream ---- */

/* Waits, and does what can be done. As receive() returns. */
static int
step(struct talk *t, uint64_t timeout_ns)
{
	bool reading = t->sending && !t->out_len && !t->shaking;
	struct pollfd polls[2] = {
	    {t->socket, (short)(POLLIN | (t->wants_out ? POLLOUT : 0)), 0},
	    {reading ? t->input : -1, POLLIN, 0},
	};
	int n = wait_for(t, polls, 2, reading ? NEVER : timeout_ns);
	int done = 0;

	if (n < 0 && errno == EINTR)
		return 0;
	if (n == 0)
		return fail_waiting(t);
	if (polls[1].revents && take_input(t) < 0)
		return fail("standard input");
	/* A handshake is the sender's until it is done. */
	if (!t->shaking && polls[0].revents & (POLLIN | POLLERR | POLLHUP))
		done = receive(t);
	/* Over TLS it may be that which the rest was waiting for. */
	if (!done && (polls[0].revents & POLLOUT || t->stream) &&
	    send_some(t) < 0)
		done = fail_talking(t, "sending");
	if (!done)
		end_sending(t);
	return done;
}

static int
converse(struct talk *t, uint64_t timeout_ns)
{
	int done = 0;

	t->wants_out = t->shaking || t->out_len;
	t->last = '\n';
	end_sending(t);
	while (!done)
		done = step(t, timeout_ns);
	if (done > 0 && t->last != '\n' && isatty(STDOUT_FILENO))
		descriptor_write(STDOUT_FILENO, "\n", 1);
	return done > 0 ? 0 : -1;
}

/* ---- datagrams ---- */

/* All of standard input, if it fits. Returns how much, -1 after a line. */
static ssize_t
read_whole(struct talk *t)
{
	size_t len = 0;
	ssize_t n;

	while (len < sizeof(t->buffer)) {
		n = read(t->input, t->buffer + len, sizeof(t->buffer) - len);
		if (n < 0 && would_wait()) {
			descriptor_wait(t->input, POLLIN);
			continue;
		}
		if (n < 0)
			return fail("standard input");
		if (n == 0)
			break;
		len += (size_t)n;
	}
	t->out = t->buffer;
	return (ssize_t)len;
}

/* A datagram there, and one back. */
static int
exchange_datagrams(
    struct talk *t, const struct address *target, uint64_t timeout_ns)
{
	ssize_t len = t->input < 0 ? (ssize_t)t->out_len : read_whole(t);
	struct pollfd wait = {t->socket, POLLIN, 0};
	char got[65536];
	int n;

	if (len < 0)
		return -1;
	if (len > DATAGRAM_MAX) {
		log_error("a datagram holds %d bytes at most", DATAGRAM_MAX);
		return -1;
	}
	if (send(t->socket, t->out, (size_t)len, MSG_NOSIGNAL) < 0)
		return fail("sending");
	do
		n = wait_for(t, &wait, 1, timeout_ns);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return fail_waiting(t);
	len = recv(t->socket, got, sizeof(got), 0);
	if (len < 0 && errno == ECONNREFUSED)
		return fail_to_connect(target);
	if (len < 0)
		return fail("receiving");
	if (descriptor_write(STDOUT_FILENO, got, (size_t)len) < 0)
		return fail("standard output");
	if (len > 0 && got[len - 1] != '\n' && isatty(STDOUT_FILENO))
		descriptor_write(STDOUT_FILENO, "\n", 1);
	return 0;
}

/* ---- all of it ---- */

static int
talk_stream(struct talk *t, struct tls_client *tls, uint64_t timeout_ns)
{
	int bad;

	if (tls) {
		t->stream = tls_stream_open(tls, t->socket);
		if (!t->stream)
			return fail("TLS");
		t->shaking = true;
	}
	bad = converse(t, timeout_ns);
	tls_stream_close(t->stream);
	return bad;
}

int
talk(const struct target *target, struct tls_client *tls, const char *message,
    uint64_t timeout_ns)
{
	struct talk t = {
	    .input = message ? -1 : STDIN_FILENO,
	    .out = message,
	    .out_len = message ? strlen(message) : 0,
	    .sending = true,
	};
	bool udp = target->kind == TARGET_UDP;
	int bad;

	t.socket = udp ? dial_datagrams(&target->address)
		       : dial(&target->address, timeout_ns);
	if (t.socket < 0)
		return fail_to_connect(&target->address);
	stall_open(&t.stall);
	bad = udp ? exchange_datagrams(&t, &target->address, timeout_ns)
		  : talk_stream(&t, tls, timeout_ns);
	stall_close(&t.stall);
	close(t.socket);
	return bad;
}
