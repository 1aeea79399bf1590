/* SPDX-License-Identifier: MIT */
/* idle_connections: a few connects under way at a time, until there are many.
 */
#include "common/compare/idle_connections.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/load/stall.h"
#include "common/net/dial.h"
#include "common/sysinfo/limits_check.h"
#include "common/sysinfo/socket_owner.h"

/* Fewer than the shortest backlog in common use, Python's five: a connection
 * that does not fit waits for a second. Four keep a server busy. */
#define UNDER_WAY 4
#define EVENTS 64
#define PER_SOURCE 2000
#define STALLED_NS (10 * NS_PER_S)
/* How soon a stop is noticed, and a full backlog tried again. */
#define TURN_MS 50

static const char line[] = "hold\n";

/* ---- one connection ---- */

static bool
is_loopback(const struct address *address)
{
	return address->any.sa_family == AF_INET &&
	       ntohl(address->in4.sin_addr.s_addr) >> IN_CLASSA_NSHIFT ==
		   IN_LOOPBACKNET;
}

static uint32_t
count_sources(const struct address *address, uint32_t count)
{
	return is_loopback(address) ? (count - 1) / PER_SOURCE + 1 : 1;
}

/* The source of connection INDEX; see IP_BIND_ADDRESS_NO_PORT in ip(7): the
 * port is chosen at connect, when it need be free for this target only. */
static int
bind_source(int fd, uint32_t index)
{
	struct sockaddr_in from = {.sin_family = AF_INET};
	int on = 1;

	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + index / PER_SOURCE);
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	return bind(fd, (struct sockaddr *)&from, sizeof(from));
}

/* A connect that is under way or done; or -1 with errno. */
static int
start(const struct address *address, uint32_t index)
{
	int fd = socket(address->any.sa_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0)
		return -1;
	if ((!is_loopback(address) || bind_source(fd, index) == 0) &&
	    dial_begin(fd, address) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* Sends the line; 0, or -1 with errno. */
static int
ask(int fd)
{
	ssize_t n = send(fd, line, strlen(line), MSG_NOSIGNAL);

	if (n >= 0 && n != (ssize_t)strlen(line))
		errno = EMSGSIZE;
	return n == (ssize_t)strlen(line) ? 0 : -1;
}

/* Takes the answer: 0; or -1 with errno, which is 0 for end of file. */
static int
take_answer(int fd)
{
	char answer[256];
	ssize_t n = recv(fd, answer, sizeof(answer), 0);

	if (n == 0)
		errno = 0;
	return n > 0 ? 0 : -1;
}

/* ---- many ---- */

struct opening {
	struct idle_connections *idle;
	const struct address *address;
	uint32_t wanted, answered; /* idle->count of them have been started */
	uint32_t under_way;	   /* at once, at the most */
	int epoll;
	struct stall *stall;
	char *why;
	size_t size;
};

static int
fail(const struct opening *o, const char *how, const char *more)
{
	snprintf(o->why, o->size, "%u of %u connections answered; %s%s",
	    o->answered, o->wanted, how, more);
	return -1;
}

/* The server has reached a limit, not the client: DOING says how it shows. */
static int
fail_by_server(const struct opening *o, const char *doing)
{
	struct limits_check_plan plan = {
	    .connections = o->wanted,
	    .server = socket_owner_listener(o->address, false),
	};
	char limit[300] = "it may have reached a limit of its own";

	limits_check(
	    &plan, limit, sizeof(limit)); /* if it knows a likely one */
	return fail(o, doing, limit);
}

static int
fail_by_errno(const struct opening *o)
{
	if (errno == EADDRNOTAVAIL)
		return fail(o, "no port is free for the next ",
		    "(net.ipv4.ip_local_port_range)");
	if (errno == 0 || errno == ECONNRESET || errno == EPIPE)
		return fail_by_server(
		    o, "the server closed the next one without an answer; ");
	return fail(o, "the next: ", strerror(errno));
}

static int
watch(const struct opening *o, int how, uint32_t index, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.u32 = index};

	return epoll_ctl(o->epoll, how, o->idle->fds[index], &event);
}

/* As many as may be under way. False after a failure. */
static int
start_more(struct opening *o)
{
	struct idle_connections *idle = o->idle;

	while (idle->count < o->wanted &&
	       idle->count - o->answered < o->under_way) {
		int fd = start(o->address, idle->count);

		if (fd < 0 && errno == EAGAIN) /* a unix socket's full queue */
			return 0;
		if (fd < 0)
			return fail_by_errno(o);
		idle->fds[idle->count++] = fd;
		if (watch(o, EPOLL_CTL_ADD, idle->count - 1, EPOLLOUT) < 0)
			return fail_by_errno(o);
	}
	return 0;
}

static int
go_on(struct opening *o, const struct epoll_event *event)
{
	uint32_t index = event->data.u32;
	int fd = o->idle->fds[index], error = 0;
	socklen_t len = sizeof(error);

	if (event->events & EPOLLOUT) {
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
		if (error) {
			errno = error;
			return fail_by_errno(o);
		}
		if (ask(fd) < 0 || watch(o, EPOLL_CTL_MOD, index, EPOLLIN) < 0)
			return fail_by_errno(o);
		return 0;
	}
	if (take_answer(fd) < 0 || watch(o, EPOLL_CTL_DEL, index, 0) < 0)
		return fail_by_errno(o);
	o->answered++;
	return 0;
}

/* Waits a while from SINCE. Returns the number of events; DEADLINE moves on by
 * the time in which the client stalled. With no event and DEADLINE before
 * SINCE, it has passed. */
static int
wait_a_turn(const struct opening *o, struct epoll_event *events, int most,
    uint64_t since, uint64_t *deadline)
{
	int n = epoll_wait(o->epoll, events, most, TURN_MS);

	*deadline +=
	    stall_note(o->stall, since, since + TURN_MS * NS_PER_MS, now_ns());
	return n;
}

static int
open_all(struct opening *o, const volatile int *stop)
{
	struct epoll_event events[EVENTS];
	uint64_t since = now_ns(), deadline = since + STALLED_NS;

	for (; o->answered < o->wanted; since = now_ns()) {
		int n;

		if (start_more(o) < 0)
			return -1;
		n = wait_a_turn(o, events, EVENTS, since, &deadline);
		for (int i = 0; i < n; i++) {
			if (go_on(o, &events[i]) < 0)
				return -1;
		}
		if (n > 0)
			deadline = now_ns() + STALLED_NS;
		if (stop && *stop)
			return fail(o, "stopped", "");
		if (since > deadline)
			return fail_by_server(o, "then nothing for 10 s; ");
	}
	return 0;
}

static int
open_some_at_once(struct idle_connections *idle, const struct address *address,
    uint32_t count, uint32_t under_way, const volatile int *stop, char *why,
    size_t size)
{
	struct limits_check_plan plan = {
	    .connections = count,
	    .sources = count ? count_sources(address, count) : 1,
	    .ports = address->any.sa_family != AF_UNIX,
	};
	struct stall stall;
	struct opening o = {
	    idle, address, count, 0, under_way, -1, &stall, why, size};
	uint64_t since;
	int bad;

	*idle = (struct idle_connections){0};
	if (limits_check(&plan, why, size) < 0)
		return -1;
	idle->fds = malloc((count + 1) * sizeof(*idle->fds));
	o.epoll = epoll_create1(EPOLL_CLOEXEC);
	stall_open(&stall);
	since = now_ns();
	bad =
	    idle->fds && o.epoll >= 0 ? open_all(&o, stop) : fail_by_errno(&o);
	idle->opened_ns = now_ns() - since;
	idle->stall_ns = stall.ns;
	stall_close(&stall);
	if (o.epoll >= 0)
		close(o.epoll);
	if (bad)
		idle_connections_close(idle);
	return bad;
}

int
idle_connections_open(struct idle_connections *idle,
    const struct address *address, uint32_t count, const volatile int *stop,
    char *why, size_t size)
{
	return open_some_at_once(
	    idle, address, count, UNDER_WAY, stop, why, size);
}

int
idle_connections_burst(struct idle_connections *idle,
    const struct address *address, uint32_t count, const volatile int *stop,
    char *why, size_t size)
{
	return open_some_at_once(idle, address, count, count, stop, why, size);
}

uint32_t
idle_connections_lost(const struct idle_connections *idle)
{
	uint32_t lost = 0;
	char byte;

	for (uint32_t i = 0; i < idle->count; i++) {
		ssize_t n =
		    recv(idle->fds[i], &byte, 1, MSG_PEEK | MSG_DONTWAIT);

		lost += n >= 0 || errno != EAGAIN;
	}
	return lost;
}

uint32_t
idle_connections_ask(struct idle_connections *idle, uint64_t timeout_ns,
    const volatile int *stop)
{
	struct epoll_event events[EVENTS];
	struct stall stall;
	struct opening o = {.idle = idle,
	    .epoll = epoll_create1(EPOLL_CLOEXEC),
	    .stall = &stall};
	uint32_t waiting = 0, answered = 0;
	uint64_t since, deadline;

	if (o.epoll < 0)
		return 0;
	for (uint32_t i = 0; i < idle->count; i++)
		waiting += ask(idle->fds[i]) == 0 &&
			   watch(&o, EPOLL_CTL_ADD, i, EPOLLIN) == 0;
	stall_open(&stall);
	since = now_ns();
	deadline = since + timeout_ns;
	for (int n = 1;
	     waiting > 0 && (n > 0 || since < deadline) && !(stop && *stop);
	     since = now_ns()) {
		n = wait_a_turn(&o, events, EVENTS, since, &deadline);

		for (int i = 0; i < n; i++) {
			uint32_t index = events[i].data.u32;

			answered += take_answer(idle->fds[index]) == 0;
			watch(&o, EPOLL_CTL_DEL, index, 0);
			waiting--;
		}
		if (n > 0)
			deadline = now_ns() + timeout_ns;
	}
	idle->stall_ns += stall.ns;
	stall_close(&stall);
	close(o.epoll);
	return answered;
}

void
idle_connections_close(struct idle_connections *idle)
{
	for (uint32_t i = 0; i < idle->count; i++)
		close(idle->fds[i]); /* NOLINT(*-core.*): without them, 0 */
	free(idle->fds);
	*idle = (struct idle_connections){.stall_ns = idle->stall_ns};
}
