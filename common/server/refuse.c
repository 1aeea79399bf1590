/* SPDX-License-Identifier: MIT */
/* refuse: a short list of sockets that have had their answer. */
#include "common/server/refuse.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/net/conn.h"
#include "common/server/limits.h"

static void
refill_spare(struct refused *refused)
{
	if (refused->spare < 0)
		refused->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

void
refused_init(struct refused *refused)
{
	refused->count = 0;
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
		drop(refused, 0);
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
refused_add(
    struct refused *refused, int fd, const char *text, size_t len, uint64_t now)
{
	if (refused->count == REFUSED_MAX)
		drop(refused, 0);
	/* An empty socket buffer takes a line whole; a client that is gone
	 * already has lost nothing. */
	send(fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	shutdown(fd, SHUT_WR);
	refused->at[refused->count++] = (struct refused_one){
	    .fd = fd,
	    .due_ns = now + CONN_LINGER_NS,
	};
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
	for (size_t i = 0; i < refused->count;) {
		struct refused_one *one = &refused->at[i];

		if (conn_drain_step(one->fd, &one->drained) ||
		    now >= one->due_ns)
			drop(refused, i);
		else
			i++;
	}
	refill_spare(refused); /* it may be lost with the list empty */
	return refused->count ? refused->at[0].due_ns : NEVER;
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
