/* SPDX-License-Identifier: MIT */
/* chat_connection: a connection of a chat load, from connect to its end. */
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

/* The pause after a guest that failed: a dead server gets few connects. */
#define BACKOFF_NS (10 * NS_PER_MS)

/* ---- sockets ---- */

void
chat_connection_close(struct chat_connection *conn)
{
	if (conn->retries_connect)
		list_remove(&conn->link);
	conn->retries_connect = false;
	tls_stream_close(conn->stream);
	conn->stream = NULL;
	if (conn->fd >= 0)
		close(conn->fd); /* also removes it from the epoll set */
	conn->fd = -1;
	conn->watched = conn->out_armed = false;
	conn->out_waits = conn->in_waits = conn->in_tls_handshake = false;
	conn->out_len = 0;
}

void
chat_connection_reset(
    struct chat_connection *conn, uint32_t id, enum chat_role role)
{
	char *partial = conn->partial;

	*conn = (struct chat_connection){
	    .fd = -1, .id = id, .role = role, .next = 1, .partial = partial};
}

/* Connects CONN's socket. 1: the backlog is full, CONN is queued; 0; or -1 with
 * errno. */
static int
connect_socket(struct chat_load *chat, struct chat_connection *conn)
{
	if (dial_begin(conn->fd, &chat->load->target.address) < 0) {
		if (errno != EAGAIN)
			return -1;
		if (!conn->retries_connect)
			list_append(&chat->retrying, &conn->link);
		conn->retries_connect = true;
		return 1;
	}
	if (conn->retries_connect)
		list_remove(&conn->link);
	conn->retries_connect = false;
	if (!chat->load->tls)
		return 0;
	conn->stream = tls_stream_open(chat->load->tls, conn->fd);
	return conn->stream ? 0 : -1;
}

/* Opens and connects a socket. Returns as connect_socket(). */
static int
open_socket(struct chat_load *chat, struct chat_connection *conn)
{
	int family = chat->load->target.address.any.sa_family, on = 1;

	conn->fd =
	    socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (conn->fd < 0)
		return -1;
	if (family != AF_UNIX)
		setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return connect_socket(chat, conn);
}

/* Watches the socket for EPOLLIN, and for EPOLLOUT if CONN waits for that. */
static int
watch(const struct chat_load *chat, struct chat_connection *conn)
{
	bool out = conn->out_waits || conn->in_waits;
	struct epoll_event event = {
	    .events = EPOLLIN | (out ? EPOLLOUT : 0),
	    .data.ptr = conn,
	};
	int how = conn->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	if (conn->watched && conn->out_armed == out)
		return 0;
	conn->watched = true;
	conn->out_armed = out;
	return epoll_ctl(chat->epoll, how, conn->fd, &event);
}

void
chat_connection_leave(struct chat_connection *conn)
{
	if (conn->fd >= 0)
		client_stream_end(conn->fd, conn->stream);
	conn->leaving = true;
}

/* As send(2). */
static ssize_t
send_some(struct chat_connection *conn, const char *data, size_t len)
{
	bool wants_out;
	ssize_t n =
	    client_stream_send(conn->fd, conn->stream, data, len, &wants_out);

	conn->in_tls_handshake = n < 0 && !wants_out;
	return n;
}

/* After all of CONN's output is sent. */
static void
sent_all(struct chat_load *chat, struct chat_connection *conn)
{
	if (conn->role == CHAT_GUEST && !conn->leaving) {
		chat_connection_leave(conn);
	} else if (chat->phase == JOINING && !conn->joined) {
		conn->joined = true;
		chat->joined++;
		chat->last_join_ns = now_ns();
	}
}

/* Sends the rest. While a connect is in progress, send() fails with EAGAIN. */
static void
flush(struct chat_load *chat, struct chat_connection *conn)
{
	while (conn->out_len) {
		ssize_t n = send_some(conn, conn->out, conn->out_len);

		if (n < 0 && errno != EAGAIN && errno != EINTR) {
			chat_connection_lose(chat, conn, errno);
			return;
		}
		if (n < 0)
			break;
		conn->out += n;
		conn->out_len -= (size_t)n;
	}
	conn->out_waits = conn->out_len && !conn->in_tls_handshake;
	if (watch(chat, conn) < 0)
		chat_connection_lose(chat, conn, errno);
	else if (!conn->out_len)
		sent_all(chat, conn);
}

void
chat_connection_send(struct chat_load *chat, struct chat_connection *conn,
    const char *text, size_t len)
{
	int status = 0;

	conn->out = text;
	conn->out_len = len;
	if (conn->fd < 0)
		status = open_socket(chat, conn);
	if (status < 0)
		chat_connection_lose(chat, conn, errno);
	else if (!conn->retries_connect)
		flush(chat, conn);
}

void
chat_retry_connects(struct chat_load *chat)
{
	while (!list_empty(&chat->retrying)) {
		struct chat_connection *conn = (struct chat_connection *)(void
			*)((char *)chat->retrying.next -
			   offsetof(struct chat_connection, link));
		int status = connect_socket(chat, conn);

		if (status > 0)
			break;
		if (status < 0)
			chat_connection_lose(chat, conn, errno);
		else
			flush(chat, conn);
	}
}

/* ---- member 0 sends the ring ---- */

/* Notes the messages whose first byte is among the next N bytes, sent at NOW.
 */
static void
note_sent(struct chat_load *chat, uint64_t n, uint64_t now)
{
	uint64_t size = chat->load->size;

	for (uint64_t i = (chat->bytes_sent + size - 1) / size;
	     i * size < chat->bytes_sent + n; i++)
		in_flight_sent(&chat->in_flight, i, now);
}

void
chat_send(struct chat_load *chat)
{
	struct chat_connection *conn = &chat->connections[0];
	uint64_t end = chat->in_flight.head * chat->load->size;
	uint64_t ring = chat->in_flight.slots * chat->load->size;

	while (conn->fd >= 0 && chat->bytes_sent < end) {
		uint64_t at = chat->bytes_sent % ring, now = now_ns();
		ssize_t n = send_some(conn, chat->ring + at,
		    earlier(ring - at, end - chat->bytes_sent));

		if (n < 0 && errno != EAGAIN && errno != EINTR) {
			chat_connection_lose(chat, conn, errno);
			return;
		}
		if (n < 0)
			break;
		note_sent(chat, (uint64_t)n, now);
		chat->bytes_sent += (uint64_t)n;
	}
	if (conn->fd < 0)
		return;
	conn->out_waits = chat->bytes_sent < end && !conn->in_tls_handshake;
	if (watch(chat, conn) < 0)
		chat_connection_lose(chat, conn, errno);
}

/* ---- events ---- */

/* After EAGAIN; or, over TLS, after enough bytes for one turn. */
static void
receive_later(
    struct chat_load *chat, struct chat_connection *conn, bool wants_out)
{
	conn->in_waits = wants_out;
	if (watch(chat, conn) < 0)
		chat_connection_lose(chat, conn, errno);
}

/*
 * Over TLS, receives until EAGAIN: no event reports decrypted bytes. A
 * connection with very much input must not delay the others: after a limit it
 * waits for EPOLLOUT, which comes at once.
 */
static void
receive(struct chat_load *chat, struct chat_connection *conn)
{
	size_t got = 0;
	bool wants_out;
	ssize_t n;

	do {
		n = client_stream_receive(conn->fd, conn->stream, chat->buffer,
		    CHAT_LOAD_BUFFER, &wants_out);
		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			receive_later(chat, conn, wants_out);
			return;
		}
		if (n <= 0) {
			chat_connection_lose(chat, conn, n < 0 ? errno : 0);
			return;
		}
		got += (size_t)n;
		chat->now = now_ns();
		if (conn->role != CHAT_LEAVER &&
		    chat_receive(chat, conn, chat->buffer, (size_t)n) < 0) {
			chat_connection_lose(chat, conn, errno);
			return;
		}
	} while (conn->stream && got < CHAT_LOAD_BUFFER);
	if (conn->stream)
		receive_later(chat, conn, true);
}

void
chat_connection_event(
    struct chat_load *chat, struct chat_connection *conn, uint32_t events)
{
	if (conn->fd >= 0 && (events & EPOLLOUT || conn->in_tls_handshake)) {
		if (conn->out_len)
			flush(chat, conn);
		else if (conn->role == CHAT_SENDER)
			chat_send(chat);
	}
	if (conn->fd >= 0 && !conn->in_tls_handshake &&
	    (events & (EPOLLIN | EPOLLHUP | EPOLLERR) || conn->stream))
		receive(chat, conn);
}

/* ---- a connection's end ---- */

static void
lose_receiver(struct chat_load *chat, struct chat_connection *conn, int error,
    const char *words)
{
	bool counted = false;

	chat_describe(chat->result->first_failed, "member %u was dropped: %s",
	    conn->id, words);
	for (uint64_t i = chat->in_flight.tail; i < chat->in_flight.head; i++) {
		struct in_flight_message *m =
		    in_flight_find(&chat->in_flight, i);

		if (!m || m->over || !chat_misses(chat, conn, i))
			continue;
		if (!counted && m->fault < IN_FLIGHT_FAILED) {
			in_flight_fail(&chat->in_flight, i, error);
			counted = true;
		}
		in_flight_count_down(&chat->in_flight, i);
	}
	if (!counted)
		in_flight_fail_completed(&chat->in_flight, error);
	if (--chat->receivers == 0)
		chat->left = 0;
}

/* Without member 0, all messages in flight have failed. */
static void
lose_sender(struct chat_load *chat, int error, const char *words)
{
	uint64_t number;

	chat_describe(chat->result->first_failed,
	    "member 0, the sender, was dropped: %s", words);
	chat->left = 0;
	if (!chat->in_flight.under_way)
		in_flight_fail_completed(&chat->in_flight, error);
	while (in_flight_first(&chat->in_flight, &number)) {
		in_flight_fail(&chat->in_flight, number, error);
		in_flight_end(&chat->in_flight, number);
	}
}

static void
lose_guest(struct chat_load *chat, const struct chat_connection *conn,
    int error, const char *words)
{
	chat_describe(chat->result->first_failed,
	    "message %" PRIu64 ": its sender was dropped: %s", conn->number,
	    words);
	in_flight_fail(&chat->in_flight, conn->number, error);
	in_flight_end(&chat->in_flight, conn->number);
	chat->backoff_until = now_ns() + BACKOFF_NS;
}

static void
lose_joining(struct chat_load *chat, const struct chat_connection *conn,
    int error, const char *words)
{
	if (chat->failed)
		return;
	chat->failed = conn;
	chat->failed_error = error;
	snprintf(chat->failed_text, sizeof(chat->failed_text), "%s", words);
}

/* Writes a text for ERROR to WORDS, before the stream is closed. */
static void
explain_end(const struct chat_connection *conn, int error,
    char words[LOAD_RESULT_WORDS])
{
	const char *why =
	    error ? client_stream_why(conn->stream) : "end of file";

	snprintf(
	    words, LOAD_RESULT_WORDS, "%s", why[0] ? why : strerror(error));
}

void
chat_connection_lose(
    struct chat_load *chat, struct chat_connection *conn, int error)
{
	bool asked_for = conn->leaving && !error;
	char words[LOAD_RESULT_WORDS];

	explain_end(conn, error, words);
	chat_connection_close(conn);
	if (chat->phase == JOINING) {
		lose_joining(chat, conn, error, words);
	} else if (conn->role == CHAT_GUEST) {
		if (asked_for)
			in_flight_sender_left(&chat->in_flight, conn->number);
		else
			lose_guest(chat, conn, error, words);
	} else if (chat->phase == RUNNING && conn->role == CHAT_RECEIVER) {
		lose_receiver(chat, conn, error, words);
	} else if (chat->phase == RUNNING && conn->role == CHAT_SENDER) {
		lose_sender(chat, error, words);
	}
}
