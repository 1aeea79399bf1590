/* SPDX-License-Identifier: MIT */
/* lingering: answer, shut down, read on, close. */
#include "common/server/lingering.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/descriptor.h"
#include "common/net/conn.h"
#include "common/server/limits.h"

static void
refill_spare(struct lingering *list)
{
	if (list->spare < 0)
		list->spare = descriptor_open_null();
}

void
lingering_init(struct lingering *list)
{
	list->count = 0;
	list->draining = false;
	list->spare = -1;
	refill_spare(list);
}

static void
drop(struct lingering *list, size_t i)
{
	struct lingering_one *at = list->at;

	close(at[i].fd);
	list->count--;
	memmove(&at[i], &at[i + 1], (list->count - i) * sizeof(at[0]));
	refill_spare(list);
}

/* The empty socket buffer takes a short answer whole. If the client is gone
 * already, nothing is lost. */
static void
answer(struct lingering_one *one, const char *text, size_t len, uint64_t now)
{
	send(one->fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	shutdown(one->fd, SHUT_WR);
	one->choose = NULL;
	one->due_ns = now + CONN_LINGER_NS;
	one->end_ns = now + CONN_HEAR_OUT_NS;
}

/*
 * Reads the client's first bytes, and sends the answer if they decide it.
 * (Peeking at them would wake the loop again and again.) LAST: no more bytes
 * are awaited. Returns false if there is nothing to answer.
 */
static bool
read_first(struct lingering_one *one, uint64_t now, bool last)
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

/* Does what is due for ONE. Returns whether it is done. */
static bool
step(struct lingering_one *one, uint64_t now, bool draining)
{
	size_t before = one->drained;

	if (one->choose)
		return !read_first(one, now, now >= one->due_ns);
	if (conn_drain_step(one->fd, &one->drained))
		return true;
	if (one->drained != before && !draining)
		one->due_ns = earlier(now + CONN_LINGER_NS, one->end_ns);
	return now >= one->due_ns;
}

static void
drop_oldest(struct lingering *list, uint64_t now)
{
	size_t i = 0;

	while (i < list->count && list->at[i].choose)
		i++;
	if (i == list->count) {
		i = 0;
		read_first(&list->at[i], now, true);
	}
	drop(list, i);
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
lingering_accept(struct lingering *list, int listener, struct address *peer)
{
	int fd;

	fd = accept_with_reserve(listener, peer);
	if (fd >= 0 || (errno != EMFILE && errno != ENFILE))
		return fd;
	if (list->spare < 0 && list->count > 0) {
		drop_oldest(list, 0);
		/* The closed descriptor may be one of the reserved numbers. */
		if (list->spare < 0)
			return accept_with_reserve(listener, peer);
	}
	if (list->spare < 0) {
		errno = EMFILE;
		return -1;
	}
	close(list->spare);
	list->spare = -1;
	fd = accept_one(listener, peer);
	if (fd < 0) {
		int saved = errno;

		refill_spare(list);
		errno = saved;
	}
	return fd;
}

void
lingering_add(
    struct lingering *list, int fd, const struct refusal *refusal, uint64_t now)
{
	struct lingering_one *one;

	if (list->count == LINGERING_MAX)
		drop_oldest(list, now);
	one = &list->at[list->count++];
	one->fd = fd;
	one->due_ns = now + CONN_LINGER_NS;
	one->drained = one->first_len = 0;
	one->choose = refusal->choose;
	one->reason = refusal->reason;
	if (!one->choose)
		answer(one, refusal->text, refusal->len, now);
}

size_t
lingering_poll(const struct lingering *list, struct pollfd *polls)
{
	for (size_t i = 0; i < list->count; i++)
		polls[i] = (struct pollfd){list->at[i].fd, POLLIN, 0};
	return list->count;
}

uint64_t
lingering_step(struct lingering *list, uint64_t now)
{
	uint64_t due = NEVER;

	for (size_t i = 0; i < list->count;) {
		struct lingering_one *one = &list->at[i];

		if (step(one, now, list->draining)) {
			drop(list, i);
		} else {
			due = earlier(due, one->due_ns);
			i++;
		}
	}
	refill_spare(list); /* also for an empty list: it may be missing */
	return due;
}

void
lingering_close(struct lingering *list)
{
	while (list->count)
		drop(list, 0);
	if (list->spare >= 0)
		close(list->spare);
	list->spare = -1;
}
