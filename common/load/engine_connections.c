/* SPDX-License-Identifier: MIT */
/* engine_connections: before and after the load: open, connect, finish, close.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/load/engine_internal.h"
#include "common/load/protocol_table.h"
#include "common/load/session_datagram.h"
#include "common/net/dial.h"

enum {
	BUFFER = 64 * 1024,
	/* Connects under way at once: well below any backlog. */
	CONNECTS = 128,
	/* Source addresses for churn on the loopback: one has 28,000 ports,
	 * each of which rests for a second after use. */
	SOURCES = 8,
};

/* For a datagram that comes after the last reply. */
#define LAST_DATAGRAMS_NS (10 * NS_PER_MS)
/* How soon a stop is noticed. */
#define TURN_NS (20 * NS_PER_MS)

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

uint32_t
load_plan_sources(const struct load_plan *plan)
{
	if (plan->sources)
		return plan->source_count;
	return wants_sources(plan) ? SOURCES : 0;
}

/* The addresses of a churn on the loopback. */
static const struct address *
loopback(void)
{
	static struct address from[SOURCES];

	for (uint32_t i = 0; i < SOURCES; i++) {
		from[i].len = sizeof(from[i].in4);
		from[i].in4.sin_family = AF_INET;
		from[i].in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK + i);
	}
	return from;
}

static void
set_up(struct engine *e, const struct load_plan *plan)
{
	struct session_shared *shared = &e->shared;

	*e = (struct engine){.plan = *plan};
	list_init(&e->idle);
	list_init(&e->waiting);
	list_init(&e->retrying);
	list_init(&e->resting);
	e->plan.churn = load_plan_churns(plan);
	shared->target = plan->target.address;
	shared->datagram_event =
	    plan->target.kind == TARGET_UDP ? session_datagram_event : NULL;
	shared->tls = plan->tls;
	if (plan->tls)
		tls_client_offer(plan->tls, plan->protocol->tls_name);
	shared->churn = e->plan.churn;
	shared->source_count = load_plan_sources(&e->plan);
	shared->sources = plan->sources		 ? plan->sources
			  : shared->source_count ? loopback()
						 : NULL;
	shared->buffer_size = BUFFER;
	shared->run.protocol = plan->protocol;
	shared->run.churn = e->plan.churn;
	shared->run.host = e->plan.target.authority;
	shared->run.path = plan->path ? plan->path : plan->protocol->path;
	e->shortest = plan->rate <= 0 && plan->target.kind == TARGET_STREAM &&
		      plan->protocol->echoes && !e->plan.churn;
}

static int
allocate(struct engine *e)
{
	uint32_t n = e->plan.connections;

	e->shared.epoll = epoll_create1(EPOLL_CLOEXEC);
	e->sessions = calloc(n, sizeof(e->sessions[0]));
	e->events = calloc(ENGINE_EVENTS, sizeof(e->events[0]));
	e->shared.buffer = malloc(BUFFER);
	/* Before anything else can fail: engine_close() closes them all. */
	for (uint32_t i = 0; e->sessions && i < n; i++)
		e->sessions[i].fd = -1;
	return e->shared.epoll < 0 || !e->sessions || !e->events ||
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
	stall_open(&e->stall);
	if (allocate(e) < 0) {
		snprintf(why, size, "%s",
		    e->shared.run.why[0] ? e->shared.run.why : strerror(errno));
		engine_close(e);
		return -1;
	}
	for (uint32_t i = 0; i < plan->connections; i++) {
		exchange_init(&e->sessions[i].x, &e->shared.run, i);
		list_append(&e->idle, &e->sessions[i].link);
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
	stall_close(&e->stall);
	protocol_close(&e->shared.run);
	free(e->sessions);
	free(e->events);
	free(e->shared.buffer);
}

/* ---- connect ---- */

/* Begins the next one. Whether it is under way. */
static bool
begin_connect(struct engine *e, struct session *s, uint32_t *failed)
{
	enum session_result what;

	s->sent_ns = now_ns();
	what = session_connect(&e->shared, s);
	*failed += what == SESSION_FAILED;
	if (what == SESSION_FULL)
		list_move(&s->link, &e->retrying);
	return what == SESSION_AGAIN || what == SESSION_FULL;
}

/* Those that found the backlog full, until one does so again. Returns how many
 * are not under way any more. */
static uint32_t
retry_connects(struct engine *e, uint32_t *failed, uint64_t *deadline)
{
	uint32_t ended = 0;

	while (!list_empty(&e->retrying)) {
		struct session *s = session_of(e->retrying.next);
		enum session_result what = session_retry_connect(&e->shared, s);

		if (what == SESSION_FULL)
			break;
		*deadline = now_ns() + e->plan.timeout_ns;
		*failed += what == SESSION_FAILED;
		ended += what != SESSION_AGAIN;
		list_move(&s->link, &e->idle);
	}
	return ended;
}

/* One of the first events. Whether a connect under way has ended. */
static bool
connect_event(
    struct engine *e, struct session *s, uint32_t events, uint32_t *failed)
{
	bool new = s->state == SESSION_CONNECTING;
	enum session_result what = session_event(&e->shared, s, events);

	*failed += what > SESSION_DONE;
	if (new &&what == SESSION_DONE && e->connects)
		histogram_record(e->connects, now_ns() - s->sent_ns);
	return new &&what != SESSION_AGAIN;
}

/* Those that are not ready yet never will be. Returns how many. */
static uint32_t
give_up_connects(struct engine *e)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < e->plan.connections; i++) {
		if (e->sessions[i].state == SESSION_CONNECTING) {
			session_close(&e->sessions[i]);
			list_move(&e->sessions[i].link, &e->idle);
			count++;
		}
	}
	return count;
}

/*
 * Waits a turn from SINCE. Returns the number of events; DEADLINE moves on by
 * the time in which we stood still. Whether it has passed is a question of
 * SINCE: what came before that is among the events, if there were any.
 */
static int
wait_a_turn(struct engine *e, uint64_t since, uint64_t *deadline)
{
	uint64_t turn = list_empty(&e->retrying) ? TURN_NS : DIAL_AGAIN_NS;
	uint64_t due = earlier(*deadline, since + turn);
	int n = epoll_wait(e->shared.epoll, e->events, ENGINE_EVENTS,
	    clock_timeout_ms(due, since));

	*deadline += stall_note(&e->stall, since, due, now_ns());
	return n;
}

uint32_t
engine_connect(struct engine *e)
{
	uint32_t begun = 0, pending = 0, failed = 0;
	uint64_t since = now_ns(), deadline = since + e->plan.timeout_ns;

	if (e->plan.churn)
		return 0;
	stall_begin(&e->stall);
	for (; begun < e->plan.connections || pending; since = now_ns()) {
		int n;

		while (pending < CONNECTS && begun < e->plan.connections)
			pending +=
			    begin_connect(e, &e->sessions[begun++], &failed);
		pending -= retry_connects(e, &failed, &deadline);
		if (!pending)
			continue;
		n = wait_a_turn(e, since, &deadline);
		for (int i = 0; i < n; i++)
			pending -= connect_event(e, e->events[i].data.ptr,
			    e->events[i].events, &failed);
		if (n > 0)
			deadline = now_ns() + e->plan.timeout_ns;
		else if (since >= deadline || (e->stop && *e->stop))
			break;
	}
	return failed + give_up_connects(e);
}

/* ---- finish ---- */

/* One of the last events. Whether the session has come to its end. */
static bool
finish_event(struct engine *e, struct session *s, uint32_t events)
{
	enum session_result what = session_event(&e->shared, s, events);

	if (what == SESSION_TOO_MUCH)
		engine_idle_event(e, s, what);
	return what != SESSION_AGAIN;
}

/* The last interval, with what has changed in RESULT since it was as BEFORE. */
static void
end_last_interval(struct engine *e, const struct load_result *result,
    const struct load_result *before)
{
	struct load_result *part = e->part;
	bool changed =
	    result->begun != before->begun || result->wrong != before->wrong;

	if (!part || (e->interval_end == e->interval_start && !changed))
		return;
	part->begun += result->begun - before->begun;
	part->ok += result->ok - before->ok;
	part->wrong += result->wrong - before->wrong;
	part->stall_ns += result->stall_ns - before->stall_ns;
	part->throttled += result->throttled - before->throttled;
	part->throttled_ns += result->throttled_ns - before->throttled_ns;
	e->interval(e->interval_context, part,
	    e->interval_start - e->schedule_start,
	    e->interval_end - e->schedule_start);
}

void
engine_finish(struct engine *e, struct load_result *result)
{
	const struct load_result before = *result;

	/* Datagrams have no end: what is on its way gets a moment. */
	uint64_t patience =
	    e->shared.datagram_event ? LAST_DATAGRAMS_NS : e->plan.timeout_ns;
	uint64_t since = now_ns();
	uint64_t deadline = since + earlier(patience, e->plan.timeout_ns);
	/* After that, at each once more. */
	uint32_t open = 0, looks = e->plan.connections / ENGINE_EVENTS + 1;

	e->result = e->total = result;
	stall_begin(&e->stall);
	for (uint32_t i = 0; i < e->plan.connections; i++) {
		session_end(&e->shared, &e->sessions[i]);
		open += e->sessions[i].fd >= 0;
	}
	for (; open && (since < deadline || looks-- > 0) &&
	       !(e->stop && *e->stop);
	     since = now_ns()) {
		int n = wait_a_turn(e, since, &deadline);

		for (int i = 0; i < n; i++)
			open -= finish_event(
			    e, e->events[i].data.ptr, e->events[i].events);
	}
	/* Nor are they waited for once we are told to stop. */
	if (!e->shared.datagram_event && !(e->stop && *e->stop))
		result->unclosed += open;
	stall_end(&e->stall, result);
	engine_collect(e);
	end_last_interval(e, result, &before);
}

static int
ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

int
engine_fairness(const struct engine *e, struct fairness *fairness)
{
	uint32_t n = e->plan.connections;
	uint64_t *replies = calloc(n, sizeof(replies[0]));
	double sum = 0, squares = 0;

	if (!replies)
		return -1;
	*fairness = (struct fairness){0};
	for (uint32_t i = 0; i < n; i++) {
		const struct session *s = &e->sessions[i];

		replies[i] = s->x.number - s->not_ok;
		fairness->none += replies[i] == 0;
		sum += (double)replies[i];
		squares += (double)replies[i] * (double)replies[i];
	}
	qsort(replies, n, sizeof(replies[0]), ascending);
	fairness->min = replies[0];
	fairness->median = replies[n / 2];
	fairness->max = replies[n - 1];
	fairness->jain = squares > 0 ? sum * sum / (n * squares) : 0;
	free(replies);
	return 0;
}
