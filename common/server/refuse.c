/* SPDX-License-Identifier: MIT */
/* refuse: a short list of sockets that get their answer, and have had it. */
#include "common/server/refuse.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/descriptor.h"
#include "common/net/conn.h"
#include "common/server/limits.h"

static void
refill_spare(struct refused *refused)
{
	if (refused->spare < 0)
		refused->spare = descriptor_open_null();
}

void
refused_init(struct refused *refused)
{
	refused->count = 0;
	refused->hurry = false;
	refused->spare = -1;
	refill_spare(refused);
}

static void
drop(struct refused *refused, size_t i)
{
	struct refused_one *at = refused->at;

	close(at[i].fd);
	refused->count--;
	memmove(&at[i], &at[i + 1], (refused->count - i) * sizeof(at[0]));
	refill_spare(refused);
}

/* The answer; an empty socket buffer takes a line whole, and a client that is
 * gone already has lost nothing. */
static void
answer(struct refused_one *one, const char *text, size_t len, uint64_t now)
{
	send(one->fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	shutdown(one->fd, SHUT_WR);
	one->choose = NULL;
	one->due_ns = now + CONN_LINGER_NS;
	one->end_ns = now + CONN_HEAR_OUT_NS;
}

/*
 * Reads what the client says first, and answers if that tells how. They are
 * read and not just looked at, or they would wake the loop until more came.
 * LAST: no more is waited for. Returns false when there is nothing to say.
 */
static bool
hear(struct refused_one *one, uint64_t now, bool last)
{
	ssize_t n = recv(one->fd, one->first + one->first_len,
	    sizeof(one->first) - one->first_len, MSG_DONTWAIT);
	const char *text;

	if (n > 0)
		one->first_len += (size_t)n;
	last |= n == 0 || one->first_len == sizeof(one->first) ||
		(n < 0 && errno != EAGAIN && errno != EINTR);
	text = one->choose(one->reason, one->first, one->first_len, last);
	if (text)
		answer(one, text, strlen(text), now);
	return text || !last;
}

/* One step of one of them. Returns whether it is through. */
static bool
step(struct refused_one *one, uint64_t now, bool hurry)
{
	size_t before = one->drained;

	if (one->choose)
		return !hear(one, now, now >= one->due_ns);
	if (conn_drain_step(one->fd, &one->drained))
		return true;
	if (one->drained != before && !hurry)
		one->due_ns = earlier(now + CONN_LINGER_NS, one->end_ns);
	return now >= one->due_ns;
}

static void
push_one_out(struct refused *refused, uint64_t now)
{
	size_t i = 0;

	while (i < refused->count && refused->at[i].choose)
		i++;
	if (i == refused->count) {
		i = 0;
		hear(&refused->at[i], now, true);
	}
	drop(refused, i);
}

static int
accept_one(int listener, struct address *peer)
{
	peer->len = sizeof(*peer) - offsetof(struct address, any);
	return accept4(listener, &peer->any, &peer->len, SOCK_CLOEXEC);
}

static int
accept_with_reserve(int listener, struct address *peer)
{
	int fd;

	limits_spend_reserve(true);
	fd = accept_one(listener, peer);
	limits_spend_reserve(false);
	return fd;
}

int
refused_accept(struct refused *refused, int listener, struct address *peer)
{
	int fd;

	fd = accept_with_reserve(listener, peer);
	if (fd >= 0 || (errno != EMFILE && errno != ENFILE))
		return fd;
	if (refused->spare < 0 && refused->count > 0) {
		push_one_out(refused, 0);
		/* Its number may have been one of those kept back. */
		if (refused->spare < 0)
			return accept_with_reserve(listener, peer);
	}
	if (refused->spare < 0) {
		errno = EMFILE;
		return -1;
	}
	close(refused->spare);
	refused->spare = -1;
	fd = accept_one(listener, peer);
	if (fd < 0) {
		int saved = errno;

		refill_spare(refused);
		errno = saved;
	}
	return fd;
}

void
refused_add(struct refused *refused, int fd, const struct refusal *refusal,
    uint64_t now)
{
	struct refused_one *one;

	if (refused->count == REFUSED_MAX)
		push_one_out(refused, now);
	one = &refused->at[refused->count++];
	one->fd = fd;
	one->due_ns = now + CONN_LINGER_NS;
	one->drained = one->first_len = 0;
	one->choose = refusal->choose;
	one->reason = refusal->reason;
	if (!one->choose)
		answer(one, refusal->text, refusal->len, now);
}

size_t
refused_poll(const struct refused *refused, struct pollfd *polls)
{
	for (size_t i = 0; i < refused->count; i++)
		polls[i] = (struct pollfd){refused->at[i].fd, POLLIN, 0};
	return refused->count;
}

uint64_t
refused_step(struct refused *refused, uint64_t now)
{
	uint64_t due = NEVER;

	for (size_t i = 0; i < refused->count;) {
		struct refused_one *one = &refused->at[i];

		if (step(one, now, refused->hurry)) {
			drop(refused, i);
		} else {
			due = earlier(due, one->due_ns);
			i++;
		}
	}
	refill_spare(refused); /* it may be lost with the list empty */
	return due;
}

void
refused_close(struct refused *refused)
{
	while (refused->count)
		drop(refused, 0);
	if (refused->spare >= 0)
		close(refused->spare);
	refused->spare = -1;
}
