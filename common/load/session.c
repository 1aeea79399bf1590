/* SPDX-License-Identifier: MIT */
/* session: send, receive, events; the fast path is in session.h. */
#include "common/load/session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "common/base/trace.h"
#include "common/load/session_internal.h"
#include "common/net/client_stream.h"

/* ---- send ---- */

static enum session_result
begin_on_new_connection(struct session_shared *shared, struct session *session);

/*
 * The server closed a kept connection while a request was in flight. That is no
 * error, and an idempotent request is sent again, once, on a new connection
 * (RFC 9112 9.3.1). It is sent once because the new connection is not `reused`.
 */
static enum session_result
retry_on_new(struct session_shared *shared, struct session *session)
{
	session_close(session);
	shared->retries++;
	return begin_on_new_connection(shared, session);
}

/* The connection ended with ERROR; 0: end of file. */
static enum session_result
connection_lost(
    struct session_shared *shared, struct session *session, int error)
{
	const struct exchange *x = &session->x;

	if (shared->run.idempotent && x->reused && x->pending && !x->received &&
	    session->state == SESSION_BUSY &&
	    (error == 0 || error == ECONNRESET || error == EPIPE))
		return retry_on_new(shared, session);
	return session_fail(shared, session, error);
}

/* For the trace: bytes of X, or of a handshake, were sent. */
static void
trace_sent(struct session *session)
{
	const struct exchange *x = &session->x;

	session_trace_connected(session);
	if (x->pending && x->sent == x->out_len)
		trace_record(TRACE_SENT, session->connection, 0, 0);
}

/*
 * A server may answer before it has the whole request (413, say), and close.
 * Its end makes the next send fail, but what it said can still be received. The
 * connection is not used again, because its request was not sent whole.
 */
static enum session_result
send_failed(struct session_shared *shared, struct session *session, int error)
{
	const struct exchange *x = &session->x;

	if (x->pending && x->sent > 0 && !session->stream &&
	    session->state == SESSION_BUSY) {
		ssize_t n = recv(session->fd, shared->buffer,
		    shared->buffer_size, MSG_DONTWAIT);

		if (n > 0)
			return session_received(shared, session, n);
	}
	return connection_lost(shared, session, error);
}

/* Handles the result N of a send. The rest waits for the socket. */
static inline enum session_result
note_sent(struct session_shared *shared, struct session *session, ssize_t n,
    bool wants_out)
{
	struct exchange *x = &session->x;

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return send_failed(shared, session, errno);
	if (n > 0)
		x->sent += (size_t)n;
	if (n > 0 && trace_on())
		trace_sent(session);
	if (session_watch(shared, session, wants_out && x->sent < x->out_len) <
	    0)
		return session_fail(shared, session, errno);
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

/* Other sessions have overwritten the scratch memory: OUT is made again. */
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
	x->pending = true;
	shared->run.protocol->request(&shared->run, x);
	return session_send_rest(shared, session);
}

/* The first send of a new connection. */
static enum session_result
send_first(struct session_shared *shared, struct session *session)
{
	/* On the loopback the handshake is complete when connect(2) returns, so
	 * the request can be sent without waiting in epoll. On a network send()
	 * fails with EAGAIN, and EPOLLOUT follows. */
	return session->x.ready ? send_request(shared, session)
				: session_send_rest(shared, session);
}

enum session_result
session_begin(struct session_shared *shared, struct session *session)
{
	struct exchange *x = &session->x;

	/* A part of a frame is not sent yet, and no other may follow it. */
	if (session->fd >= 0 && x->sent < x->out_len)
		session_close(session);
	x->number++;
	x->reused = session->fd >= 0;
	session->state = SESSION_BUSY;
	return x->reused ? send_request(shared, session)
			 : begin_on_new_connection(shared, session);
}

static enum session_result
begin_on_new_connection(struct session_shared *shared, struct session *session)
{
	enum session_result result;

	session->x.reused = false;
	session->state = SESSION_BUSY;
	result = session_open_socket(shared, session);
	return result == SESSION_AGAIN ? send_first(shared, session) : result;
}

enum session_result
session_retry_connect(struct session_shared *shared, struct session *session)
{
	enum session_result result = session_connect_socket(shared, session);

	if (result != SESSION_AGAIN)
		return result;
	return session->state == SESSION_BUSY
		   ? send_first(shared, session)
		   : session_await_connection(shared, session);
}

/* ---- receive ---- */

static ssize_t
receive_piece(
    struct session_shared *shared, struct session *session, bool *wants_out)
{
	return client_stream_receive(session->fd, session->stream,
	    shared->buffer, shared->buffer_size, wants_out);
}

inline enum session_result
session_receive_failed(
    struct session_shared *shared, struct session *session, bool wants_out)
{
	if (errno != EAGAIN && errno != EINTR)
		return connection_lost(shared, session, errno);
	if (wants_out && session_watch(shared, session, true) < 0)
		return session_fail(shared, session, errno);
	return SESSION_AGAIN;
}

/* Ends the sending, by the protocol's message if it has one. */
static void
end_sending(struct session_shared *shared, struct session *session)
{
	const struct protocol *protocol = shared->run.protocol;
	struct exchange *x = &session->x;

	if (protocol->leave && x->ready && x->sent == x->out_len) {
		protocol->leave(&shared->run, x);
		x->sent = 0;
		/* A few bytes to an empty socket buffer: all are sent. */
		session_send_rest(shared, session);
		return;
	}
	client_stream_end(session->fd, session->stream);
}

/* After a complete reply: keeps the connection, or closes it and waits for the
 * server's end of file. */
static enum session_result
reply_complete(
    struct session_shared *shared, struct session *session, bool last)
{
	session->x.pending = false;
	if (!shared->churn && !last) {
		session->state = SESSION_IDLE;
		return SESSION_DONE;
	}
	/* Only the server's end of file proves that the reply came once. */
	session->state = SESSION_CLOSING;
	end_sending(shared, session);
	return session->fd >= 0 ? SESSION_AGAIN : SESSION_FAILED;
}

/* Sends the request that waits for the handshake, if there is one. */
static enum session_result
handshake_done(struct session_shared *shared, struct session *session)
{
	session->x.ready = true;
	if (session->state == SESSION_BUSY)
		return send_request(shared, session);
	session->state = SESSION_IDLE;
	return SESSION_DONE;
}

static enum session_result
server_closed(struct session_shared *shared, struct session *session)
{
	enum session_result result = connection_lost(shared, session, 0);

	if (result == SESSION_AGAIN)
		return result;
	snprintf(shared->why, sizeof(shared->why), "%s", shared->run.why);
	return result;
}

inline enum session_result
session_apply(struct session_shared *shared, struct session *session,
    enum reply_check judgement)
{
	switch (judgement) {
	case REPLY_MORE:
		return SESSION_AGAIN;
	case REPLY_COMPLETE:
		return reply_complete(shared, session, false);
	case REPLY_LAST:
		return reply_complete(shared, session, true);
	case REPLY_READY:
		return handshake_done(shared, session);
	case REPLY_WRONG_KEEP:
		session->x.pending = false;
		session->state = SESSION_IDLE;
		if (shared->churn)
			session_close(session);
		return SESSION_WRONG_KEEP;
	case REPLY_CLOSED:
		return server_closed(shared, session);
	case REPLY_RETRY:
		return retry_on_new(shared, session);
	default:
		session_close(session);
		return SESSION_WRONG;
	}
}

/* At end of file, with a request in flight. */
static enum session_result
end_of_file(struct session_shared *shared, struct session *session)
{
	const struct protocol *protocol = shared->run.protocol;
	enum reply_check judgement = REPLY_CLOSED;

	shared->run.why[0] = '\0';
	if (protocol->at_eof && session->x.pending)
		judgement = protocol->at_eof(&shared->run, &session->x);
	if (judgement != REPLY_LAST)
		return session_apply(shared, session, judgement);
	session_close(session);
	return SESSION_DONE;
}

/* Sends a control message (a pong) as soon as nothing else is being sent. */
static enum session_result
send_control(struct session_shared *shared, struct session *session)
{
	struct exchange *x = &session->x;

	if (x->sent < x->out_len)
		return SESSION_AGAIN;
	x->control_due = false;
	shared->run.protocol->control(&shared->run, x);
	x->sent = 0;
	return session_send_rest(shared, session);
}

/* ---- receive without a request in flight ---- */

enum session_result
session_unsolicited(
    struct session_shared *shared, struct session *session, size_t len)
{
	struct protocol_run *run = &shared->run;

	reply_wrong(run, "%zu bytes without a request (doubled?)", len);
	run->got = shared->buffer;
	run->got_len = len;
	if (run->protocol->expected) {
		run->why[0] = '\0';
		run->protocol->expected(run, &session->x, &run->got_at);
	}
	session_close(session);
	return SESSION_UNSOLICITED;
}

/* LEN bytes came without a request: wrong in most protocols. */
static enum session_result
judge_unsolicited(struct session_shared *shared, struct session *session,
    size_t len, enum session_result at_end)
{
	const struct protocol *protocol = shared->run.protocol;
	enum reply_check judgement;

	if (!protocol->unsolicited)
		return session_unsolicited(shared, session, len);
	judgement =
	    protocol->judge(&shared->run, &session->x, shared->buffer, len);
	if (judgement == REPLY_MORE) {
		if (session->x.control_due)
			return send_control(shared, session);
		return SESSION_AGAIN;
	}
	if (judgement == REPLY_LAST)
		end_sending(shared, session);
	session_close(session);
	return judgement == REPLY_LAST ? at_end : SESSION_UNSOLICITED;
}

/* Whether the last reply came before all of its request was sent, so that the
 * rest is not sent any more. */
static bool
is_cut_short(const struct session_shared *shared, const struct session *session)
{
	return session->state == SESSION_CLOSING &&
	       session->x.sent < session->x.out_len &&
	       !shared->run.protocol->leave;
}

/* Expects only the end of file; then returns AT_END. */
static enum session_result
receive_end(struct session_shared *shared, struct session *session,
    enum session_result at_end)
{
	enum session_result result;
	bool wants_out;
	ssize_t n;

	do {
		n = receive_piece(shared, session, &wants_out);
		/* The reply is complete, so an end of file without
		 * close_notify (RFC 9112 9.8), or after ours, is right; and so
		 * is a reset by a server that does not read the rest. */
		if (n < 0 && errno == ECONNRESET &&
		    (session->stream || is_cut_short(shared, session)))
			n = 0;
		if (n < 0)
			return session_receive_failed(
			    shared, session, wants_out);
		if (n == 0) {
			session_close(session);
			return at_end;
		}
		result = judge_unsolicited(shared, session, (size_t)n, at_end);
	} while (session->stream && result == SESSION_AGAIN);
	return result;
}

/* ---- receive with a request in flight ---- */

/* Handles the result N of a receive, 0 or more. */
static inline enum session_result
judge_received(
    struct session_shared *shared, struct session *session, ssize_t n)
{
	struct exchange *x = &session->x;
	enum session_result result;

	if (n == 0)
		return end_of_file(shared, session);
	result = session_apply(shared, session,
	    shared->run.protocol->judge(
		&shared->run, x, shared->buffer, (size_t)n));
	if (x->control_due && result <= SESSION_DONE &&
	    send_control(shared, session) != SESSION_AGAIN)
		return SESSION_FAILED;
	return result;
}

/* Receives until EAGAIN: no event reports bytes that TLS has decrypted. */
static enum session_result
receive_tls(struct session_shared *shared, struct session *session)
{
	enum session_result result = SESSION_AGAIN;
	uint64_t retries = shared->retries;

	while (result == SESSION_AGAIN && session->state != SESSION_CLOSING) {
		bool wants_out;
		ssize_t n = receive_piece(shared, session, &wants_out);

		if (n < 0)
			return session_receive_failed(
			    shared, session, wants_out);
		result = judge_received(shared, session, n);
		if (shared->retries != retries)
			return result; /* sent again on a new stream */
	}
	return result == SESSION_AGAIN
		   ? receive_end(shared, session, SESSION_DONE)
		   : result;
}

enum session_result
session_received(
    struct session_shared *shared, struct session *session, ssize_t n)
{
	return n < 0 ? session_receive_failed(shared, session, false)
		     : judge_received(shared, session, n);
}

static enum session_result
receive(struct session_shared *shared, struct session *session)
{
	bool wants_out;

	if (session->stream)
		return receive_tls(shared, session);
	return session_received(
	    shared, session, receive_piece(shared, session, &wants_out));
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

/* Sends the rest of x.out, if there is any. */
static enum session_result
flush(struct session_shared *shared, struct session *session)
{
	if (session->x.sent < session->x.out_len &&
	    !is_cut_short(shared, session))
		return send_more(shared, session);
	if (session_watch(shared, session, false) < 0)
		return session_fail(shared, session, errno);
	return SESSION_AGAIN;
}

/* Whether the TLS handshake waits for the server. Until it is done only the
 * writer reads: see client_stream.h. */
static bool
in_tls_handshake(const struct session *session)
{
	return session->stream && session->x.sent < session->x.out_len &&
	       !session->out_armed;
}

/* After connect(2): goes on with the handshakes of TLS and of the protocol. */
static enum session_result
set_up(struct session_shared *shared, struct session *session)
{
	enum session_result result = SESSION_AGAIN;
	bool wants_out = false;

	if (!session->x.ready) {
		result = flush(shared, session);
		if (result != SESSION_AGAIN || in_tls_handshake(session))
			return result;
		return receive(shared, session);
	}
	if (session->stream &&
	    tls_stream_write(session->stream, "", 0, &wants_out) < 0) {
		if (errno == EAGAIN &&
		    session_watch(shared, session, wants_out) == 0)
			return SESSION_AGAIN;
		return session_fail(shared, session, errno);
	}
	if (session_watch(shared, session, false) < 0)
		return session_fail(shared, session, errno);
	if (trace_on())
		session_trace_connected(session);
	session->state = SESSION_IDLE;
	return SESSION_DONE;
}

static enum session_result
busy_event(
    struct session_shared *shared, struct session *session, uint32_t events)
{
	enum session_result result;

	/* Over TLS a send may wait for input. */
	if (events & EPOLLOUT || in_tls_handshake(session)) {
		result = flush(shared, session);
		/* A send that failed may have received the last reply. */
		if (result != SESSION_AGAIN || in_tls_handshake(session) ||
		    session->state != SESSION_BUSY)
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
			return session_fail(shared, session, error);
		return set_up(shared, session);
	case SESSION_BUSY:
		return busy_event(shared, session, events);
	case SESSION_CLOSING:
		return idle_event(shared, session, events, SESSION_DONE);
	default:
		return idle_event(shared, session, events, SESSION_CLOSED);
	}
}

void
session_end(struct session_shared *shared, struct session *session)
{
	if (session->fd >= 0 && !shared->datagram_event)
		end_sending(shared, session);
}
