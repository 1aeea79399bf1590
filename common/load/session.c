/* SPDX-License-Identifier: MIT */
/* session: connect, send, receive and have it judged, close. */
#include "common/load/session.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/net/client_stream.h"
#include "common/load/session_internal.h"
#include "common/net/dial.h"

void
session_close(struct session *session)
{
	tls_stream_close(session->stream);
	session->stream = NULL;
	if (session->fd >= 0)
		close(session->fd); /* which also takes it out of the epoll */
	session->fd = -1;
	session->state = SESSION_IDLE;
	session->watched = false;
}

static enum session_result
fail(struct session_shared *shared, struct session *session, int error)
{
	shared->why[0] = '\0';
	if (error)
		snprintf(shared->why, sizeof(shared->why), "%s",
		    client_stream_why(session->stream));
	session_close(session);
	errno = error;
	return SESSION_FAILED;
}

/* ---- connect ---- */

/* One address has 28,000 ports, and each rests for a second after use. */
static int
bind_source(struct session_shared *shared, int fd)
{
	const struct address *from = &shared->sources[shared->next_source];
	int on = 1;

	if (++shared->next_source == shared->source_count)
		shared->next_source = 0;
	/* The port is chosen at connect, when the target is known; at bind it
	 * would have to be free for all targets. */
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	return bind(fd, &from->any, from->len);
}

/* A new exchange, on a connection that is done or under way. 0, or -1. */
static int
begin_exchange(struct session_shared *shared, struct session *session)
{
	const struct protocol *protocol = shared->run.protocol;

	if (shared->tls) {
		session->stream = tls_stream_open(shared->tls, session->fd);
		if (!session->stream)
			return -1;
	}
	session->x.ready = !protocol->greet;
	session->x.interrupted = false;
	session->x.out_len = session->x.sent = 0;
	if (shared->datagram_event) {
		session->first = session->x.number;
		memset(session->lost, 0, sizeof(session->lost));
	}
	if (protocol->greet)
		protocol->greet(&shared->run, &session->x);
	return 0;
}

/* As open_socket(), of the socket that there is. */
static enum session_result
connect_socket(struct session_shared *shared, struct session *session)
{
	if (dial_begin(session->fd, &shared->target) < 0)
		return errno == EAGAIN ? SESSION_FULL
				       : fail(shared, session, errno);
	return begin_exchange(shared, session) < 0
		   ? fail(shared, session, errno)
		   : SESSION_AGAIN;
}

/* A socket on its way to the target: AGAIN, FULL or FAILED. */
static enum session_result
open_socket(struct session_shared *shared, struct session *session)
{
	int type = shared->datagram_event ? SOCK_DGRAM : SOCK_STREAM, on = 1;

	session->fd = socket(shared->target.any.sa_family,
	    type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (session->fd < 0)
		return fail(shared, session, errno);
	if (shared->target.any.sa_family != AF_UNIX && !shared->datagram_event)
		setsockopt(
		    session->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (shared->sources && bind_source(shared, session->fd) < 0)
		return fail(shared, session, errno);
	return connect_socket(shared, session);
}

inline int
session_watch(struct session_shared *shared, struct session *session, bool out)
{
	struct epoll_event event = {
	    .events = EPOLLIN | (out ? EPOLLOUT : 0),
	    .data.ptr = session,
	};
	int how = session->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	if (session->watched && session->out_armed == out)
		return 0;
	session->watched = true;
	session->out_armed = out;
	return epoll_ctl(shared->epoll, how, session->fd, &event);
}

/* On a socket that is on its way, without a request. */
static enum session_result
await_connection(struct session_shared *shared, struct session *session)
{
	if (session_watch(shared, session, !shared->datagram_event) < 0)
		return fail(shared, session, errno);
	if (!shared->datagram_event)
		return SESSION_AGAIN;
	session->state = SESSION_IDLE;
	return SESSION_DONE;
}

enum session_result
session_connect(struct session_shared *shared, struct session *session)
{
	enum session_result result = open_socket(shared, session);

	if (result == SESSION_FAILED)
		return result;
	session->state = SESSION_CONNECTING;
	return result == SESSION_AGAIN ? await_connection(shared, session)
				       : result;
}

/* ---- send ---- */

static enum session_result
begin_on_new(struct session_shared *shared, struct session *session);

/*
 * The server has closed a kept connection while a request was on its way to it.
 * Nobody is to blame, and what may be sent twice is, on a new one, which is
 * never kept: so only once (RFC 9112 9.3.1).
 */
static enum session_result
repeat(struct session_shared *shared, struct session *session)
{
	session_close(session);
	shared->retries++;
	return begin_on_new(shared, session);
}

/* The connection is lost, by ERROR; 0: end of file. */
static enum session_result
lose(struct session_shared *shared, struct session *session, int error)
{
	const struct exchange *x = &session->x;

	if (shared->run.protocol->repeatable && x->kept && x->asking &&
	    !x->received && session->state == SESSION_BUSY &&
	    (error == 0 || error == ECONNRESET || error == EPIPE))
		return repeat(shared, session);
	return fail(shared, session, error);
}

/* N is what the sending has returned; what did not go waits for the socket. */
static inline enum session_result
note_sent(struct session_shared *shared, struct session *session, ssize_t n,
    bool wants_out)
{
	struct exchange *x = &session->x;

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return lose(shared, session, errno);
	if (n > 0)
		x->sent += (size_t)n;
	if (session_watch(shared, session, wants_out && x->sent < x->out_len) <
	    0)
		return fail(shared, session, errno);
	return SESSION_AGAIN;
}

enum session_result
session_sent(struct session_shared *shared, struct session *session, ssize_t n)
{
	session->x.sent = 0;
	return note_sent(shared, session, n, true);
}

inline enum session_result
session_send_rest(struct session_shared *shared, struct session *session)
{
	const struct exchange *x = &session->x;
	bool wants_out;
	ssize_t n = client_stream_send(session->fd, session->stream,
	    x->out + x->sent, x->out_len - x->sent, &wants_out);

	return note_sent(shared, session, n, wants_out);
}

/* A piece of scratch memory has been others' since: it is made again. */
static enum session_result
send_more(struct session_shared *shared, struct session *session)
{
	if (session->x.out == shared->run.scratch)
		shared->run.protocol->request(&shared->run, &session->x);
	return session_send_rest(shared, session);
}

static enum session_result
send_request(struct session_shared *shared, struct session *session)
{
	struct exchange *x = &session->x;

	x->sent = x->received = 0;
	x->asking = true;
	shared->run.protocol->request(&shared->run, x);
	return session_send_rest(shared, session);
}

/* On a socket that is on its way. */
static enum session_result
send_first(struct session_shared *shared, struct session *session)
{
	/* On the loopback the handshake is over when connect() returns, so the
	 * request can follow it without a trip through epoll. Elsewhere send()
	 * says EAGAIN, and EPOLLOUT will tell. */
	return session->x.ready ? send_request(shared, session)
				: session_send_rest(shared, session);
}

enum session_result
session_begin(struct session_shared *shared, struct session *session)
{
	struct exchange *x = &session->x;

	/* Half a frame is still to be sent: too late for it. */
	if (session->fd >= 0 && x->sent < x->out_len)
		session_close(session);
	x->number++;
	x->kept = session->fd >= 0;
	session->state = SESSION_BUSY;
	return x->kept ? send_request(shared, session)
		       : begin_on_new(shared, session);
}

static enum session_result
begin_on_new(struct session_shared *shared, struct session *session)
{
	enum session_result result;

	session->x.kept = false;
	session->state = SESSION_BUSY;
	result = open_socket(shared, session);
	return result == SESSION_AGAIN ? send_first(shared, session) : result;
}

enum session_result
session_retry_connect(struct session_shared *shared, struct session *session)
{
	enum session_result result = connect_socket(shared, session);

	if (result != SESSION_AGAIN)
		return result;
	return session->state == SESSION_BUSY
		   ? send_first(shared, session)
		   : await_connection(shared, session);
}

/* ---- receive ---- */

static ssize_t
take(struct session_shared *shared, struct session *session, bool *wants_out)
{
	return client_stream_receive(session->fd, session->stream,
	    shared->buffer, shared->buffer_size, wants_out);
}

inline enum session_result
session_nothing_came(
    struct session_shared *shared, struct session *session, bool wants_out)
{
	if (errno != EAGAIN && errno != EINTR)
		return lose(shared, session, errno);
	if (wants_out && session_watch(shared, session, true) < 0)
		return fail(shared, session, errno);
	return SESSION_AGAIN;
}

/* Tells the server that nothing more comes, in the protocol's way. */
static void
say_goodbye(struct session_shared *shared, struct session *session)
{
	const struct protocol *protocol = shared->run.protocol;
	struct exchange *x = &session->x;

	if (protocol->farewell && x->ready && x->sent == x->out_len) {
		protocol->farewell(&shared->run, x);
		x->sent = 0;
		/* A few bytes on a socket that holds none: they all go. */
		session_send_rest(shared, session);
		return;
	}
	client_stream_end(session->fd, session->stream);
}

/* The reply is here whole: keep the connection, or see it closed. */
static enum session_result
reply_complete(
    struct session_shared *shared, struct session *session, bool last)
{
	session->x.asking = false;
	if (!shared->churn && !last) {
		session->state = SESSION_IDLE;
		return SESSION_DONE;
	}
	/* Only the server's end of file proves that nothing more comes. */
	session->state = SESSION_CLOSING;
	say_goodbye(shared, session);
	return session->fd >= 0 ? SESSION_AGAIN : SESSION_FAILED;
}

/* The way is set up: the request that waits for it, if there is one. */
static enum session_result
way_is_ready(struct session_shared *shared, struct session *session)
{
	session->x.ready = true;
	if (session->state == SESSION_BUSY)
		return send_request(shared, session);
	session->state = SESSION_IDLE;
	return SESSION_DONE;
}

static enum session_result
server_left(struct session_shared *shared, struct session *session)
{
	enum session_result result = lose(shared, session, 0);

	if (result == SESSION_AGAIN)
		return result;
	snprintf(shared->why, sizeof(shared->why), "%s", shared->run.why);
	return result;
}

inline enum session_result
session_follow(struct session_shared *shared, struct session *session,
    enum reply_check judgement)
{
	switch (judgement) {
	case REPLY_MORE:
		return SESSION_AGAIN;
	case REPLY_WHOLE:
		return reply_complete(shared, session, false);
	case REPLY_LAST:
		return reply_complete(shared, session, true);
	case REPLY_READY:
		return way_is_ready(shared, session);
	case REPLY_REPEATED:
		session->x.asking = false;
		session->state = SESSION_IDLE;
		if (shared->churn)
			session_close(session);
		return SESSION_REPEATED;
	case REPLY_GOODBYE:
		return server_left(shared, session);
	case REPLY_GONE:
		return repeat(shared, session);
	default:
		session_close(session);
		return SESSION_WRONG;
	}
}

/* End of file, with a request under way. */
static enum session_result
end_of_file(struct session_shared *shared, struct session *session)
{
	const struct protocol *protocol = shared->run.protocol;
	enum reply_check judgement = REPLY_GOODBYE;

	shared->run.why[0] = '\0';
	if (protocol->ended && session->x.asking)
		judgement = protocol->ended(&shared->run, &session->x);
	if (judgement != REPLY_LAST)
		return session_follow(shared, session, judgement);
	session_close(session);
	return SESSION_DONE;
}

/* A pong, say, once nothing else is on its way out. */
static enum session_result
interject(struct session_shared *shared, struct session *session)
{
	struct exchange *x = &session->x;

	if (x->sent < x->out_len)
		return SESSION_AGAIN;
	x->interrupted = false;
	shared->run.protocol->interject(&shared->run, x);
	x->sent = 0;
	return session_send_rest(shared, session);
}

/* ---- receive, without a request under way ---- */

enum session_result
session_too_much(
    struct session_shared *shared, struct session *session, size_t len)
{
	struct protocol_run *run = &shared->run;

	reply_wrong(run, "%zu bytes that nobody asked for (doubled?)", len);
	run->got = shared->buffer;
	run->got_len = len;
	if (run->protocol->expected) {
		run->why[0] = '\0';
		run->protocol->expected(run, &session->x, &run->got_at);
	}
	session_close(session);
	return SESSION_TOO_MUCH;
}

/* LEN bytes came. What no request asked for is wrong, for most protocols. */
static enum session_result
judge_unasked(struct session_shared *shared, struct session *session,
    size_t len, enum session_result at_end)
{
	const struct protocol *protocol = shared->run.protocol;
	enum reply_check judgement;

	if (!protocol->unasked)
		return session_too_much(shared, session, len);
	judgement =
	    protocol->judge(&shared->run, &session->x, shared->buffer, len);
	if (judgement == REPLY_MORE) {
		if (session->x.interrupted)
			return interject(shared, session);
		return SESSION_AGAIN;
	}
	if (judgement == REPLY_LAST)
		say_goodbye(shared, session);
	session_close(session);
	return judgement == REPLY_LAST ? at_end : SESSION_TOO_MUCH;
}

/* Nothing is expected but the end. */
static enum session_result
receive_end(struct session_shared *shared, struct session *session,
    enum session_result at_end)
{
	enum session_result result;
	bool wants_out;
	ssize_t n;

	do {
		n = take(shared, session, &wants_out);
		/* All that was asked for is here, so nothing can be missing
		 * though nobody announced the end (RFC 9112 9.8), or our own
		 * close_notify came too late for it. */
		if (n < 0 && session->stream && errno == ECONNRESET)
			n = 0;
		if (n < 0)
			return session_nothing_came(shared, session, wants_out);
		if (n == 0) {
			session_close(session);
			return at_end;
		}
		result = judge_unasked(shared, session, (size_t)n, at_end);
	} while (session->stream && result == SESSION_AGAIN);
	return result;
}

/* ---- receive, with one ---- */

/* N is what the receiving has returned, 0 or more. */
static inline enum session_result
judge_received(
    struct session_shared *shared, struct session *session, ssize_t n)
{
	struct exchange *x = &session->x;
	enum session_result result;

	if (n == 0)
		return end_of_file(shared, session);
	result = session_follow(shared, session,
	    shared->run.protocol->judge(
		&shared->run, x, shared->buffer, (size_t)n));
	if (x->interrupted && result <= SESSION_DONE &&
	    interject(shared, session) != SESSION_AGAIN)
		return SESSION_FAILED;
	return result;
}

/* To the last byte that is here, as no event may tell of what TLS holds. */
static enum session_result
receive_tls(struct session_shared *shared, struct session *session)
{
	enum session_result result = SESSION_AGAIN;
	uint64_t retries = shared->retries;

	while (result == SESSION_AGAIN && session->state != SESSION_CLOSING) {
		bool wants_out;
		ssize_t n = take(shared, session, &wants_out);

		if (n < 0)
			return session_nothing_came(shared, session, wants_out);
		result = judge_received(shared, session, n);
		if (shared->retries != retries)
			return result; /* by the writer of a new stream */
	}
	return result == SESSION_AGAIN
		   ? receive_end(shared, session, SESSION_DONE)
		   : result;
}

enum session_result
session_received(
    struct session_shared *shared, struct session *session, ssize_t n)
{
	return n < 0 ? session_nothing_came(shared, session, false)
		     : judge_received(shared, session, n);
}

static enum session_result
receive(struct session_shared *shared, struct session *session)
{
	bool wants_out;

	if (session->stream)
		return receive_tls(shared, session);
	return session_received(
	    shared, session, take(shared, session, &wants_out));
}

/* ---- events ---- */

static int
socket_error(const struct session *session)
{
	int error = 0;
	socklen_t len = sizeof(error);

	getsockopt(session->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	return error;
}

/* Sends on, if there is anything to be sent. */
static enum session_result
flush(struct session_shared *shared, struct session *session)
{
	if (session->x.sent < session->x.out_len)
		return send_more(shared, session);
	if (session_watch(shared, session, false) < 0)
		return fail(shared, session, errno);
	return SESSION_AGAIN;
}

/* A handshake that waits for the server: reading is the writer's until then,
 * or it would have nobody to tell it to go on. */
static bool
shakes_hands(const struct session *session)
{
	return session->stream && session->x.sent < session->x.out_len &&
	       !session->out_armed;
}

/* Connected, but perhaps neither shaken hands with nor upgraded. */
static enum session_result
set_up(struct session_shared *shared, struct session *session)
{
	enum session_result result = SESSION_AGAIN;
	bool wants_out = false;

	if (!session->x.ready) {
		result = flush(shared, session);
		if (result != SESSION_AGAIN || shakes_hands(session))
			return result;
		return receive(shared, session);
	}
	if (session->stream &&
	    tls_stream_write(session->stream, "", 0, &wants_out) < 0) {
		if (errno == EAGAIN &&
		    session_watch(shared, session, wants_out) == 0)
			return SESSION_AGAIN;
		return fail(shared, session, errno);
	}
	if (session_watch(shared, session, false) < 0)
		return fail(shared, session, errno);
	session->state = SESSION_IDLE;
	return SESSION_DONE;
}

static enum session_result
busy_event(
    struct session_shared *shared, struct session *session, uint32_t events)
{
	enum session_result result;

	/* Over TLS, what is to be sent may wait for what comes. */
	if (events & EPOLLOUT || shakes_hands(session)) {
		result = flush(shared, session);
		if (result != SESSION_AGAIN || shakes_hands(session))
			return result;
	}
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR) || session->stream)
		return receive(shared, session);
	return SESSION_AGAIN;
}

static enum session_result
idle_event(struct session_shared *shared, struct session *session,
    uint32_t events, enum session_result at_end)
{
	enum session_result result;

	if (events & EPOLLOUT) {
		result = flush(shared, session);
		if (result != SESSION_AGAIN)
			return result;
	}
	return receive_end(shared, session, at_end);
}

enum session_result
session_event(
    struct session_shared *shared, struct session *session, uint32_t events)
{
	int error;

	if (shared->datagram_event)
		return shared->datagram_event(shared, session, events);
	switch (session->state) {
	case SESSION_CONNECTING:
		error = socket_error(session);
		if (error)
			return fail(shared, session, error);
		return set_up(shared, session);
	case SESSION_BUSY:
		return busy_event(shared, session, events);
	case SESSION_CLOSING:
		return idle_event(shared, session, events, SESSION_DONE);
	default:
		return idle_event(shared, session, events, SESSION_LEFT);
	}
}

void
session_end(struct session_shared *shared, struct session *session)
{
	if (session->fd >= 0 && !shared->datagram_event)
		say_goodbye(shared, session);
}
