/* SPDX-License-Identifier: MIT */
/* loop: wait, signals, collect, refused, accept; and again. */
#include "common/server/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/server/loop_memory.h"
#include "common/server/scan_pause.h"

enum {
	/* Accepts of one listener before the others and the workers are looked
	 * at again. */
	BATCH = 64,
	/* Errors in one batch that may be the clients' own. */
	ACCEPT_ERRORS = 8,
	/* A millisecond's work, or so. */
	WAKES_AT_ONCE = 256,
	/* A pipe's worth, in so many reads. */
	ANNOUNCEMENTS = 512,
	ANNOUNCEMENT_READS = 16,
	POLLS_MAX = 3 + LISTENERS_MAX + LINGERING_MAX,
};

/* No client for this long, and a worker's end wakes the loop again. */
#define QUIET_NS (2 * NS_PER_MS)
/* A handshake that has begun when a stop does gets this long to be finished,
 * which is a network's round trip. */
#define HANDSHAKE_NS (5 * NS_PER_MS)
/* Who has connected and not asked yet may do so for that long in a drain, or
 * for half of the drain. */
#define FIRST_REQUEST_NS (2 * NS_PER_S)
/* Who may leave in a drain, and did not hear of it at once, soon does. */
#define DRAIN_WAKE_NS (100 * NS_PER_MS)
/* Descriptors or processes ran out and no worker ends: somebody else has them.
 * Try again after this long; a worker's end is noticed at once. */
#define SHORTAGE_NS (20 * NS_PER_MS)
/* An announced worker needs a moment to be gone. */
#define ENDING_NS NS_PER_MS
/* A thread that ended and could not say so is found after twice this. */
#define LOOK_NS NS_PER_S
/* Stopped workers have gone when none ended for this long. */
#define STOP_NS (100 * NS_PER_MS)

/*
 * What the loop writes in each pass. Kept (loop_memory.h), also because a
 * forking parent that writes to its other private memory pays a page fault for
 * every page that it wrote since the last fork.
 */
struct loop_state {
	bool busy;	      /* clients came in the last pass */
	bool told;	      /* to stop, by a signal that counts */
	bool draining;	      /* nobody connects any more */
	bool dry;	      /* draining: nobody was in a backlog any more */
	bool stopping;	      /* no more patience */
	uint64_t now;	      /* of this pass */
	uint64_t short_until; /* 0: resources suffice */
	uint64_t lingering_due;
	uint64_t sweep_after;
	uint64_t wake_after;
	uint64_t look_after;
	uint32_t nudged;   /* parts of the workers, in this round */
	uint64_t close_at; /* the listeners, once dry */
	uint64_t hurry_at; /* those that have not asked yet */
	uint64_t stop_at;  /* drain's or stop's end */
	/* A client that waits for a worker that could not be made. */
	bool holds;
	struct client held;
	int held_socket;
	struct log_limit accept_limit, spawn_limit, full_limit, crowded_limit;
	uint64_t reached, crowded; /* struct service_limits */
	/* What was read of the pipe, ENDS_LEN bytes. Not on the stack, a page
	 * of which more would be copied after each fork. */
	char ends[(ANNOUNCEMENTS + 1) * sizeof(struct announcement)];
	size_t ends_len;
	size_t polls;
	struct pollfd poll[POLLS_MAX];
};

enum { POLL_CONTROL, POLL_CHILDREN, POLL_WAKE, POLL_LISTENERS };

int
loop_open(struct loop *loop, struct worker_settings *settings)
{
	if (wakeup_open(&loop->wakeup) < 0)
		return -1;
	settings->announce_fd = loop->wakeup.announce;
	settings->first_private = (unsigned)settings->announce_fd + 1;
	lingering_init(&loop->lingering);
	loop->state = loop_memory_alloc(sizeof(*loop->state));
	if (!loop->state)
		return -1;
	loop->state->lingering_due = NEVER;
	loop->state->stop_at = NEVER;
	return 0;
}

/* What the ledger cannot know of. */
static void
log_dropped(const struct loop *loop)
{
	char text[ADDRESS_TEXT_MAX];

	for (size_t i = 0; i < loop->listeners->count; i++) {
		const struct listener *one = &loop->listeners->at[i];
		uint32_t dropped = one->datagrams ? listener_dropped(one) : 0;

		if (dropped)
			log_always("%s: %u datagrams dropped by the kernel: "
				   "the socket's buffer was full",
			    listener_format(one, text), dropped);
	}
}

/* Lines of which no next one may come. */
static void
log_limits(const struct loop *loop)
{
	struct tls_limits *tls = loop->workers->settings.tls_limits;

	log_left_out(&loop->state->accept_limit, "accepts that failed");
	log_left_out(&loop->state->spawn_limit, "workers not to be made");
	log_left_out(&loop->state->full_limit, "times at the limit");
	log_left_out(&loop->state->crowded_limit,
	    "clients refused for their address's sake");
	log_left_out(&tls->certificates, "TLS certificates refused");
	log_left_out(&tls->others, "TLS handshakes that failed");
}

static void
log_ledger(const struct loop *loop, void (*log)(const char *format, ...))
{
	struct ledger_view view = ledger_count(loop->workers->ledger);
	struct rusage self, children;
	char text[256];

	log_limits(loop);
	getrusage(RUSAGE_SELF, &self);
	getrusage(RUSAGE_CHILDREN, &children);
	timeradd(&self.ru_utime, &children.ru_utime, &self.ru_utime);
	timeradd(&self.ru_stime, &children.ru_stime, &self.ru_stime);
	log("ledger: %s; cpu %.2f s user, %.2f s system",
	    ledger_format(&view, text, sizeof(text)),
	    (double)self.ru_utime.tv_sec + (double)self.ru_utime.tv_usec / 1e6,
	    (double)self.ru_stime.tv_sec + (double)self.ru_stime.tv_usec / 1e6);
	log_dropped(loop);
}

/* Up to which number a child has descriptors of ours to close. */
static void
find_last_private(struct loop *loop)
{
	const struct lingering *refused = &loop->lingering;
	int last = wakeup_last(&loop->wakeup);

	last = refused->spare > last ? refused->spare : last;
	for (size_t i = 0; i < refused->count; i++)
		last = refused->at[i].fd > last ? refused->at[i].fd : last;
	for (size_t i = 0; i < loop->listeners->count; i++) {
		int fd = loop->listeners->at[i].fd;

		last = fd > last ? fd : last;
	}
	loop->workers->settings.last_private = (unsigned)last;
}

static void
step_refused(struct loop *loop)
{
	loop->state->lingering_due =
	    lingering_step(&loop->lingering, loop->state->now);
	find_last_private(loop);
}

/* A client that gets no worker: counted, answered, closed in peace. No answer
 * to a datagram: its sender's address may be forged. */
static void
refuse_with(struct loop *loop, const struct client *client,
    const struct refusal *refusal)
{
	struct loop_state *s = loop->state;

	ledger_refuse(loop->workers->ledger);
	if (client->datagram) {
		free(client->datagram);
		if (client->fd >= 0)
			close(client->fd);
		return;
	}
	lingering_add(&loop->lingering, client->fd, refusal, s->now);
	step_refused(loop);
}

static void
refuse(struct loop *loop, const struct client *client)
{
	refuse_with(loop, client, &loop->full);
}

static void
refuse_crowded(struct loop *loop, const struct client *client)
{
	struct loop_state *s = loop->state;
	char peer[ADDRESS_TEXT_MAX];

	loop->workers->shown->limits.crowded = ++s->crowded;
	log_limited(&s->crowded_limit,
	    "%s refused: its address has %llu connections already "
	    "(--max-per-source)",
	    address_format(&client->peer, peer),
	    (unsigned long long)loop->workers->max_per_source);
	refuse_with(loop, client, &loop->crowded);
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
	loop->state->short_until = loop->state->now + SHORTAGE_NS;
}

/*
 * Takes the announcements out of what has been read. A worker may have written
 * anything there, half an announcement, too; what cannot be one is passed over
 * byte by byte, so that it hides none of the others. What is left is the start
 * of one more.
 */
static void
take_announcements(struct loop_state *s, struct workers *workers)
{
	struct announcement end;
	size_t at = 0;

	while (s->ends_len - at >= sizeof(end)) {
		memcpy(&end, s->ends + at, sizeof(end));
		at += workers_announced(workers, end) ? sizeof(end) : 1;
	}
	s->ends_len -= at;
	memmove(s->ends, s->ends + at, s->ends_len);
}

/* No more than a pipe's worth: who goes on writing does not keep us here. */
static void
read_announcements(struct loop *loop)
{
	struct loop_state *s = loop->state;

	for (int i = 0; i < ANNOUNCEMENT_READS; i++) {
		size_t room = sizeof(s->ends) - s->ends_len;
		ssize_t n =
		    read(loop->wakeup.ends, s->ends + s->ends_len, room);

		if (n <= 0)
			return;
		s->ends_len += (size_t)n;
		take_announcements(s, loop->workers);
		if ((size_t)n < room)
			return;
	}
}

/* Reads the announcements, collects, and ends a shortage if that freed any. */
static void
collect(struct loop *loop)
{
	struct loop_state *s = loop->state;
	struct workers *workers = loop->workers;
	uint32_t collected;

	/* A sweep may have taken the last worker, and left what it had
	 * announced: unread, that would wake us for ever. */
	if (workers->state->live == 0 && !s->poll[POLL_WAKE].revents)
		return;
	/* Those of the last pass first: by now they are gone, while one that
	 * has just announced itself is still on its way out. */
	collected = workers_reap(workers);
	read_announcements(loop);
	if (!workers_room(workers) || s->short_until || s->draining)
		collected += workers_reap(workers);
	if (collected && s->short_until)
		s->short_until = 0;
	if (collected && s->stopping)
		s->stop_at = s->now + STOP_NS; /* they are going */
}

/* The last worker was taken. */
static void
note_full(struct loop *loop)
{
	struct loop_state *s = loop->state;

	loop->workers->shown->limits.reached = ++s->reached;
	log_limited(&s->full_limit,
	    "all %u connections are taken (--max-connections); %s",
	    loop->workers->max,
	    loop->refuse ? "who comes is refused"
			 : "who comes waits until one ends");
}

/*
 * A datagram has no descriptor of its own. Its worker gets a second one of the
 * listener's socket, so that it owns, and closes, what any worker does.
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
 * CLIENT gets a worker, or is refused, or is held until one can be made. SOCKET
 * is where it came from.
 */
static void
admit(struct loop *loop, struct client *client, int socket)
{
	struct loop_state *s = loop->state;
	struct workers *workers = loop->workers;

	/* Its last worker may have ended, and not be collected yet. */
	if (workers_source_full(workers, &client->peer)) {
		collect(loop);
		if (workers_source_full(workers, &client->peer)) {
			refuse_crowded(loop, client);
			return;
		}
	}
	if (begin_worker(loop, client, socket) == 0)
		return;
	/* What failed may have been one bad moment, or a thread that has
	 * announced its end and is still there. */
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
	s->holds = true;
	s->held = *client;
	s->held_socket = socket;
}

/* Another try for the client that is held, if there is one. */
static void
admit_held(struct loop *loop)
{
	struct loop_state *s = loop->state;
	struct client client = s->held;

	if (!s->holds)
		return;
	s->holds = false;
	admit(loop, &client, s->held_socket);
}

/* There may be room for it. */
static void
admit_or_refuse(struct loop *loop, struct client *client, int socket)
{
	if (!workers_room(loop->workers))
		collect(loop);
	if (workers_room(loop->workers))
		admit(loop, client, socket);
	else
		refuse(loop, client);
}

enum accept_result { ACCEPT_NONE, ACCEPT_ERROR, ACCEPT_REFUSED };

/*
 * The error of an accept: ends the batch (none is waiting, or we have to wait),
 * is that of one client, or was a shortage in which the client got its answer.
 */
static enum accept_result
accept_failed(struct loop *loop, const struct listener *listener)
{
	struct loop_state *s = loop->state;
	struct client client = {.fd = -1};

	switch (errno) {
	case EAGAIN:
		return ACCEPT_NONE;
	/* A client that went away in the queue, and what accept(2) passes on
	 * of its network's errors: the next client is not to blame. */
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

/* Whether a client that comes now would be taken off the backlog. */
static bool
accepting(const struct loop *loop)
{
	const struct loop_state *s = loop->state;

	return !s->holds && !s->short_until &&
	       (loop->refuse || workers_room(loop->workers));
}

/* Returns how many clients came. */
static int
accept_batch(struct loop *loop, const struct listener *listener)
{
	int came = 0, failed = 0;

	for (int i = 0; i < BATCH && accepting(loop); i++) {
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
		came++;
		loop->state->busy = true;
		ledger_accept(loop->workers->ledger);
		admit_or_refuse(loop, &client, listener->fd);
	}
	/* A client's error, so many times over, is not a client's. */
	if (failed == ACCEPT_ERRORS)
		pause_for(loop, "accept", &loop->state->accept_limit);
	return came;
}

/*
 * Whether DATAGRAM gets no answer. A source port that is one of ours: it may be
 * forged, and what we answer would be the next question to ourselves.
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

/* No datagram came from a socket that had one. Memory ran out after it was
 * taken: then it is lost, but not uncounted. */
static void
receive_failed(struct loop *loop)
{
	if (errno == EAGAIN || errno == EINTR)
		return;
	if (errno == ENOMEM) {
		ledger_accept(loop->workers->ledger);
		ledger_refuse(loop->workers->ledger);
	}
	pause_for(loop, "receive", &loop->state->accept_limit);
}

/* The same for datagrams, each of which is a client. */
static int
receive_batch(struct loop *loop, const struct listener *listener)
{
	int came = 0;

	while (came < BATCH && accepting(loop)) {
		struct client client = {.fd = -1};

		client.datagram = datagram_receive(listener->fd);
		if (!client.datagram) {
			receive_failed(loop);
			return came;
		}
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

/* Returns how many clients came. */
static int
take_batch(struct loop *loop, const struct listener *listener)
{
	return listener->datagrams ? receive_batch(loop, listener)
				   : accept_batch(loop, listener);
}

/* Whether a client is in a backlog, or may be: of a unix socket that turns all
 * away, poll(2) does not tell. */
static bool
anybody_waits(struct loop *loop)
{
	struct pollfd *polls = loop->state->poll + POLL_LISTENERS;
	size_t count = loop->listeners->count;

	for (size_t i = 0; i < count; i++)
		polls[i] =
		    (struct pollfd){loop->listeners->at[i].fd, POLLIN, 0};
	return poll(polls, count, 0) != 0;
}

/* In a drain, after a pass: whether the listeners have nobody left. */
static bool
is_dry(struct loop *loop)
{
	const struct loop_state *s = loop->state;

	return accepting(loop) ? !s->busy : !s->holds && !anybody_waits(loop);
}

static void
accept_clients(struct loop *loop)
{
	struct loop_state *s = loop->state;

	s->busy = false;
	if (!s->short_until)
		admit_held(loop);
	for (size_t i = 0; i < loop->listeners->count; i++) {
		if (s->draining || s->poll[POLL_LISTENERS + i].revents)
			take_batch(loop, &loop->listeners->at[i]);
	}
	if (s->draining)
		s->dry = is_dry(loop);
}

/*
 * Children that a signal killed announce nothing. SIGCHLD says that there may
 * be one, but not which: pending ones merge. So all are asked, by pid: a
 * waitpid(-1) would walk them all for every one that it finds.
 */
static void
sweep(struct loop *loop)
{
	struct signalfd_siginfo info;
	struct loop_state *s = loop->state;
	const struct ledger *ledger = loop->workers->ledger;
	uint64_t crashed = ledger_count(ledger).crashed;
	uint64_t cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);

	while (read(loop->wakeup.children, &info, sizeof(info)) > 0)
		continue;
	if (workers_scan(loop->workers)) {
		s->short_until = 0;
		if (s->stopping)
			s->stop_at = now_ns() + STOP_NS;
	}
	if (loop->has_other_children) {
		workers_reap(loop->workers); /* or they stand before them */
		workers_reap_others(loop->workers);
	}
	if (s->stopping)
		return; /* they are all going now */
	/* Of those found some had ended well, and are about to be announced:
	 * that is no reason to look again. */
	cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	crashed = ledger_count(ledger).crashed - crashed;
	s->sweep_after = now_ns() + scan_pause(cpu, crashed > 0);
}

/*
 * Of a child's end the kernel tells. A thread's is known by its announcement
 * alone, and what a worker has to write may fail: so all are asked, rarely.
 */
static void
look_for_the_silent(struct loop *loop)
{
	struct loop_state *s = loop->state;
	uint64_t cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);

	if (workers_scan(loop->workers))
		s->short_until = 0;
	cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	s->look_after = s->now + LOOK_NS + cpu * 100;
}

static bool
looks(const struct loop *loop)
{
	return loop->workers->state->live && !loop->workers->model->children;
}

/* Whether it is on us. */
static bool
nudges(const struct loop *loop)
{
	return loop->workers->state->live &&
	       (loop->state->draining || !loop->workers->model->own_timer);
}

/*
 * Lets the workers look at their clocks, and at whether they should leave.
 * Thousands at once would hold up those who have work, so they take turns.
 */
static void
nudge(struct loop *loop)
{
	struct loop_state *s = loop->state;
	uint32_t parts = 1 + loop->workers->state->live / WAKES_AT_ONCE;
	uint64_t every = loop->wake_every_ns;

	workers_wake(loop->workers, s->nudged++, parts);
	if (s->draining)
		every = earlier(every, DRAIN_WAKE_NS);
	s->wake_after = s->now + every / parts;
}

static void
close_listeners(struct loop *loop)
{
	listeners_close(loop->listeners, true);
	loop->listeners->count = 0;
	log_info("draining; connections alive: %u", loop->workers->state->live);
}

/* Those that still wait for a worker: there is no time left for them. No more
 * than a backlog of them, should a kernel not turn away who comes now. */
static void
refuse_the_rest(struct loop *loop)
{
	loop->refuse = true;
	loop->state->short_until = 0;
	admit_held(loop);
	for (size_t i = 0; i < loop->listeners->count; i++) {
		int left = loop->backlog, came = 1;

		for (; left > 0 && came > 0; left -= came)
			came = take_batch(loop, &loop->listeners->at[i]);
	}
	if (loop->listeners->count)
		close_listeners(loop);
}

static void
stop_workers(struct loop *loop)
{
	struct loop_state *s = loop->state;

	refuse_the_rest(loop);
	log_info("stopping; connections alive: %u", loop->workers->state->live);
	s->stopping = true;
	s->sweep_after = 0; /* the killed announce nothing */
	s->stop_at = s->now + STOP_NS;
	workers_stop(loop->workers);
}

/*
 * Who has connected already is served, as soon as there is room, until the
 * drain's end; who comes now is turned away.
 */
static void
begin_drain(struct loop *loop)
{
	struct loop_state *s = loop->state;
	uint64_t timeout = loop->drain_timeout_ns;

	log_dropped(loop); /* what is turned away is no more of those */
	listeners_turn_away(loop->listeners);
	s->draining = loop->lingering.hurry = true;
	loop->workers->state->draining = true;
	workers_show(loop->workers);
	s->wake_after = s->now = now_ns();
	s->close_at = s->now + HANDSHAKE_NS;
	s->hurry_at = s->now + earlier(FIRST_REQUEST_NS, timeout / 2);
	s->stop_at = s->now + timeout;
}

/* What is due in a drain. */
static void
step_drain(struct loop *loop)
{
	struct loop_state *s = loop->state;

	if (s->dry && s->now >= s->close_at && loop->listeners->count)
		close_listeners(loop);
	if (s->now >= s->hurry_at) {
		loop->workers->state->hurrying = true;
		workers_show(loop->workers);
		s->hurry_at = NEVER;
		s->wake_after = s->now;
	}
	/* No end of a worker of ours would end the shortage. */
	if (s->hurry_at == NEVER && !s->dry && !loop->workers->state->live &&
	    (loop->listeners->count || s->holds))
		refuse_the_rest(loop);
	if (s->now >= s->stop_at && !s->stopping)
		stop_workers(loop);
}

/* A hangup does not count as the first or the second: it comes from the kernel
 * and from the shell, or together with a SIGTERM, and is read before it. */
static void
take_stop(struct loop *loop, uint32_t number)
{
	struct loop_state *s = loop->state;
	bool second = s->told && number != SIGHUP;

	s->told |= number != SIGHUP;
	if (!s->draining)
		begin_drain(loop);
	else if (second && !s->stopping)
		stop_workers(loop);
}

static void
take_signals(struct loop *loop)
{
	struct signalfd_siginfo info;

	while (
	    read(loop->wakeup.control, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGUSR1) {
			collect(loop);
			log_ledger(loop, log_always);
		} else {
			take_stop(loop, info.ssi_signo);
		}
	}
}

static uint64_t
next_deadline(const struct loop *loop)
{
	const struct loop_state *s = loop->state;
	uint64_t due = earlier(s->lingering_due, s->stop_at);

	if (s->draining) {
		due = earlier(due, s->hurry_at);
		if (loop->listeners->count && (s->dry || accepting(loop)))
			due = earlier(due, s->dry ? s->close_at : s->now);
	}
	if (s->short_until)
		due = earlier(due, s->short_until);
	if (s->busy)
		due = earlier(due, s->now + QUIET_NS);
	if (loop->workers->state->ending)
		due = earlier(due, s->now + ENDING_NS);
	if (nudges(loop))
		due = earlier(due, s->wake_after);
	if (looks(loop))
		due = earlier(due, s->look_after);
	if (loop->workers->state->live && s->sweep_after > s->now)
		due = earlier(due, s->sweep_after);
	return due;
}

/*
 * poll(2) refuses more entries than RLIMIT_NOFILE, which somebody may lower
 * below what we have open. All of them are non-blocking, so look at each, a
 * few times a second.
 */
static void
look_at_all(struct loop_state *s)
{
	poll(NULL, 0, (int)(SHORTAGE_NS / NS_PER_MS));
	for (size_t i = 0; i < s->polls; i++)
		s->poll[i].revents = s->poll[i].fd >= 0 ? POLLIN : 0;
}

static void
wait_for_work(struct loop *loop)
{
	struct loop_state *s = loop->state;
	size_t count = loop->listeners->count;
	bool open = accepting(loop);
	/* With room and a stream of clients, an end can wait for the next. */
	bool wake = !s->busy || !open || !workers_room(loop->workers);
	struct pollfd *polls = s->poll;
	int timeout;

	polls[POLL_CONTROL] = (struct pollfd){loop->wakeup.control, POLLIN, 0};
	polls[POLL_CHILDREN] = (struct pollfd){
	    s->sweep_after > s->now ? -1 : loop->wakeup.children, POLLIN, 0};
	polls[POLL_WAKE] =
	    (struct pollfd){wake ? loop->wakeup.ends : -1, POLLIN, 0};
	for (size_t i = 0; i < count; i++)
		polls[POLL_LISTENERS + i] = (struct pollfd){
		    open && !s->draining ? loop->listeners->at[i].fd : -1,
		    POLLIN, 0};
	s->polls = POLL_LISTENERS + count;
	s->polls += lingering_poll(&loop->lingering, polls + s->polls);
	timeout = timeout_ms(next_deadline(loop), s->now);
	if (poll(polls, s->polls, timeout) < 0) {
		for (size_t i = 0; i < s->polls; i++)
			polls[i].revents = 0;
		if (errno != EINTR)
			look_at_all(s);
	}
	s->now = now_ns();
	if (s->short_until && s->now >= s->short_until)
		s->short_until = 0;
}

/* Nobody is left; or those that were stopped do not go. */
static bool
is_over(const struct loop *loop)
{
	const struct loop_state *s = loop->state;
	bool any = loop->listeners->count || s->holds ||
		   loop->lingering.count || loop->workers->state->live;

	return s->draining && (!any || (s->stopping && s->now >= s->stop_at));
}

bool
loop_run(struct loop *loop)
{
	struct loop_state *s = loop->state;
	struct workers *workers = loop->workers;

	find_last_private(loop);
	if (loop->has_other_children) /* what ended before SIGCHLD was blocked
				       */
		workers_reap_others(workers);
	s->now = now_ns();
	while (!is_over(loop)) {
		wait_for_work(loop);
		collect(loop);
		if (s->poll[POLL_CHILDREN].revents)
			sweep(loop);
		if (s->poll[POLL_CONTROL].revents)
			take_signals(loop);
		if (nudges(loop) && s->now >= s->wake_after)
			nudge(loop);
		if (looks(loop) && s->now >= s->look_after)
			look_for_the_silent(loop);
		if (loop->lingering.count)
			step_refused(loop);
		if (workers->settings.tls)
			tls_renew(workers->settings.tls, s->now);
		accept_clients(loop);
		if (s->draining)
			step_drain(loop);
	}
	workers_abandon(workers);
	lingering_close(&loop->lingering);
	log_ledger(loop, log_info);
	return !workers->state->any_cut;
}
