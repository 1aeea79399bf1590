/* SPDX-License-Identifier: MIT */
/* engine: schedule, epoll, timeouts; the conversation is session.c's. */
#include "common/load/engine.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>

#include "common/base/clock.h"
#include "common/base/hot.h"
#include "common/load/event_wait.h"
#include "common/load/engine_internal.h"
#include "common/load/reply_diagnosis.h"
#include "common/load/session_datagram.h"
#include "common/sysinfo/proc_tree.h"
#include "common/net/dial.h"

/* A connection that failed rests, so that a dead server is not hammered. */
#define REST_NS (10 * NS_PER_MS)
/* Where nothing listens, the load ends after so many tries, or at the first one
 * after so long. */
#define REFUSED_TRIES 10
#define REFUSED_NS NS_PER_S
#define PROGRESS_NS (250 * NS_PER_MS)
/* The longest wait: a signal that sets *stop just before does not end it; and
 * the longer it may be, the later shows that we stood still. */
#define TURN_NS (20 * NS_PER_MS)
/* So often a connection is read before its request times out. */
#define LAST_LOOKS 64
/* A datagram counts as lost when its socket is wanted and it has waited so many
 * times as long as is usual, and at least so long. */
#define LOST_TIMES 4
#define LOST_NS (50 * NS_PER_MS)
/* epoll's timer comes up to this much late; on a CPU of our own we wait the
 * rest out in a spin. */
#define SPIN_NS (60 * NS_PER_US)

/* ---- one request ---- */

static uint64_t
due_of(const struct engine *e, uint64_t k)
{
	/* From the start each time: adding intervals up would add up their
	 * rounding. */
	return e->schedule_start +
	       (uint64_t)((double)k * (double)NS_PER_S / e->plan.rate);
}

static struct session *
first_of(const struct list_node *ring)
{
	return list_empty(ring) ? NULL : session_of(ring->next);
}

static void
note_wrong(struct engine *e, const struct session *s)
{
	struct load_result *r = e->result;

	r->wrong++;
	if (!r->example[0])
		reply_diagnosis(&e->shared, s, e->sessions, e->plan.connections,
		    r->example, sizeof(r->example));
}

/* A few tries, in case that the server starts or restarts just now. */
static bool
nothing_listens(const struct engine *e)
{
	const struct load_result *now = e->result, *all = e->total;
	uint64_t before = now == all ? 0 : all->begun;

	if (!load_result_is_refused(now) ||
	    (before && !load_result_is_refused(all)))
		return false;
	return before + now->failed >= REFUSED_TRIES ||
	       e->now - e->schedule_start >= REFUSED_NS;
}

static void
note_failed(struct engine *e, int error)
{
	struct load_result *r = e->result;

	r->failed++;
	r->errors[error < LOAD_RESULT_ERRNOS ? error
					     : LOAD_RESULT_ERRNOS - 1]++;
	if (!r->failure[0])
		memcpy(r->failure, e->shared.why, sizeof(e->shared.why));
	if (e->needs_server && nothing_listens(e))
		e->end_ns = earlier(e->end_ns, now_ns());
}

static void
make_idle(struct engine *e, struct session *s)
{
	s->state = SESSION_IDLE;
	list_move(&s->link, &e->idle);
}

static void
make_rest(struct engine *e, struct session *s)
{
	s->state = SESSION_RESTING;
	s->due_ns = e->now + REST_NS;
	list_move(&s->link, &e->resting);
}

/* The request is over, one way or the other, or cannot begin yet. */
static void
end_request(struct engine *e, struct session *s, enum session_result what)
{
	int error = errno;

	if (what == SESSION_FULL) { /* no: it waits for another try */
		list_move(&s->link, &e->retrying);
		return;
	}
	e->under_way--;
	if (what == SESSION_DONE) {
		e->result->ok++;
		s->ok = true;
		e->result->reconnects += s->fd < 0 && !e->plan.churn;
		make_idle(e, s);
		return;
	}
	s->not_ok++;
	if (what == SESSION_FAILED)
		note_failed(e, error);
	else
		note_wrong(e, s);
	if (what == SESSION_REPEATED)
		make_idle(e, s);
	else
		make_rest(e, s);
}

/* As RFC 6298 does it: an eighth of the latest, the rest of those before. */
static void
note_usual(struct engine *e, const struct session *s)
{
	uint64_t took = e->now > s->sent_ns ? e->now - s->sent_ns : 1;

	e->smoothed_rtt_ns =
	    e->smoothed_rtt_ns
		? e->smoothed_rtt_ns - e->smoothed_rtt_ns / 8 + took / 8
		: took;
}

/* The whole reply is here: its time counts, whatever its end will be. */
static void
note_reply(struct engine *e, const struct session *s)
{
	struct load_result *r = e->result;
	uint64_t from = e->plan.rate > 0 ? s->due_ns : s->sent_ns;

	histogram_record(&r->latency, e->now > from ? e->now - from : 0);
	if (e->plan.rate > 0)
		histogram_record(
		    &r->service, e->now > s->sent_ns ? e->now - s->sent_ns : 0);
	e->last_ns = e->now;
	note_usual(e, s);
}

static void
give_up(struct engine *e, struct session *s)
{
	e->under_way--;
	e->result->timed_out++;
	s->not_ok++;
	session_give_up(&e->shared, s);
}

static void
begin_request(struct engine *e, struct session *s, uint64_t due)
{
	struct load_result *r = e->result;
	enum session_result what;

	s->ok = false;
	s->sent_ns = now_ns();
	s->due_ns = due ? due : s->sent_ns;
	if (due)
		histogram_record(&r->pacing, s->sent_ns - due);
	if (!e->first_ns)
		e->first_ns = s->sent_ns;
	r->think_ns += s->sent_ns; /* see note_turns() */
	r->begun++;
	e->requests_left--;
	e->under_way++;
	list_move(&s->link, &e->waiting);
	what = session_begin(&e->shared, s);
	if (what != SESSION_AGAIN)
		end_request(e, s, what);
}

/* ---- the loop ---- */

static inline bool
under_way(const struct session *s)
{
	return s->state == SESSION_BUSY || s->state == SESSION_CLOSING;
}

/* How much more time its request has. */
static inline uint64_t
excused(const struct session *s)
{
	return s->excused_ns == s->sent_ns ? s->excuse_ns : 0;
}

static inline uint64_t
times_out(const struct engine *e, const struct session *s)
{
	return s->sent_ns + excused(s) + e->plan.timeout_ns;
}

static bool
beginning(const struct engine *e)
{
	return e->requests_left && e->now < e->end_ns && !(e->stop && *e->stop);
}

/*
 * When the socket of S, the one that waits longest, is free for another
 * request. A datagram that is lost never comes, and the whole timeout for each
 * would hold every socket soon: at 5000/s and 1 % loss, 50 more a second, and
 * nothing that is due could be sent. So S is given up for the schedule's sake,
 * but only when that has no other socket, and not while its answer may well be
 * on its way: the server has shown what is usual. If the answer comes after
 * all, it is late, as it is after the timeout.
 */
static uint64_t
gives_way(const struct engine *e, const struct session *s)
{
	uint64_t wait = e->smoothed_rtt_ns * LOST_TIMES;

	if (!e->shared.datagram_event || !e->smoothed_rtt_ns)
		return NEVER;
	return s->sent_ns + excused(s) + (wait > LOST_NS ? wait : LOST_NS);
}

static void
handle(struct engine *e, struct session *s, uint32_t events);

static bool
has_input(const struct session *s)
{
	struct pollfd input = {s->fd, POLLIN, 0};

	return s->fd >= 0 && poll(&input, 1, 0) > 0;
}

/* Whether the reply to S, whose time is over, is here after all. More may be
 * ready than one wake-up tells of, and the time may have passed since. */
static bool
came(struct engine *e, struct session *s)
{
	uint64_t number = s->x.number;

	for (int i = 0; i < LAST_LOOKS && has_input(s); i++) {
		handle(e, s, EPOLLIN);
		if (s->x.number != number || !under_way(s))
			return true;
	}
	return false;
}

/* Whether there is a connection for a request that is due. */
static bool
find_idle(struct engine *e)
{
	struct session *s;

	if (!list_empty(&e->idle))
		return true;
	s = first_of(&e->waiting);
	if (!s || gives_way(e, s) > now_ns())
		return false;
	if (!came(e, s)) {
		give_up(e, s);
		make_idle(e, s);
	}
	return !list_empty(&e->idle);
}

/* Begins what the schedule says. */
static void
begin_scheduled(struct engine *e)
{
	while (e->requests_left) {
		uint64_t due = due_of(e, e->scheduled);

		if (due > now_ns() || due >= e->end_ns || !find_idle(e))
			break;
		e->scheduled++;
		begin_request(e, first_of(&e->idle), due);
	}
}

/* Begins what may begin now. */
static inline void
begin_due(struct engine *e)
{
	struct session *s;

	if (!beginning(e))
		return;
	if (e->plan.rate > 0) {
		begin_scheduled(e);
		return;
	}
	while (e->requests_left && (s = first_of(&e->idle)))
		begin_request(e, s, 0);
}

/*
 * Something came in on a connection without a request. It is closed, and stays
 * idle: its next request connects anew.
 */
void
engine_idle_event(struct engine *e, struct session *s, enum session_result what)
{
	struct load_result *r = e->result;
	/* What is taken back may have been counted before this interval, whose
	 * number is below 0 then; so they add up. */
	uint64_t ok = r->ok + (r == e->total ? 0 : e->total->ok);

	if (what == SESSION_AGAIN)
		return;
	if (what != SESSION_TOO_MUCH) {
		r->reconnects++;
		return;
	}
	/* The reply that was right when it came is wrong after all. What came
	 * before any request, or after one that had no right reply, counts as
	 * one more. */
	if (s->ok && ok)
		r->ok--;
	else
		r->begun++;
	s->not_ok += s->ok;
	s->ok = false;
	note_wrong(e, s);
}

/* What an event has brought about for a session with a request under way. */
static void
summarize(struct engine *e, struct session *s, bool was_busy,
    enum session_result what)
{
	if (was_busy && (s->state == SESSION_CLOSING || what == SESSION_DONE))
		note_reply(e, s);
	if (what == SESSION_AGAIN)
		return;
	end_request(e, s, what);
	/* In a closed loop, at once: the other connections' events can wait
	 * longer than this server can. */
	if (s->state == SESSION_IDLE && e->plan.rate <= 0 && beginning(e))
		begin_request(e, s, 0);
}

static void
handle(struct engine *e, struct session *s, uint32_t events)
{
	bool was_busy = s->state == SESSION_BUSY, was_under_way = under_way(s);
	enum session_result what = session_event(&e->shared, s, events);
	uint64_t begun = e->result->begun;

	if (was_under_way) {
		summarize(e, s, was_busy, what);
		return;
	}
	engine_idle_event(e, s, what);
	/* What it counts as begun was not sent: see note_turns(). */
	e->result->think_ns += (e->result->begun - begun) * e->now;
}

/* The right reply to S is here; its next request follows at once. This is the
 * whole of note_reply(), end_request() and begin_request() for it, but for what
 * handle_all() does once for all of them. */
HOT static inline void
turn(struct engine *e, struct session *s)
{
	struct load_result *r = e->result;
	enum session_result what;

	histogram_record(&r->latency, e->now - s->sent_ns);
	r->ok++;
	if (!e->requests_left) {
		e->under_way--;
		s->ok = true;
		session_rest(s);
		list_move(&s->link, &e->idle);
		return;
	}
	r->begun++;
	e->requests_left--;
	list_move(&s->link, &e->waiting);
	s->sent_ns = now_ns();
	r->think_ns += s->sent_ns;
	what = session_next(&e->shared, s);
	if (what != SESSION_AGAIN)
		end_request(e, s, what);
}

HOT static inline void
handle_shortly(struct engine *e, struct session *s, uint32_t events)
{
	ssize_t n;

	if (events != EPOLLIN || !session_awaits_echo(s))
		handle(e, s, events);
	else if (session_take_echo(&e->shared, s, &n))
		turn(e, s);
	else
		summarize(e, s, true, session_received(&e->shared, s, n));
}

/* We stood still for NS: what is under way has so much more time. */
static void
excuse_all(const struct list_node *ring, uint64_t ns)
{
	for (struct list_node *at = ring->next; at != ring; at = at->next) {
		struct session *s = session_of(at);

		s->excuse_ns = excused(s) + ns;
		s->excused_ns = s->sent_ns;
	}
}

/* Behind those that were sent before it. */
static void
make_waiting(struct engine *e, struct session *s)
{
	struct list_node *at = e->waiting.prev;

	while (at != &e->waiting && session_of(at)->sent_ns > s->sent_ns)
		at = at->prev;
	list_remove(&s->link);
	list_append(at->next, &s->link);
}

/* Those that found the backlog full, in turn, until one finds it so again. */
static void
retry_connects(struct engine *e)
{
	struct session *s;

	while ((s = first_of(&e->retrying))) {
		enum session_result what = session_retry_connect(&e->shared, s);

		if (what == SESSION_FULL)
			break;
		make_waiting(e, s);
		if (what != SESSION_AGAIN)
			end_request(e, s, what);
	}
	while ((s = first_of(&e->retrying)) && times_out(e, s) <= e->now) {
		give_up(e, s);
		make_rest(e, s);
	}
}

static void
expire(struct engine *e)
{
	struct session *s;

	if (!list_empty(&e->retrying))
		retry_connects(e);
	while ((s = first_of(&e->waiting)) && times_out(e, s) <= e->now) {
		if (came(e, s))
			continue;
		give_up(e, s);
		make_rest(e, s);
	}
	while ((s = first_of(&e->resting)) && s->due_ns <= e->now)
		make_idle(e, s);
}

static uint64_t
next_deadline(struct engine *e)
{
	struct session *s;
	uint64_t due = NEVER;

	if ((s = first_of(&e->waiting)))
		due = earlier(due, times_out(e, s));
	if (e->progress)
		due = earlier(due, e->progress_due);
	if (e->part)
		due = earlier(due, e->interval_start + e->interval_ns);
	due = earlier(
	    due, e->now + (list_empty(&e->retrying) ? TURN_NS : DIAL_AGAIN_NS));
	if (!beginning(e))
		return due;
	due = earlier(due, e->end_ns);
	if ((s = first_of(&e->resting)))
		due = earlier(due, s->due_ns);
	if (e->plan.rate > 0) {
		uint64_t free = 0, scheduled = due_of(e, e->scheduled);

		if (list_empty(&e->idle))
			free = (s = first_of(&e->waiting)) ? gives_way(e, s)
							   : NEVER;
		due = earlier(due, free > scheduled ? free : scheduled);
	}
	return due;
}

static int
wait_for_events(struct engine *e)
{
	uint64_t due = next_deadline(e), now;

	e->since = e->now;
	e->due = due;
	if (e->plan.rate <= 0)
		return epoll_wait(e->shared.epoll, e->events, ENGINE_EVENTS,
		    clock_timeout_ms(due, e->now));
	/* Milliseconds are too coarse for a schedule. */
	now = now_ns();
	due = due > now ? due - now : 0;
	if (e->plan.spin)
		due = due > SPIN_NS ? due - SPIN_NS : 0;
	e->spinning = e->plan.spin && due == 0;
	return event_wait(e->shared.epoll, e->events, ENGINE_EVENTS, due);
}

static void
handle_all(struct engine *e, int n)
{
	const struct epoll_event *at = e->events, *end = at + n;
	uint64_t ok = e->result->ok;

	/* After the end nothing follows a reply. (A stop has set it to now.) */
	if (!e->shortest || e->now >= e->end_ns) {
		for (; at < end; at++)
			handle(e, at->data.ptr, at->events);
		return;
	}
	for (; at < end; at++)
		handle_shortly(e, at->data.ptr, at->events);
	if (e->result->ok != ok)
		e->last_ns = e->now;
}

/* What happened until NOW, since the last interval ended, is one. */
static void
end_interval(struct engine *e, uint64_t now)
{
	stall_end(&e->stall, e->part);
	e->interval(e->interval_context, e->part,
	    e->interval_start - e->schedule_start, now - e->schedule_start);
	load_result_add(e->total, e->part);
	load_result_clear(e->part);
	e->interval_start = now;
}

/* What is about to be handled came after them. One in which nothing happened
 * is one, too: a stall shall be seen. */
static void
end_intervals(struct engine *e)
{
	while (e->part && e->now >= e->interval_start + e->interval_ns)
		end_interval(e, e->interval_start + e->interval_ns);
}

/*
 * Each request since there were BEGUN has added when it was sent to the time
 * of the turns; what counts is how long that was after this wake-up. (One
 * addition for each request, and sums that may wrap around on the way.)
 */
static void
note_turns(struct engine *e, uint64_t begun)
{
	e->result->think_ns -= (e->result->begun - begun) * e->now;
}

static void
step(struct engine *e)
{
	uint64_t before = e->plan.spin ? now_ns() : 0, begun, stall;
	int n = wait_for_events(e);

	e->now = now_ns();
	stall = stall_note(&e->stall, e->since, e->due, e->now);
	if (stall)
		excuse_all(&e->waiting, stall);
	if (stall)
		excuse_all(&e->retrying, stall);
	if (e->stop && *e->stop)
		e->end_ns = earlier(e->end_ns, e->now);
	if (e->spinning && n == 0)
		e->spun_ns += e->now - before;
	end_intervals(e);
	begun = e->result->begun;
	handle_all(e, n);
	expire(e);
	begin_due(e);
	note_turns(e, begun);
	if (!e->stopped_ns && !beginning(e))
		e->stopped_ns = e->now;
	if (e->progress && e->now >= e->progress_due) {
		e->progress(
		    e->progress_context, e->total, e->now - e->schedule_start);
		e->progress_due = e->now + PROGRESS_NS;
	}
}

/* ---- a run ---- */

/*
 * Where the time ends over which the rate is. Without an answer it goes on, or
 * a server that stalls or dies would keep the rate that it had before; but what
 * is waited for after the end counts only if it comes. The last of N requests
 * has its interval as each before it has.
 */
static uint64_t
span_end(const struct engine *e)
{
	uint64_t end = e->now, due;

	if (e->plan.rate > 0 && !e->requests_left) {
		due = due_of(e, e->scheduled);
		end = due > end ? due : end;
	}
	end = earlier(end, e->end_ns);
	return e->last_ns > end ? e->last_ns : end;
}

static bool
abandoned(const struct engine *e)
{
	return e->stop && *e->stop < 0;
}

static void
begin_run(struct engine *e, struct load_result *result)
{
	e->total = result;
	e->result = e->part ? e->part : result;
	e->now = e->schedule_start = e->interval_start = now_ns();
	e->progress_due = e->now + PROGRESS_NS;
	e->scheduled = e->first_ns = e->last_ns = e->spun_ns = 0;
	e->stopped_ns = 0;
}

void
engine_collect(struct engine *e)
{
	e->result->late += e->shared.late;
	e->result->duplicated += e->shared.duplicated;
	e->result->lost_updates += e->shared.run.lost_updates;
	e->result->retries += e->shared.retries;
	e->shared.late = e->shared.duplicated = e->shared.retries = 0;
	e->shared.run.lost_updates = 0;
}

void
engine_run(struct engine *e, uint64_t duration_ns, uint64_t requests,
    struct load_result *result)
{
	uint64_t cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID),
		 waited = proc_tree_waited_ns(), end, begun;

	stall_begin(&e->stall);
	begin_run(e, result);
	e->end_ns = duration_ns > NEVER - e->now ? NEVER : e->now + duration_ns;
	e->requests_left = requests;
	begun = e->result->begun;
	begin_due(e);
	note_turns(e, begun);
	while ((e->under_way && !abandoned(e)) || beginning(e))
		step(e);
	/* The last interval may still have replies that are taken back. */
	e->interval_end = e->now;
	if (e->part) {
		stall_end(&e->stall, e->part);
		load_result_add(e->total, e->part);
	}
	if (!e->stopped_ns) /* told to stop before the first step */
		e->stopped_ns = e->now;
	e->result = result;
	end = span_end(e);
	if (e->first_ns && end > e->first_ns)
		result->span_ns += end - e->first_ns;
	if (e->plan.rate > 0 && e->requests_left) {
		uint64_t until = earlier(e->now, e->end_ns) - e->schedule_start;
		uint64_t due = (uint64_t)((double)until * e->plan.rate / 1e9);

		if (due > e->scheduled)
			result->unsent += due - e->scheduled;
	}
	result->wall_ns += now_ns() - e->schedule_start;
	/* Time spun away is not work, and would not have been missed. */
	cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	result->cpu_ns += cpu > e->spun_ns ? cpu - e->spun_ns : 0;
	result->wait_ns += proc_tree_waited_ns() - waited;
	stall_end(&e->stall, result);
	engine_collect(e);
}
