/* SPDX-License-Identifier: MIT */
/* admission: refuse; admit; accept clients and receive datagrams. */
#include "common/server/admission.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/trace.h"
#include "common/server/reap.h"

enum {
	/* Accepts from one listener before the others and the workers get
	 * their turn. */
	BATCH = 64,
	/* Errors in one batch that may be the clients' own. */
	ACCEPT_ERRORS = 8,
};

/* ---- refuse ---- */

/* Up to this number a forked child closes the loop's descriptors. */
static void
find_last_private(struct loop *loop)
{
	const struct lingering *list = &loop->lingering;
	int last = wakeup_last(&loop->wakeup);

	last = list->spare > last ? list->spare : last;
	for (size_t i = 0; i < list->count; i++)
		last = list->at[i].fd > last ? list->at[i].fd : last;
	for (size_t i = 0; i < loop->listeners->count; i++) {
		int fd = loop->listeners->at[i].fd;

		last = fd > last ? fd : last;
	}
	loop->workers->settings.last_private = (unsigned)last;
}

void
admission_linger(struct loop *loop)
{
	loop->state->lingering_due =
	    lingering_step(&loop->lingering, loop->state->now);
	find_last_private(loop);
}

/* Counts the client, answers it, and begins a lingering close. A datagram gets
 * no answer: its source address may be forged. */
static void
refuse_with(struct loop *loop, const struct client *client,
    const struct refusal *refusal)
{
	ledger_refuse(loop->workers->ledger);
	trace_event_of(0, TRACE_REFUSED, refusal == &loop->source_full);
	if (client->datagram) {
		free(client->datagram);
		if (client->fd >= 0)
			close(client->fd);
		return;
	}
	lingering_add(&loop->lingering, client->fd, refusal, loop->state->now);
	admission_linger(loop);
}

static void
refuse(struct loop *loop, const struct client *client)
{
	refuse_with(loop, client, &loop->full);
}

static void
refuse_source(struct loop *loop, const struct client *client)
{
	struct loop_state *s = loop->state;
	char peer[ADDRESS_TEXT_MAX];

	loop->workers->shown->limits.source_refused = ++s->source_refused;
	log_limited(&s->source_limit,
	    "%s refused: its address has %llu connections already "
	    "(--max-per-source)",
	    address_format(&client->peer, peer),
	    (unsigned long long)loop->workers->max_per_source);
	refuse_with(loop, client, &loop->source_full);
}

/* ---- admit ---- */

bool
admission_open(const struct loop *loop)
{
	const struct loop_state *s = loop->state;

	return !s->has_held && !s->short_until &&
	       (loop->refuse || workers_room(loop->workers));
}

static bool
is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS ||
	       error == ENOMEM;
}

static void
pause_for(struct loop *loop, const char *what, struct log_limit *limit)
{
	log_limited(limit, "%s: %s; trying again when a worker has ended", what,
	    strerror(errno));
	loop->state->short_until = loop->state->now + LOOP_SHORTAGE_NS;
}

/* The last free worker was taken. */
static void
note_full(struct loop *loop)
{
	struct loop_state *s = loop->state;

	loop->workers->shown->limits.reached = ++s->reached;
	log_limited(&s->full_limit,
	    "all %u connections are taken (--max-connections); new clients %s",
	    loop->workers->max,
	    loop->refuse ? "are refused" : "wait until one ends");
}

/*
 * A datagram has no descriptor of its own. Its worker gets a duplicate of the
 * listener's, so that it owns and closes one like any other worker.
 */
static int
begin_worker(struct loop *loop, struct client *client, int socket)
{
	struct workers *workers = loop->workers;

	if (client->fd < 0)
		client->fd = fcntl(socket, F_DUPFD_CLOEXEC, 0);
	if (client->fd < 0 || workers_begin(workers, client) < 0)
		return -1;
	if (!workers_room(workers))
		note_full(loop);
	return 0;
}

/*
 * Gives CLIENT a worker, or refuses it, or holds it until a worker can be made.
 * SOCKET is the listener that it came from.
 */
static void
admit(struct loop *loop, struct client *client, int socket)
{
	struct loop_state *s = loop->state;
	struct workers *workers = loop->workers;

	/* The source's last worker may have ended and not be reaped yet. */
	if (workers_source_full(workers, &client->peer)) {
		reap_announced(loop);
		if (workers_source_full(workers, &client->peer)) {
			refuse_source(loop, client);
			return;
		}
	}
	if (begin_worker(loop, client, socket) == 0)
		return;
	/* The failure may be momentary, or a thread that has announced its end
	 * is not gone yet: try once more. */
	workers_reap(workers);
	if (begin_worker(loop, client, socket) == 0)
		return;
	if (loop->refuse) {
		log_limited(&s->spawn_limit, "no worker: %s; client refused",
		    strerror(errno));
		refuse(loop, client);
		return;
	}
	pause_for(loop, "no worker", &s->spawn_limit);
	s->has_held = true;
	s->held = *client;
	s->held_socket = socket;
}

/* Tries again for the held client, if there is one. */
static void
admit_held(struct loop *loop)
{
	struct loop_state *s = loop->state;
	struct client client = s->held;

	if (!s->has_held)
		return;
	s->has_held = false;
	admit(loop, &client, s->held_socket);
}

static void
admit_or_refuse(struct loop *loop, struct client *client, int socket)
{
	if (!workers_room(loop->workers))
		reap_announced(loop);
	if (workers_room(loop->workers))
		admit(loop, client, socket);
	else
		refuse(loop, client);
}

/* ---- streams ---- */

/* What the batch does after a failed accept: ends; counts an error of one
 * client; counts a client that was refused for want of descriptors. */
enum accept_result { ACCEPT_NONE, ACCEPT_ERROR, ACCEPT_REFUSED };

static enum accept_result
accept_failed(struct loop *loop, const struct listener *listener)
{
	struct loop_state *s = loop->state;
	struct client client = {.fd = -1};

	switch (errno) {
	case EAGAIN:
		return ACCEPT_NONE;
	/* The client left the backlog, or accept(2) reports an error of its
	 * network. The next client is not affected. */
	case EINTR:
	case ECONNABORTED:
	case ECONNRESET:
	case EPROTO:
	case ENETDOWN:
	case ENOPROTOOPT:
	case EHOSTDOWN:
	case ENONET:
	case EHOSTUNREACH:
	case EOPNOTSUPP:
	case ENETUNREACH:
	case ETIMEDOUT:
	case EPERM:
		return ACCEPT_ERROR;
	}
	if (loop->refuse && is_shortage(errno)) {
		log_limited(&s->accept_limit, "accept: %s; client refused",
		    strerror(errno));
		client.fd = lingering_accept(
		    &loop->lingering, listener->fd, &client.peer);
		if (client.fd >= 0) {
			ledger_accept(loop->workers->ledger);
			refuse(loop, &client);
			return ACCEPT_REFUSED;
		}
		if (errno == EAGAIN)
			return ACCEPT_NONE;
	}
	pause_for(loop, "accept", &s->accept_limit);
	return ACCEPT_NONE;
}

/* Returns how many clients came. */
static int
accept_batch(struct loop *loop, const struct listener *listener)
{
	int came = 0, failed = 0;

	for (int i = 0; i < BATCH && admission_open(loop); i++) {
		struct client client = {.fd = -1};

		client.fd = listener_accept(listener, &client.peer);
		if (client.fd < 0) {
			enum accept_result result =
			    accept_failed(loop, listener);

			if (result == ACCEPT_NONE)
				return came;
			came += result == ACCEPT_REFUSED;
			failed += result == ACCEPT_ERROR;
			if (failed == ACCEPT_ERRORS)
				break;
			continue;
		}
		client.accepted_ns = trace_now();
		came++;
		loop->state->busy = true;
		ledger_accept(loop->workers->ledger);
		admit_or_refuse(loop, &client, listener->fd);
	}
	/* So many errors in a row are not the clients' own. */
	if (failed == ACCEPT_ERRORS)
		pause_for(loop, "accept", &loop->state->accept_limit);
	return came;
}

/* ---- datagrams ---- */

/*
 * Whether DATAGRAM gets no answer. Its source may be forged: were the port one
 * of ours, our answer would be the next question to ourselves.
 */
static bool
is_forbidden(const struct loop *loop, const struct datagram *datagram)
{
	if (datagram_forbidden(datagram))
		return true;
	for (size_t i = 0; i < loop->listeners->count; i++) {
		const struct listener *one = &loop->listeners->at[i];

		if (one->datagrams && address_port(&one->address) ==
					  address_port(&datagram->peer))
			return true;
	}
	return false;
}

/* Without memory, the datagram was taken from the socket and is lost, but
 * counted. */
static void
receive_failed(struct loop *loop)
{
	if (errno == EAGAIN || errno == EINTR)
		return;
	if (errno == ENOMEM) {
		ledger_accept(loop->workers->ledger);
		ledger_refuse(loop->workers->ledger);
		trace_event_of(0, TRACE_REFUSED, 0);
	}
	pause_for(loop, "receive", &loop->state->accept_limit);
}

/* Each datagram is a client. Returns how many came. */
static int
receive_batch(struct loop *loop, const struct listener *listener)
{
	int came = 0;

	while (came < BATCH && admission_open(loop)) {
		struct client client = {.fd = -1};

		client.datagram = datagram_receive(listener->fd);
		if (!client.datagram) {
			receive_failed(loop);
			return came;
		}
		client.accepted_ns = trace_now();
		client.peer = client.datagram->peer;
		came++;
		loop->state->busy = true;
		ledger_accept(loop->workers->ledger);
		if (is_forbidden(loop, client.datagram))
			refuse(loop, &client);
		else
			admit_or_refuse(loop, &client, listener->fd);
	}
	return came;
}

/* ---- all listeners ---- */

/* Returns how many clients came. */
static int
take_batch(struct loop *loop, const struct listener *listener)
{
	return listener->datagrams ? receive_batch(loop, listener)
				   : accept_batch(loop, listener);
}

/* Whether a backlog may hold a client. For a unix socket that turns new clients
 * away, poll(2) reports an error rather than a client. */
static bool
may_have_clients(struct loop *loop)
{
	struct pollfd *polls = loop->state->poll + LOOP_POLL_LISTENERS;
	size_t count = loop->listeners->count;

	for (size_t i = 0; i < count; i++)
		polls[i] =
		    (struct pollfd){loop->listeners->at[i].fd, POLLIN, 0};
	return poll(polls, count, 0) != 0;
}

static bool
is_backlog_empty(struct loop *loop)
{
	const struct loop_state *s = loop->state;

	return admission_open(loop) ? !s->busy
				    : !s->has_held && !may_have_clients(loop);
}

void
admission_accept(struct loop *loop)
{
	struct loop_state *s = loop->state;

	s->busy = false;
	if (!s->short_until)
		admit_held(loop);
	for (size_t i = 0; i < loop->listeners->count; i++) {
		if (s->draining || s->poll[LOOP_POLL_LISTENERS + i].revents)
			take_batch(loop, &loop->listeners->at[i]);
	}
	if (s->draining)
		s->backlog_empty = is_backlog_empty(loop);
}

/* At most one backlog of clients: a kernel may fail to turn new ones away. */
void
admission_refuse_all(struct loop *loop)
{
	loop->refuse = true;
	loop->state->short_until = 0;
	admit_held(loop);
	for (size_t i = 0; i < loop->listeners->count; i++) {
		int left = loop->backlog, came = 1;

		for (; left > 0 && came > 0; left -= came)
			came = take_batch(loop, &loop->listeners->at[i]);
	}
}
