/* SPDX-License-Identifier: MIT */
/* engine: schedule, epoll, timeouts; the conversation is session.c's. */
#include "common/load/engine.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/load/procs.h"

#define NONE UINT32_MAX

enum {
	EVENTS = 512,
	BUFFER = 64 * 1024,
	/* Connects under way at once: well below any backlog. */
	CONNECTS = 128,
	/* Source addresses for churn on the loopback: one has 28,000 ports,
	 * each of which rests for a second after use. */
	SOURCES = 8,
};

/* A connection that failed rests, so that a dead server is not hammered. */
#define REST_NS (10 * NS_PER_MS)
/* For a datagram that comes after the last reply. */
#define LAST_DATAGRAMS_NS (10 * NS_PER_MS)
#define PROGRESS_NS (250 * NS_PER_MS)
/* A signal that sets *stop just before the wait does not end it: this does. */
#define STOP_NS (100 * NS_PER_MS)
/* A datagram counts as lost when its socket is wanted and it has waited so many
 * times as long as is usual, and at least so long. */
#define LOST_TIMES 4
#define LOST_NS (50 * NS_PER_MS)
/* epoll's timer comes up to this much late; on a CPU of our own we wait the
 * rest out in a spin. */
#define SPIN_NS (60 * NS_PER_US)

/* ---- lists of sessions, each the one with the earliest deadline first ---- */

static void
list_append(struct engine *e, struct session_list *list, struct session *s)
{
	s->prev = list->tail;
	s->next = NONE;
	if (list->tail == NONE)
		list->head = s->x.id;
	else
		e->sessions[list->tail].next = s->x.id;
	list->tail = s->x.id;
}

static void
list_remove(struct engine *e, struct session_list *list, struct session *s)
{
	if (s->prev == NONE)
		list->head = s->next;
	else
		e->sessions[s->prev].next = s->next;
	if (s->next == NONE)
		list->tail = s->prev;
	else
		e->sessions[s->next].prev = s->prev;
}

static struct session *
list_first(struct engine *e, const struct session_list *list)
{
	return list->head == NONE ? NULL : &e->sessions[list->head];
}

/* ---- one request ---- */

static uint64_t
due_of(const struct engine *e, uint64_t k)
{
	/* From the start each time: adding intervals up would add up their
	 * rounding. */
	return e->schedule_start +
	       (uint64_t)((double)k * (double)NS_PER_S / e->plan.rate);
}

static void
note_wrong(struct engine *e, const struct session *s)
{
	struct load_result *r = e->result;

	r->wrong++;
	if (!r->example[0])
		session_explain(&e->shared, s, e->sessions, e->plan.connections,
		    r->example, sizeof(r->example));
}

static void
note_failed(struct engine *e, int error)
{
	struct load_result *r = e->result;

	r->failed++;
	r->errors[error < RESULT_ERRNOS ? error : RESULT_ERRNOS - 1]++;
	if (!r->failure[0])
		memcpy(r->failure, e->shared.why, sizeof(e->shared.why));
}

static void
make_idle(struct engine *e, struct session *s)
{
	s->state = SESSION_IDLE;
	e->idle[e->idle_count++] = s->x.id;
}

static void
make_rest(struct engine *e, struct session *s)
{
	s->state = SESSION_RESTING;
	s->due_ns = e->now + REST_NS;
	list_append(e, &e->resting, s);
}

/* The request is over, one way or the other. */
static void
end_request(struct engine *e, struct session *s, enum session_result what)
{
	int error = errno;

	list_remove(e, &e->waiting, s);
	e->under_way--;
	if (what == SESSION_DONE) {
		e->result->ok++;
		e->result->reconnects += s->fd < 0 && !e->plan.churn;
		make_idle(e, s);
		return;
	}
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

	e->usual_ns =
	    e->usual_ns ? e->usual_ns - e->usual_ns / 8 + took / 8 : took;
}

/* The whole reply is here: its time counts, whatever its end will be. */
static void
note_reply(struct engine *e, const struct session *s)
{
	struct load_result *r = e->result;
	uint64_t from = e->plan.rate > 0 ? s->due_ns : s->sent_ns;

	hist_record(&r->latency, e->now > from ? e->now - from : 0);
	if (e->plan.rate > 0)
		hist_record(
		    &r->service, e->now > s->sent_ns ? e->now - s->sent_ns : 0);
	e->last_ns = e->now;
	note_usual(e, s);
}

static void
give_up(struct engine *e, struct session *s)
{
	list_remove(e, &e->waiting, s);
	e->under_way--;
	e->result->timed_out++;
	session_give_up(&e->shared, s);
}

static void
begin_request(struct engine *e, struct session *s, uint64_t due)
{
	struct load_result *r = e->result;
	enum session_result what;

	s->sent_ns = now_ns();
	s->due_ns = due ? due : s->sent_ns;
	if (due)
		hist_record(&r->pacing, s->sent_ns - due);
	if (!e->first_ns)
		e->first_ns = s->sent_ns;
	r->begun++;
	e->requests_left--;
	e->under_way++;
	list_append(e, &e->waiting, s);
	what = session_begin(&e->shared, s);
	if (what != SESSION_AGAIN)
		end_request(e, s, what);
}

/* ---- the loop ---- */

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
	uint64_t wait = e->usual_ns * LOST_TIMES;

	if (!e->shared.datagrams || !e->usual_ns)
		return NEVER;
	return s->sent_ns + (wait > LOST_NS ? wait : LOST_NS);
}

/* Whether there is a connection for a request that is due. */
static bool
find_idle(struct engine *e)
{
	struct session *s;

	if (e->idle_count)
		return true;
	s = list_first(e, &e->waiting);
	if (!s || gives_way(e, s) > now_ns())
		return false;
	give_up(e, s);
	make_idle(e, s);
	return true;
}

/* Begins what may begin now. */
static void
begin_due(struct engine *e)
{
	if (!beginning(e))
		return;
	if (e->plan.rate <= 0) {
		while (e->idle_count && e->requests_left)
			begin_request(
			    e, &e->sessions[e->idle[--e->idle_count]], 0);
		return;
	}
	while (e->requests_left) {
		uint64_t due = due_of(e, e->scheduled);

		if (due > now_ns() || due >= e->end_ns || !find_idle(e))
			break;
		e->scheduled++;
		begin_request(e, &e->sessions[e->idle[--e->idle_count]], due);
	}
}

/*
 * Something came in on a connection without a request. It is closed, and stays
 * in the idle stack: its next request connects anew.
 */
static void
idle_event(struct engine *e, struct session *s, enum session_result what)
{
	struct load_result *r = e->result;

	if (what == SESSION_AGAIN)
		return;
	if (what != SESSION_TOO_MUCH) {
		r->reconnects++;
		return;
	}
	/* The reply that was right when it came is wrong after all. One that
	 * came before any request counts as one more. */
	if (s->x.number && r->ok)
		r->ok--;
	else
		r->begun++;
	note_wrong(e, s);
}

static void
handle(struct engine *e, struct session *s, uint32_t events)
{
	bool was_busy = s->state == SESSION_BUSY;
	bool under_way = was_busy || s->state == SESSION_CLOSING;
	enum session_result what = session_event(&e->shared, s, events);

	if (!under_way) {
		idle_event(e, s, what);
		return;
	}
	if (was_busy && (s->state == SESSION_CLOSING || what == SESSION_DONE))
		note_reply(e, s);
	if (what == SESSION_AGAIN)
		return;
	end_request(e, s, what);
	/* In a closed loop, at once: the other connections' events can wait
	 * longer than this server can. */
	if (s->state == SESSION_IDLE && e->plan.rate <= 0 && beginning(e)) {
		s = &e->sessions[e->idle[--e->idle_count]];
		begin_request(e, s, 0);
		e->result->turn_ns += s->sent_ns - e->now;
	}
}

static void
expire(struct engine *e)
{
	struct session *s;

	while ((s = list_first(e, &e->waiting)) &&
	       s->sent_ns + e->plan.timeout_ns <= e->now) {
		give_up(e, s);
		make_rest(e, s);
	}
	while ((s = list_first(e, &e->resting)) && s->due_ns <= e->now) {
		list_remove(e, &e->resting, s);
		make_idle(e, s);
	}
}

static uint64_t
next_deadline(struct engine *e)
{
	struct session *s;
	uint64_t due = NEVER;

	if ((s = list_first(e, &e->waiting)))
		due = earlier(due, s->sent_ns + e->plan.timeout_ns);
	if (e->progress)
		due = earlier(due, e->progress_due);
	if (!beginning(e))
		return due;
	if (e->stop)
		due = earlier(due, e->now + STOP_NS);
	due = earlier(due, e->end_ns);
	if ((s = list_first(e, &e->resting)))
		due = earlier(due, s->due_ns);
	if (e->plan.rate > 0) {
		uint64_t free = 0, scheduled = due_of(e, e->scheduled);

		if (!e->idle_count)
			free = (s = list_first(e, &e->waiting))
				   ? gives_way(e, s)
				   : NEVER;
		due = earlier(due, free > scheduled ? free : scheduled);
	}
	return due;
}

static int
wait_for_events(struct engine *e)
{
	uint64_t due = next_deadline(e), now;
	struct timespec timeout;

	if (e->plan.rate <= 0)
		return epoll_wait(e->shared.epoll, e->events, EVENTS,
		    timeout_ms(due, e->now));
	/* Milliseconds are too coarse for a schedule. */
	now = now_ns();
	due = due > now ? due - now : 0;
	if (e->plan.spin)
		due = due > SPIN_NS ? due - SPIN_NS : 0;
	e->spinning = e->plan.spin && due == 0;
	timeout = timespec_of(due);
	return epoll_pwait2(e->shared.epoll, e->events, EVENTS, &timeout, NULL);
}

static void
step(struct engine *e)
{
	uint64_t before = now_ns();
	int n = wait_for_events(e);

	e->now = now_ns();
	if (e->stop && *e->stop)
		e->end_ns = earlier(e->end_ns, e->now);
	if (e->spinning && n == 0)
		e->spun_ns += e->now - before;
	for (int i = 0; i < n; i++)
		handle(e, e->events[i].data.ptr, e->events[i].events);
	expire(e);
	begin_due(e);
	if (e->progress && e->now >= e->progress_due) {
		e->progress(
		    e->progress_context, e->result, e->now - e->schedule_start);
		e->progress_due = e->now + PROGRESS_NS;
	}
}

/* ---- open, connect, run, finish, close ---- */

bool
load_plan_churns(const struct load_plan *plan)
{
	return plan->churn || plan->protocol->closes ||
	       (plan->target.kind == TARGET_UDP && !plan->protocol->echoes);
}

/* Datagram sockets leave no port behind that would have to rest. */
static bool
wants_sources(const struct load_plan *plan)
{
	const struct address *to = &plan->target.address;

	return plan->churn && plan->target.kind != TARGET_UDP &&
	       to->any.sa_family == AF_INET &&
	       (ntohl(to->in4.sin_addr.s_addr) >> 24) == 127;
}

static void
set_up(struct engine *e, const struct load_plan *plan)
{
	struct session_shared *shared = &e->shared;

	*e = (struct engine){
	    .plan = *plan,
	    .waiting = {NONE, NONE},
	    .resting = {NONE, NONE},
	};
	e->plan.churn = load_plan_churns(plan);
	shared->target = plan->target.address;
	shared->datagrams = plan->target.kind == TARGET_UDP;
	shared->tls = plan->tls;
	shared->churn = e->plan.churn;
	shared->sources = wants_sources(&e->plan) ? SOURCES : 0;
	shared->buffer_size = BUFFER;
	shared->run.protocol = plan->protocol;
	shared->run.churn = e->plan.churn;
	shared->run.host = e->plan.target.authority;
	shared->run.path = plan->path ? plan->path : plan->protocol->path;
}

static int
allocate(struct engine *e)
{
	uint32_t n = e->plan.connections;

	e->shared.epoll = epoll_create1(EPOLL_CLOEXEC);
	e->sessions = calloc(n, sizeof(e->sessions[0]));
	e->idle = calloc(n, sizeof(e->idle[0]));
	e->events = calloc(EVENTS, sizeof(e->events[0]));
	e->shared.buffer = malloc(BUFFER);
	/* Before anything else can fail: engine_close() closes them all. */
	for (uint32_t i = 0; e->sessions && i < n; i++)
		e->sessions[i].fd = -1;
	return e->shared.epoll < 0 || !e->sessions || !e->idle || !e->events ||
		       !e->shared.buffer
		   ? -1
		   : protocol_open(&e->shared.run, e->plan.size, n);
}

int
engine_open(
    struct engine *e, const struct load_plan *plan, char *why, size_t size)
{
	set_up(e, plan);
	/* Timers fire up to 50 us late to save wake-ups; ours must not. */
	prctl(PR_SET_TIMERSLACK, 1);
	if (allocate(e) < 0) {
		snprintf(why, size, "%s",
		    e->shared.run.why[0] ? e->shared.run.why : strerror(errno));
		engine_close(e);
		return -1;
	}
	for (uint32_t i = plan->connections; i-- > 0;) {
		exchange_init(&e->sessions[i].x, &e->shared.run, i);
		make_idle(e, &e->sessions[i]);
	}
	if (!plan->protocol->sized) {
		plan->protocol->request(&e->shared.run, &e->sessions[0].x);
		e->plan.size = e->sessions[0].x.out_len;
		e->sessions[0].x.out_len = 0;
	}
	return 0;
}

void
engine_close(struct engine *e)
{
	for (uint32_t i = 0; e->sessions && i < e->plan.connections; i++)
		session_close(&e->sessions[i]);
	if (e->shared.epoll >= 0)
		close(e->shared.epoll);
	protocol_close(&e->shared.run);
	free(e->sessions);
	free(e->idle);
	free(e->events);
	free(e->shared.buffer);
}

uint32_t
engine_connect(struct engine *e)
{
	uint32_t begun = 0, pending = 0, failed = 0;
	uint64_t deadline = now_ns() + e->plan.timeout_ns;

	if (e->plan.churn)
		return 0;
	while (begun < e->plan.connections || pending) {
		int n;

		while (pending < CONNECTS && begun < e->plan.connections) {
			enum session_result what =
			    session_connect(&e->shared, &e->sessions[begun++]);

			pending += what == SESSION_AGAIN;
			failed += what == SESSION_FAILED;
		}
		n = epoll_wait(
		    e->shared.epoll, e->events, EVENTS, pending ? 100 : 0);
		for (int i = 0; i < n; i++) {
			struct session *s = e->events[i].data.ptr;
			bool new = s->state == SESSION_CONNECTING;
			enum session_result what =
			    session_event(&e->shared, s, e->events[i].events);

			failed += what > SESSION_DONE;
			pending -= new &&what != SESSION_AGAIN;
		}
		if (n > 0)
			deadline = now_ns() + e->plan.timeout_ns;
		else if (now_ns() >= deadline || (e->stop && *e->stop))
			break;
	}
	for (uint32_t i = 0; i < e->plan.connections; i++) {
		if (e->sessions[i].state == SESSION_CONNECTING) {
			session_close(&e->sessions[i]);
			failed++;
		}
	}
	return failed;
}

/* What the sessions have counted goes into the result. */
static void
collect(struct engine *e)
{
	e->result->late += e->shared.late;
	e->result->duplicated += e->shared.duplicated;
	e->result->lost_updates += e->shared.run.lost_updates;
	e->shared.late = e->shared.duplicated = 0;
	e->shared.run.lost_updates = 0;
}

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

void
engine_run(struct engine *e, uint64_t duration_ns, uint64_t requests,
    struct load_result *result)
{
	uint64_t cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID),
		 waited = procs_waited_ns(), end;

	e->result = result;
	e->now = e->schedule_start = now_ns();
	e->progress_due = e->now + PROGRESS_NS;
	e->end_ns = duration_ns > NEVER - e->now ? NEVER : e->now + duration_ns;
	e->requests_left = requests;
	e->scheduled = e->first_ns = e->last_ns = e->spun_ns = 0;
	e->stopped_ns = 0;
	begin_due(e);
	while (e->under_way || beginning(e)) {
		step(e);
		if (!e->stopped_ns && !beginning(e))
			e->stopped_ns = e->now;
	}
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
	result->wait_ns += procs_waited_ns() - waited;
	collect(e);
}

/* One of the last events. Whether the session has come to its end. */
static bool
finish_event(struct engine *e, struct session *s, uint32_t events)
{
	enum session_result what = session_event(&e->shared, s, events);

	if (what == SESSION_TOO_MUCH)
		idle_event(e, s, what);
	return what != SESSION_AGAIN;
}

void
engine_finish(struct engine *e, struct load_result *result)
{
	/* Datagrams have no end: what is on its way gets a moment. */
	uint64_t patience =
	    e->shared.datagrams ? LAST_DATAGRAMS_NS : e->plan.timeout_ns;
	uint64_t deadline = now_ns() + earlier(patience, e->plan.timeout_ns);
	uint32_t open = 0;

	e->result = result;
	for (uint32_t i = 0; i < e->plan.connections; i++) {
		session_end(&e->shared, &e->sessions[i]);
		open += e->sessions[i].fd >= 0;
	}
	while (open && now_ns() < deadline && !(e->stop && *e->stop)) {
		int n = epoll_wait(e->shared.epoll, e->events, EVENTS,
		    timeout_ms(earlier(deadline, now_ns() + 100 * NS_PER_MS),
			now_ns()));

		for (int i = 0; i < n; i++)
			open -= finish_event(
			    e, e->events[i].data.ptr, e->events[i].events);
	}
	collect(e);
}
