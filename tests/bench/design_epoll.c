/* SPDX-License-Identifier: MIT */
/*
 * design_epoll: an echo server of one thread, which an epoll instance tells
 * which connection to serve next.
 *
 * What a client does not take at once waits in memory, and until it has gone
 * nothing more is read from that client.
 *
 *	design_epoll IPv4:PORT
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "tests/bench/floor.h"

#define EVENTS 64

/* With `unsent` bytes of `buf`, from `sent` on, it waits to write; otherwise it
 * waits to read, and has no buffer. */
struct connection {
	int fd;
	size_t sent, unsent;
	char *buf;
};

static int epoll;

static void
watch(struct connection *c, int how, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = c};

	if (epoll_ctl(epoll, how, c->fd, &event) < 0)
		err(1, "epoll_ctl");
}

static void
end(struct connection *c)
{
	close(c->fd);
	free(c->buf);
	free(c);
}

static void
accept_one(int listener)
{
	struct connection *c = calloc(1, sizeof(*c));

	if (!c)
		err(1, "calloc");
	c->fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	if (c->fd >= 0)
		watch(c, EPOLL_CTL_ADD, EPOLLIN);
	else if (errno == EAGAIN || errno == ECONNABORTED)
		free(c);
	else
		err(1, "accept");
}

/* Sends N bytes of BUF. Returns how many; -1 if the connection is broken. */
static ssize_t
send_some(int fd, const char *buf, size_t n)
{
	ssize_t sent = send(fd, buf, n, MSG_NOSIGNAL);

	return sent < 0 && errno == EAGAIN ? 0 : sent;
}

/* Keeps N bytes of BUF until the client takes them. */
static void
keep(struct connection *c, const char *buf, size_t n)
{
	c->buf = malloc(n);
	if (!c->buf)
		err(1, "malloc");
	memcpy(c->buf, buf, n);
	c->sent = 0;
	c->unsent = n;
	watch(c, EPOLL_CTL_MOD, EPOLLOUT);
}

static void
echo(struct connection *c)
{
	char buf[4096];
	ssize_t n = recv(c->fd, buf, sizeof(buf), 0), sent;

	if (n < 0 && errno == EAGAIN)
		return;
	sent = n > 0 ? send_some(c->fd, buf, (size_t)n) : -1;
	if (sent < 0)
		end(c);
	else if (sent < n)
		keep(c, buf + sent, (size_t)(n - sent));
}

static void
write_on(struct connection *c)
{
	ssize_t sent = send_some(c->fd, c->buf + c->sent, c->unsent);

	if (sent < 0) {
		end(c);
		return;
	}
	c->sent += (size_t)sent;
	c->unsent -= (size_t)sent;
	if (c->unsent)
		return;
	free(c->buf);
	c->buf = NULL;
	watch(c, EPOLL_CTL_MOD, EPOLLIN);
}

int
main(int argc, char **argv)
{
	struct connection listening = {.fd = floor_listen(argc, argv)};
	struct epoll_event events[EVENTS];

	epoll = epoll_create1(0);
	if (epoll < 0)
		err(1, "epoll_create1");
	watch(&listening, EPOLL_CTL_ADD, EPOLLIN);
	for (;;) {
		int n = epoll_wait(epoll, events, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			struct connection *c = events[i].data.ptr;

			if (c == &listening)
				accept_one(listening.fd);
			else if (c->unsent)
				write_on(c);
			else
				echo(c);
		}
	}
}
