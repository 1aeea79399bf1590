/* SPDX-License-Identifier: MIT */
/* engine: the loop of a run: schedule, epoll, timeouts. */
#include "common/load/engine.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>

#include "common/base/clock.h"
#include "common/base/hot.h"
#include "common/base/trace.h"
#include "common/load/engine_internal.h"
#include "common/load/event_wait.h"
#include "common/load/reply_diagnosis.h"
#include "common/load/session_datagram.h"
#include "common/net/dial.h"
#include "common/sysinfo/proc_tree.h"

/* The pause of a connection that failed: a dead server gets few connects. */
#define BACKOFF_NS (10 * NS_PER_MS)
/* If nothing listens, the load ends after so many tries, or at the first try
 * after this time. */
#define REFUSED_TRIES 10
#define REFUSED_NS NS_PER_S
#define PROGRESS_NS (250 * NS_PER_MS)
/* The longest wait in epoll: a signal may set *stop just before it; and a stall
 * shows only after it. */
#define MAX_WAIT_NS (20 * NS_PER_MS)
/* How often a connection is read before its request times out. */
#define FINAL_READS 64
/* If its socket is needed, a datagram counts as lost after so many smoothed
 * round trips, and at least this time. */
#define LOST_RTTS 4
#define LOST_NS (50 * NS_PER_MS)
/* A timeout of epoll is up to this late. With its own CPU, the client
 * busy-waits for the rest. */
#define SPIN_NS (60 * NS_PER_US)

/* ---- one request ---- */

/* When request K of the schedule, which all engines share, is due. */
static uint64_t
due_time(const struct engine *e, uint64_t k)
{
	/* Computed from the start: a sum of intervals would add up their
	 * rounding errors. */
	return e->schedule_start +
	       (uint64_t)((double)k * (double)NS_PER_S / e->plan.rate);
}

/* When the next request of this engine is due. */
static uint64_t
next_due(const struct engine *e)
{
	return due_time(e, e->scheduled * e->share.count + e->share.index);
}

static struct session *
first_of(const struct list_node *list)
{
	return list_empty(list) ? NULL : session_of(list->next);
}

static void
note_wrong(struct engine *e, const struct session *s)
{
	struct load_result *r = e->result;

	r->wrong++;
	if (r->first_wrong[0])
		return;
	r->first_wrong_ns = now_ns();
	reply_diagnosis(&e->shared, s, e->sessions, e->plan.connections,
	    r->first_wrong, sizeof(r->first_wrong));
}

/* After some tries, because the server may be starting. */
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
	if (!r->first_failed[0]) {
		r->first_failed_ns = now_ns();
		memcpy(r->first_failed, e->shared.why, sizeof(e->shared.why));
	}
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
make_backoff(struct engine *e, struct session *s)
{
	s->state = SESSION_BACKOFF;
	s->due_ns = e->now + BACKOFF_NS;
	list_move(&s->link, &e->backoff);
}

/* Counts the end of a request; or queues it, if it could not begin. */
static void
end_request(struct engine *e, struct session *s, enum session_result what)
{
	int error = errno;

	if (what == SESSION_BACKLOG_FULL) {
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
	trace_event_of(s->connection, TRACE_FAILED,
	    what == SESSION_FAILED ? (uint64_t)error : 0);
	if (what == SESSION_FAILED)
		note_failed(e, error);
	else
		note_wrong(e, s);
	if (what == SESSION_WRONG_KEEP)
		make_idle(e, s);
	else
		make_backoff(e, s);
}

/* RFC 6298 2.3: 1/8 of the latest, 7/8 of the average before. */
static void
update_smoothed_rtt(struct engine *e, const struct session *s)
{
	uint64_t took = e->now > s->sent_ns ? e->now - s->sent_ns : 1;

	e->smoothed_rtt_ns =
	    e->smoothed_rtt_ns
		? e->smoothed_rtt_ns - e->smoothed_rtt_ns / 8 + took / 8
		: took;
}

/* Records the times of a reply, even if it proves wrong later. */
static void
note_reply(struct engine *e, struct session *s)
{
	struct load_result *r = e->result;
	uint64_t from = e->plan.rate > 0 ? s->due_ns : s->sent_ns;

	histogram_record(&r->latency, e->now > from ? e->now - from : 0);
	if (e->plan.rate > 0)
		histogram_record(
		    &r->service, e->now > s->sent_ns ? e->now - s->sent_ns : 0);
	e->last_ns = s->replied_ns = e->now;
	update_smoothed_rtt(e, s);
	if (trace_on())
		trace_record(TRACE_ANSWERED, s->connection, e->now, 0);
}

static void
time_out(struct engine *e, struct session *s)
{
	e->under_way--;
	e->result->timed_out++;
	s->not_ok++;
	trace_event_of(s->connection, TRACE_FAILED, ETIMEDOUT);
	session_time_out(&e->shared, s);
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
		histogram_record(&r->send_lag, s->sent_ns - due);
	if (!e->first_ns)
		e->first_ns = s->sent_ns;
	r->think_ns += s->sent_ns; /* see note_think_time() */
	r->begun++;
	e->requests_left--;
	e->under_way++;
	list_move(&s->link, &e->waiting);
	what = session_begin(&e->shared, s);
	/* Now: a new connection has its number. */
	if (trace_on())
		trace_record(TRACE_DUE, s->connection, s->due_ns, 0);
	if (what != SESSION_AGAIN)
		end_request(e, s, what);
}

/* ---- the loop ---- */

static inline bool
under_way(const struct session *s)
{
	return s->state == SESSION_BUSY || s->state == SESSION_CLOSING;
}

/* The time of stalls, for which the deadline of S is later. */
static inline uint64_t
extension(const struct session *s)
{
	return s->extended_ns == s->sent_ns ? s->extension_ns : 0;
}

static inline uint64_t
deadline_of(const struct engine *e, const struct session *s)
{
	return s->sent_ns + extension(s) + e->plan.timeout_ns;
}

static bool
may_begin(const struct engine *e)
{
	return e->requests_left && e->now < e->end_ns && !engine_told(e);
}

/*
 * When the socket of S, the one that has waited longest, may be used for
 * another request. If each lost datagram held its socket for the whole timeout,
 * all sockets would soon be held (at 5000/s and 1 % loss, 50 more each second)
 * and no request could be sent on time. So S times out early, but only if no
 * other socket is idle, and not before several round trips. A reply that still
 * comes is counted as late.
 */
static uint64_t
reusable_at(const struct engine *e, const struct session *s)
{
	uint64_t wait = e->smoothed_rtt_ns * LOST_RTTS;

	if (!e->shared.datagram_event || !e->smoothed_rtt_ns)
		return NEVER;
	return s->sent_ns + extension(s) + (wait > LOST_NS ? wait : LOST_NS);
}

static void
handle(struct engine *e, struct session *s, uint32_t events);

static bool
has_input(const struct session *s)
{
	struct pollfd input = {s->fd, POLLIN, 0};

	return s->fd >= 0 && poll(&input, 1, 0) > 0;
}

/* Whether the reply to S, after its deadline, has arrived. One epoll_wait(2)
 * may not report all sockets, and handling them takes time. */
static bool
reply_is_here(struct engine *e, struct session *s)
{
	uint64_t number = s->x.number;

	for (int i = 0; i < FINAL_READS && has_input(s); i++) {
		handle(e, s, EPOLLIN);
		if (s->x.number != number || !under_way(s))
			return true;
	}
	return false;
}

/* Makes a connection idle for a request that is due. Returns whether there is
 * one. */
static bool
find_idle(struct engine *e)
{
	struct session *s;

	if (!list_empty(&e->idle))
		return true;
	s = first_of(&e->waiting);
	if (!s || reusable_at(e, s) > now_ns())
		return false;
	if (!reply_is_here(e, s)) {
		time_out(e, s);
		make_idle(e, s);
	}
	return !list_empty(&e->idle);
}

/* Open loop: begins the requests that are due. */
static void
begin_scheduled(struct engine *e)
{
	while (e->requests_left) {
		uint64_t due = next_due(e);

		if (due > now_ns() || due >= e->end_ns || !find_idle(e))
			break;
		e->scheduled++;
		begin_request(e, first_of(&e->idle), due);
	}
}

/* Begins all requests that may begin now. */
static inline void
begin_due(struct engine *e)
{
	struct session *s;

	if (!may_begin(e))
		return;
	if (e->plan.rate > 0) {
		begin_scheduled(e);
		return;
	}
	while (e->requests_left && (s = first_of(&e->idle)))
		begin_request(e, s, 0);
}

/*
 * After an event on a connection without a request in flight. A connection that
 * was closed stays idle; its next request connects again.
 */
void
engine_idle_event(struct engine *e, struct session *s, enum session_result what)
{
	struct load_result *r = e->result;
	/* The reply may have been counted in an earlier interval; then `ok` of
	 * this one becomes negative, so that the sum is right. */
	uint64_t ok = r->ok + (r == e->total ? 0 : e->total->ok);

	if (what == SESSION_AGAIN)
		return;
	if (what != SESSION_UNSOLICITED) {
		r->reconnects++;
		return;
	}
	/* A reply that was counted as right is wrong. If there is none, before
	 * the first request or after a failure, count one more request. */
	if (s->ok && ok)
		r->ok--;
	else
		r->begun++;
	s->not_ok += s->ok;
	s->ok = false;
	note_wrong(e, s);
}

/* After an event for a session with a request in flight. */
static void
note_event(struct engine *e, struct session *s, bool was_busy,
    enum session_result what)
{
	if (was_busy && (s->state == SESSION_CLOSING || what == SESSION_DONE))
		note_reply(e, s);
	if (what == SESSION_AGAIN)
		return;
	end_request(e, s, what);
	if (what == SESSION_DONE) /* the server took so long to close */
		e->result->think_ns += e->now - s->replied_ns;
	/* Closed loop: begin the next request before other events, so that the
	 * server never waits for the client. */
	if (s->state == SESSION_IDLE && e->plan.rate <= 0 && may_begin(e))
		begin_request(e, s, 0);
}

static void
handle(struct engine *e, struct session *s, uint32_t events)
{
	bool was_busy = s->state == SESSION_BUSY, was_under_way = under_way(s);
	enum session_result what = session_event(&e->shared, s, events);
	uint64_t begun = e->result->begun;

	if (was_under_way) {
		note_event(e, s, was_busy, what);
		return;
	}
	engine_idle_event(e, s, what);
	/* A request that was counted here was never sent. */
	e->result->think_ns += (e->result->begun - begun) * e->now;
}

/* The fast path after a right reply: note_reply(), end_request() and
 * begin_request() in one, without what handle_all() does once for all events.
 */
HOT static inline void
continue_echo(struct engine *e, struct session *s)
{
	struct load_result *r = e->result;
	enum session_result what;

	histogram_record(&r->latency, e->now - s->sent_ns);
	r->ok++;
	if (!e->requests_left) {
		e->under_way--;
		s->ok = true;
		session_make_idle(s);
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
handle_echo(struct engine *e, struct session *s, uint32_t events)
{
	ssize_t n;

	if (events != EPOLLIN || !session_awaits_echo(s))
		handle(e, s, events);
	else if (session_receive_echo(&e->shared, s, &n))
		continue_echo(e, s);
	else
		note_event(e, s, true, session_received(&e->shared, s, n));
}

/* After a stall of NS: extends the deadlines of all sessions in LIST. */
static void
extend_all(const struct list_node *list, uint64_t ns)
{
	for (struct list_node *at = list->next; at != list; at = at->next) {
		struct session *s = session_of(at);

		s->extension_ns = extension(s) + ns;
		s->extended_ns = s->sent_ns;
	}
}

/* Moves S to the waiting list, which is in the order of sending. */
static void
make_waiting(struct engine *e, struct session *s)
{
	struct list_node *at = e->waiting.prev;

	while (at != &e->waiting && session_of(at)->sent_ns > s->sent_ns)
		at = at->prev;
	list_remove(&s->link);
	list_append(at->next, &s->link);
}

/* Connects in turn the sessions that found the backlog full, until it is full
 * again. */
static void
retry_connects(struct engine *e)
{
	struct session *s;

	while ((s = first_of(&e->retrying))) {
		enum session_result what = session_retry_connect(&e->shared, s);

		if (what == SESSION_BACKLOG_FULL)
			break;
		make_waiting(e, s);
		if (what != SESSION_AGAIN)
			end_request(e, s, what);
	}
	while ((s = first_of(&e->retrying)) && deadline_of(e, s) <= e->now) {
		time_out(e, s);
		make_backoff(e, s);
	}
}

static void
expire(struct engine *e)
{
	struct session *s;

	if (!list_empty(&e->retrying))
		retry_connects(e);
	while ((s = first_of(&e->waiting)) && deadline_of(e, s) <= e->now) {
		if (reply_is_here(e, s))
			continue;
		time_out(e, s);
		make_backoff(e, s);
	}
	while ((s = first_of(&e->backoff)) && s->due_ns <= e->now)
		make_idle(e, s);
}

static uint64_t
next_deadline(struct engine *e)
{
	struct session *s;
	uint64_t due = NEVER;

	if ((s = first_of(&e->waiting)))
		due = earlier(due, deadline_of(e, s));
	if (e->progress)
		due = earlier(due, e->progress_due);
	if (e->part)
		due = earlier(due, e->interval_start + e->interval_ns);
	due = earlier(due,
	    e->now + (list_empty(&e->retrying) ? MAX_WAIT_NS : DIAL_AGAIN_NS));
	if (!may_begin(e))
		return due;
	due = earlier(due, e->end_ns);
	if ((s = first_of(&e->backoff)))
		due = earlier(due, s->due_ns);
	if (e->plan.rate > 0) {
		uint64_t free = 0, scheduled = next_due(e);

		if (list_empty(&e->idle))
			free = (s = first_of(&e->waiting)) ? reusable_at(e, s)
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
	/* A schedule needs nanoseconds. */
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

	/* The fast path begins the next request, so not after the end. */
	if (!e->fast_path || e->now >= e->end_ns) {
		for (; at < end; at++)
			handle(e, at->data.ptr, at->events);
		return;
	}
	for (; at < end; at++)
		handle_echo(e, at->data.ptr, at->events);
	if (e->result->ok != ok)
		e->last_ns = e->now;
}

/* Ends the current interval at NOW. */
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

/* Ends the intervals before this wake-up, also empty ones: they show a stall.
 */
static void
end_intervals(struct engine *e)
{
	while (e->part && e->now >= e->interval_start + e->interval_ns)
		end_interval(e, e->interval_start + e->interval_ns);
}

/*
 * Each request after the first BEGUN added the time of its send to think_ns;
 * but think time counts from this wake-up. Subtracting here costs one addition
 * for each request; the sum may wrap around meanwhile.
 */
static void
note_think_time(struct engine *e, uint64_t begun)
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
		extend_all(&e->waiting, stall);
	if (stall)
		extend_all(&e->retrying, stall);
	if (engine_told(e))
		e->end_ns = earlier(e->end_ns, e->now);
	if (e->spinning && n == 0)
		e->spun_ns += e->now - before;
	end_intervals(e);
	begun = e->result->begun;
	handle_all(e, n);
	expire(e);
	begin_due(e);
	note_think_time(e, begun);
	if (!e->stopped_ns && !may_begin(e))
		e->stopped_ns = e->now;
	if (e->progress && e->now >= e->progress_due) {
		e->progress(
		    e->progress_context, e->total, e->now - e->schedule_start);
		e->progress_due = e->now + PROGRESS_NS;
	}
}

/* ---- a run ---- */

/*
 * The end of the time that a rate refers to. Time without a reply counts, or a
 * server that stalls or dies would keep its earlier rate; time after the end of
 * the run counts only up to the last reply. In an open loop of N requests, the
 * interval after the last one counts like the others.
 */
static uint64_t
span_end(const struct engine *e)
{
	uint64_t end = e->now, last, due;

	if (e->plan.rate > 0 && !e->requests_left && e->scheduled) {
		last = (e->scheduled - 1) * e->share.count + e->share.index;
		due = due_time(e, last + 1);
		end = due > end ? due : end;
	}
	end = earlier(end, e->end_ns);
	return e->last_ns > end ? e->last_ns : end;
}

static bool
abandoned(const struct engine *e)
{
	return engine_told(e) < 0;
}

static void
begin_run(struct engine *e, struct load_result *result)
{
	e->total = result;
	e->result = e->part ? e->part : result;
	e->now = e->began_ns = now_ns();
	e->schedule_start = e->interval_start =
	    e->start_ns ? e->start_ns : e->now;
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

/* Open loop: the requests that were due before the end and not sent. */
static uint64_t
count_unsent(const struct engine *e)
{
	uint64_t until = earlier(e->now, e->end_ns) - e->schedule_start;
	/* Of all engines, then of this one. */
	uint64_t due = (uint64_t)((double)until * e->plan.rate / 1e9);

	due = (due + e->share.count - 1 - e->share.index) / e->share.count;
	return e->plan.rate > 0 && e->requests_left && due > e->scheduled
		   ? due - e->scheduled
		   : 0;
}

static void
end_run(struct engine *e, struct load_result *result)
{
	uint64_t end = span_end(e);

	/* The last interval stays open: engine_finish() may find replies of it
	 * that are wrong. */
	e->interval_end = e->now;
	if (e->part) {
		stall_end(&e->stall, e->part);
		load_result_add(e->total, e->part);
	}
	if (!e->stopped_ns) /* stopped before the first step */
		e->stopped_ns = e->now;
	e->ended_ns = end;
	e->result = result;
	if (e->first_ns && end > e->first_ns)
		result->span_ns += end - e->first_ns;
	result->unsent += count_unsent(e);
	result->wall_ns += now_ns() - e->schedule_start;
}

void
engine_run(struct engine *e, uint64_t duration_ns, uint64_t requests,
    struct load_result *result)
{
	uint64_t cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	uint64_t waited = proc_tree_waited_ns(), begun;

	stall_begin(&e->stall);
	begin_run(e, result);
	e->end_ns = duration_ns > NEVER - e->schedule_start
			? NEVER
			: e->schedule_start + duration_ns;
	e->requests_left = requests;
	begun = e->result->begun;
	begin_due(e);
	note_think_time(e, begun);
	while ((e->under_way && !abandoned(e)) || may_begin(e))
		step(e);
	end_run(e, result);
	/* Busy-waiting is no work. */
	cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	result->cpu_ns += cpu > e->spun_ns ? cpu - e->spun_ns : 0;
	result->wait_ns += proc_tree_waited_ns() - waited;
	stall_end(&e->stall, result);
	engine_collect(e);
}
