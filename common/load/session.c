/* SPDX-License-Identifier: MIT */
/* session: connect, send, receive and compare, close. */
#include "common/load/session.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *
expected(const struct session_shared *shared, const struct session *session)
{
	return shared->protocol->reply ? shared->protocol->reply
				       : payload_request(&shared->payload,
					     session->id, session->number);
}

static size_t
reply_size(const struct session_shared *shared)
{
	return shared->protocol->reply ? strlen(shared->protocol->reply)
				       : shared->payload.size;
}

void
session_close(struct session *session)
{
	if (session->fd >= 0)
		close(session->fd); /* which also takes it out of the epoll */
	session->fd = -1;
	session->state = SESSION_IDLE;
	session->watched = false;
}

static enum session_result
fail(struct session *session, int error)
{
	session_close(session);
	errno = error;
	return SESSION_FAILED;
}

/* One address has 28,000 ports, and each rests for a second after use. */
static int
bind_source(struct session_shared *shared, int fd)
{
	struct sockaddr_in from = {.sin_family = AF_INET};
	int on = 1;

	from.sin_addr.s_addr =
	    htonl(INADDR_LOOPBACK + shared->last_source++ % shared->sources);
	/* The port is chosen at connect, when the target is known; at bind it
	 * would have to be free for all targets. */
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	return bind(fd, (struct sockaddr *)&from, sizeof(from));
}

/* A socket on its way to the target; 0, or -1 with errno and none. */
static int
open_socket(struct session_shared *shared, struct session *session)
{
	const struct address *target = &shared->target;
	int family = target->any.sa_family, on = 1, saved;

	session->fd =
	    socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (session->fd < 0)
		return -1;
	if (family != AF_UNIX)
		setsockopt(
		    session->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if ((!shared->sources || bind_source(shared, session->fd) == 0) &&
	    (connect(session->fd, &target->any, target->len) == 0 ||
		errno == EINPROGRESS))
		return 0;
	saved = errno;
	session_close(session);
	errno = saved;
	return -1;
}

/* Whether EPOLLOUT is wanted, too. A socket that is not watched yet will be. */
static int
watch(struct session_shared *shared, struct session *session, bool out)
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

enum session_result
session_connect(struct session_shared *shared, struct session *session)
{
	if (open_socket(shared, session) < 0 ||
	    watch(shared, session, true) < 0)
		return fail(session, errno);
	session->state = SESSION_CONNECTING;
	return SESSION_AGAIN;
}

/* Sends what is left; a short write arms EPOLLOUT. */
static enum session_result
send_rest(struct session_shared *shared, struct session *session)
{
	const char *request =
	    payload_request(&shared->payload, session->id, session->number);
	size_t left = shared->payload.size - session->sent;
	ssize_t n = send(session->fd, request + session->sent, left,
	    MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return fail(session, errno);
	if (n > 0)
		session->sent += (size_t)n;
	if (watch(shared, session, session->sent < shared->payload.size) < 0)
		return fail(session, errno);
	return SESSION_AGAIN;
}

enum session_result
session_begin(struct session_shared *shared, struct session *session)
{
	session->number++;
	session->sent = session->received = 0;
	session->state = SESSION_BUSY;
	if (session->fd >= 0)
		return send_rest(shared, session);
	if (open_socket(shared, session) < 0)
		return fail(session, errno);
	/* On the loopback the handshake is over when connect() returns, so the
	 * request can follow it without a trip through epoll. Elsewhere send()
	 * says EAGAIN, and EPOLLOUT will tell. */
	return send_rest(shared, session);
}

/* The bytes of the reply that are compared begin at RECEIVED. */
static enum session_result
wrong(struct session_shared *shared, struct session *session, size_t at,
    size_t len)
{
	shared->got = shared->buffer;
	shared->got_at = at;
	shared->got_len = len;
	session_close(session);
	return SESSION_WRONG;
}

/* The reply is here whole: keep the connection, or see it closed. */
static enum session_result
reply_complete(struct session_shared *shared, struct session *session)
{
	if (!shared->churn && !shared->protocol->closes) {
		session->state = SESSION_IDLE;
		return SESSION_DONE;
	}
	/* Only the server's end of file proves that nothing more comes. */
	session->state = SESSION_CLOSING;
	shutdown(session->fd, SHUT_WR);
	return SESSION_AGAIN;
}

static enum session_result
receive(struct session_shared *shared, struct session *session)
{
	size_t size = reply_size(shared), left = size - session->received;
	/* One byte more than can be right shows a doubled reply at once. */
	size_t want =
	    left < shared->buffer_size ? left + 1 : shared->buffer_size;
	ssize_t n = recv(session->fd, shared->buffer, want, MSG_DONTWAIT);
	size_t at = session->received;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? SESSION_AGAIN
							 : fail(session, errno);
	if (n == 0)
		return fail(session, 0);
	if ((size_t)n > left ||
	    memcmp(shared->buffer, expected(shared, session) + at, (size_t)n) !=
		0)
		return wrong(shared, session, at, (size_t)n);
	session->received += (size_t)n;
	if (session->received < size)
		return SESSION_AGAIN;
	return reply_complete(shared, session);
}

/* Nothing is expected but the end. */
static enum session_result
receive_end(struct session_shared *shared, struct session *session,
    enum session_result at_end)
{
	ssize_t n = recv(
	    session->fd, shared->buffer, shared->buffer_size, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? SESSION_AGAIN
							 : fail(session, errno);
	if (n > 0) {
		wrong(shared, session, reply_size(shared), (size_t)n);
		return SESSION_TOO_MUCH;
	}
	session_close(session);
	return at_end;
}

static int
socket_error(const struct session *session)
{
	int error = 0;
	socklen_t len = sizeof(error);

	getsockopt(session->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	return error;
}

enum session_result
session_event(
    struct session_shared *shared, struct session *session, uint32_t events)
{
	enum session_result result;
	int error;

	switch (session->state) {
	case SESSION_CONNECTING:
		error = socket_error(session);
		if (error)
			return fail(session, error);
		watch(shared, session, false);
		session->state = SESSION_IDLE;
		return SESSION_DONE;
	case SESSION_BUSY:
		if (events & EPOLLOUT) {
			result = send_rest(shared, session);
			if (result != SESSION_AGAIN)
				return result;
		}
		if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
			return receive(shared, session);
		return SESSION_AGAIN;
	case SESSION_CLOSING:
		return receive_end(shared, session, SESSION_DONE);
	default:
		return receive_end(shared, session, SESSION_LEFT);
	}
}

void
session_end(struct session *session)
{
	if (session->fd >= 0)
		shutdown(session->fd, SHUT_WR);
}

/* Whose reply begins with what was received? NULL if nobody's. */
static const struct session *
owner_of(const struct session_shared *shared, const struct session *all,
    uint32_t count, uint64_t *number)
{
	size_t len = shared->got_len < shared->payload.size
			 ? shared->got_len
			 : shared->payload.size;

	/* Fewer bytes than this fit somebody by chance. */
	if (shared->protocol->reply || len < 4)
		return NULL;
	for (uint32_t i = 0; i < count; i++) {
		for (uint64_t back = 0; back < 2; back++) {
			*number = all[i].number - back;
			if (memcmp(shared->got,
				payload_request(
				    &shared->payload, all[i].id, *number),
				len) == 0)
				return &all[i];
		}
	}
	return NULL;
}

char *
session_explain(const struct session_shared *shared,
    const struct session *session, const struct session *all, uint32_t count,
    char *buf, size_t size)
{
	const char *want = expected(shared, session) + shared->got_at;
	size_t whole = reply_size(shared), left = whole - shared->got_at, i = 0;
	const struct session *owner = NULL;
	uint64_t number;
	int len = snprintf(buf, size, "connection %u, request %" PRIu64 ": ",
	    session->id, session->number);

	buf += len;
	size -= (size_t)len;
	if (!session->number) {
		snprintf(buf - len, size + (size_t)len,
		    "connection %u: %zu bytes before any request", session->id,
		    shared->got_len);
		return buf - len;
	}
	while (i < left && i < shared->got_len && shared->got[i] == want[i])
		i++;
	if (i == left) {
		snprintf(buf, size,
		    "%zu bytes too many after the reply of %zu (doubled?)",
		    shared->got_len - left, whole);
		return buf - len;
	}
	if (shared->got_at == 0)
		owner = owner_of(shared, all, count, &number);
	if (owner && owner != session)
		snprintf(buf, size,
		    "the reply is connection %u's, request %" PRIu64, owner->id,
		    number);
	else if (owner)
		snprintf(buf, size,
		    "the reply is that of its request %" PRIu64
		    " again (doubled)",
		    number);
	else if (i + 4 < shared->got_len && left > i + 1 &&
		 memcmp(shared->got + i, want + i + 1,
		     shared->got_len - i < left - i - 1 ? shared->got_len - i
							: left - i - 1) == 0)
		snprintf(buf, size, "byte %zu of %zu is missing",
		    shared->got_at + i, whole);
	else
		snprintf(buf, size,
		    "byte %zu of %zu is 0x%02x, not 0x%02x (changed)",
		    shared->got_at + i, whole, (unsigned char)shared->got[i],
		    (unsigned char)want[i]);
	return buf - len;
}
