/* SPDX-License-Identifier: MIT */
/* chat_connection: a connection of a room's load, from connect to its end. */
#include "common/chatload/chat_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/net/client_stream.h"
#include "common/net/dial.h"

/* After a guest that failed, so that a dead server is not hammered. */
#define REST_NS (10 * NS_PER_MS)

/* ---- sockets ---- */

void
chat_connection_close(struct chat_connection *p)
{
	if (p->retries_connect)
		list_remove(&p->link);
	p->retries_connect = false;
	tls_stream_close(p->stream);
	p->stream = NULL;
	if (p->fd >= 0)
		close(p->fd); /* which also takes it out of the epoll */
	p->fd = -1;
	p->watched = p->out_armed = false;
	p->out_waits = p->in_waits = p->shakes_hands = false;
	p->out_len = 0;
}

void
chat_connection_reset(struct chat_connection *p, uint32_t id, enum role role)
{
	char *partial = p->partial;

	*p = (struct chat_connection){
	    .fd = -1, .id = id, .role = role, .next = 1, .partial = partial};
}

/* Connects the socket that there is. 1: not yet, it knocks; 0, or -1. */
static int
connect_socket(struct chat_load *r, struct chat_connection *p)
{
	if (dial_begin(p->fd, &r->load->target.address) < 0) {
		if (errno != EAGAIN)
			return -1;
		if (!p->retries_connect)
			list_append(&r->retrying, &p->link);
		p->retries_connect = true;
		return 1;
	}
	if (p->retries_connect)
		list_remove(&p->link);
	p->retries_connect = false;
	if (!r->load->tls)
		return 0;
	p->stream = tls_stream_open(r->load->tls, p->fd);
	return p->stream ? 0 : -1;
}

/* A socket on its way to the target; as above. */
static int
connect_peer(struct chat_load *r, struct chat_connection *p)
{
	int family = r->load->target.address.any.sa_family, on = 1;

	p->fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (p->fd < 0)
		return -1;
	if (family != AF_UNIX)
		setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return connect_socket(r, p);
}

/* For what P waits for. One that is not watched yet will be. */
static int
watch(const struct chat_load *r, struct chat_connection *p)
{
	bool out = p->out_waits || p->in_waits;
	struct epoll_event event = {
	    .events = EPOLLIN | (out ? EPOLLOUT : 0),
	    .data.ptr = p,
	};
	int how = p->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	if (p->watched && p->out_armed == out)
		return 0;
	p->watched = true;
	p->out_armed = out;
	return epoll_ctl(r->epoll, how, p->fd, &event);
}

void
chat_connection_leave(struct chat_connection *p)
{
	if (p->fd >= 0)
		client_stream_end(p->fd, p->stream);
	p->leaving = true;
}

/* As send(2). */
static ssize_t
give(struct chat_connection *p, const char *data, size_t len)
{
	bool wants_out;
	ssize_t n = client_stream_send(p->fd, p->stream, data, len, &wants_out);

	p->shakes_hands = n < 0 && !wants_out;
	return n;
}

/* All that P had to send is sent. */
static void
sent_all(struct chat_load *r, struct chat_connection *p)
{
	if (p->role == GUEST && !p->leaving) {
		chat_connection_leave(p);
	} else if (r->phase == JOINING && !p->entered) {
		p->entered = true;
		r->entered++;
		r->moved = now_ns();
	}
}

/* Sends what is left; before a connect is over, send() says EAGAIN. */
static void
push(struct chat_load *r, struct chat_connection *p)
{
	while (p->out_len) {
		ssize_t n = give(p, p->out, p->out_len);

		if (n < 0 && errno != EAGAIN && errno != EINTR) {
			chat_connection_lose(r, p, errno);
			return;
		}
		if (n < 0)
			break;
		p->out += n;
		p->out_len -= (size_t)n;
	}
	p->out_waits = p->out_len && !p->shakes_hands;
	if (watch(r, p) < 0)
		chat_connection_lose(r, p, errno);
	else if (!p->out_len)
		sent_all(r, p);
}

void
chat_connection_say(struct chat_load *r, struct chat_connection *p,
    const char *text, size_t len)
{
	int status = 0;

	p->out = text;
	p->out_len = len;
	if (p->fd < 0)
		status = connect_peer(r, p);
	if (status < 0)
		chat_connection_lose(r, p, errno);
	else if (!p->retries_connect)
		push(r, p);
}

void
chat_retry_connects(struct chat_load *r)
{
	while (!list_empty(&r->retrying)) {
		struct chat_connection *p = (struct chat_connection *)(void
			*)((char *)r->retrying.next -
			   offsetof(struct chat_connection, link));
		int status = connect_socket(r, p);

		if (status > 0)
			break;
		if (status < 0)
			chat_connection_lose(r, p, errno);
		else
			push(r, p);
	}
}

/* ---- the sender's stream: the ring, from where it is sent to its head ---- */

/* Of all whose first byte is in the N that were sent at NOW. */
static void
stamp(struct chat_load *r, uint64_t n, uint64_t now)
{
	uint64_t size = r->load->size;

	for (uint64_t i = (r->wired + size - 1) / size; i * size < r->wired + n;
	     i++)
		in_flight_sent(&r->in_flight, i, now);
}

void
chat_send(struct chat_load *r)
{
	struct chat_connection *p = &r->connections[0];
	uint64_t end = r->in_flight.head * r->load->size;
	uint64_t ring = r->in_flight.slots * r->load->size;

	while (p->fd >= 0 && r->wired < end) {
		uint64_t at = r->wired % ring, now = now_ns();
		ssize_t n =
		    give(p, r->ring + at, earlier(ring - at, end - r->wired));

		if (n < 0 && errno != EAGAIN && errno != EINTR) {
			chat_connection_lose(r, p, errno);
			return;
		}
		if (n < 0)
			break;
		stamp(r, (uint64_t)n, now);
		r->wired += (uint64_t)n;
	}
	if (p->fd < 0)
		return;
	p->out_waits = r->wired < end && !p->shakes_hands;
	if (watch(r, p) < 0)
		chat_connection_lose(r, p, errno);
}

/* ---- what is ready ---- */

/* Nothing more is here; or, over TLS, enough for once. */
static void
receive_later(struct chat_load *r, struct chat_connection *p, bool wants_out)
{
	p->in_waits = wants_out;
	if (watch(r, p) < 0)
		chat_connection_lose(r, p, errno);
}

/*
 * Over TLS to the last byte that is here, as no event may tell of what it
 * holds; but one that is flooded does not keep the others waiting: that its
 * socket is writable calls it back.
 */
static void
receive(struct chat_load *r, struct chat_connection *p)
{
	size_t got = 0;
	bool wants_out;
	ssize_t n;

	do {
		n = client_stream_receive(
		    p->fd, p->stream, r->buffer, CHAT_LOAD_BUFFER, &wants_out);
		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			receive_later(r, p, wants_out);
			return;
		}
		if (n <= 0) {
			chat_connection_lose(r, p, n < 0 ? errno : 0);
			return;
		}
		got += (size_t)n;
		r->now = now_ns();
		if (p->role != LEAVER &&
		    chat_receive(r, p, r->buffer, (size_t)n) < 0) {
			chat_connection_lose(r, p, errno);
			return;
		}
	} while (p->stream && got < CHAT_LOAD_BUFFER);
	if (p->stream)
		receive_later(r, p, true);
}

void
chat_connection_event(
    struct chat_load *r, struct chat_connection *p, uint32_t events)
{
	if (p->fd >= 0 && (events & EPOLLOUT || p->shakes_hands)) {
		if (p->out_len)
			push(r, p);
		else if (p->role == SENDER)
			chat_send(r);
	}
	if (p->fd >= 0 && !p->shakes_hands &&
	    (events & (EPOLLIN | EPOLLHUP | EPOLLERR) || p->stream))
		receive(r, p);
}

/* ---- a connection's end ---- */

static void
lose_receiver(struct chat_load *r, struct chat_connection *p, int error,
    const char *words)
{
	bool counted = false;

	chat_describe(
	    r->result->first_failed, "member %u was dropped: %s", p->id, words);
	for (uint64_t i = r->in_flight.tail; i < r->in_flight.head; i++) {
		struct in_flight_message *m = in_flight_find(&r->in_flight, i);

		if (!m || m->over || !chat_lacks(r, p, i))
			continue;
		if (!counted && m->fault < FAULT_FAILED) {
			in_flight_fail(&r->in_flight, i, error);
			counted = true;
		}
		in_flight_settle(&r->in_flight, i);
	}
	if (!counted)
		in_flight_fail_past(&r->in_flight, error);
	if (--r->receivers == 0)
		r->left = 0;
}

/* Without member 0, nothing that is under way can be told from lost. */
static void
lose_sender(struct chat_load *r, int error, const char *words)
{
	uint64_t number;

	chat_describe(r->result->first_failed,
	    "member 0, the sender, was dropped: %s", words);
	r->left = 0;
	if (!r->in_flight.under_way)
		in_flight_fail_past(&r->in_flight, error);
	while (in_flight_first(&r->in_flight, &number)) {
		in_flight_fail(&r->in_flight, number, error);
		in_flight_end(&r->in_flight, number);
	}
}

static void
lose_guest(struct chat_load *r, const struct chat_connection *p, int error,
    const char *words)
{
	chat_describe(r->result->first_failed,
	    "message %" PRIu64 ": its sender was dropped: %s", p->number,
	    words);
	in_flight_fail(&r->in_flight, p->number, error);
	in_flight_end(&r->in_flight, p->number);
	r->rest_until = now_ns() + REST_NS;
}

static void
lose_joining(struct chat_load *r, const struct chat_connection *p, int error,
    const char *words)
{
	if (r->lost)
		return;
	r->lost = p;
	r->lost_error = error;
	snprintf(r->lost_words, sizeof(r->lost_words), "%s", words);
}

/* What ERROR was, into WORDS, as long as the connection is there to tell. */
static void
explain_end(
    const struct chat_connection *p, int error, char words[LOAD_RESULT_WORDS])
{
	const char *why = error ? client_stream_why(p->stream) : "end of file";

	snprintf(
	    words, LOAD_RESULT_WORDS, "%s", why[0] ? why : strerror(error));
}

void
chat_connection_lose(struct chat_load *r, struct chat_connection *p, int error)
{
	bool asked_for = p->leaving && !error;
	char words[LOAD_RESULT_WORDS];

	explain_end(p, error, words);
	chat_connection_close(p);
	if (r->phase == JOINING) {
		lose_joining(r, p, error, words);
	} else if (p->role == GUEST) {
		if (asked_for)
			in_flight_left(&r->in_flight, p->number);
		else
			lose_guest(r, p, error, words);
	} else if (r->phase == RUNNING && p->role == RECEIVER) {
		lose_receiver(r, p, error, words);
	} else if (r->phase == RUNNING && p->role == SENDER) {
		lose_sender(r, error, words);
	}
}
