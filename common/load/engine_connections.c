/* SPDX-License-Identifier: MIT */
/* engine_connections: open and connect before a run, finish and close after. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/trace.h"
#include "common/load/engine_internal.h"
#include "common/load/protocol_table.h"
#include "common/load/session_datagram.h"
#include "common/net/dial.h"

enum {
	BUFFER = 64 * 1024,
	/* Connects in progress at once, of all engines: below any usual
	 * backlog. */
	CONNECTS = 128,
	/* Source addresses for churn on the loopback: one has 28,000 ports, and
	 * a port can be used again after 1 s. */
	SOURCES = 8,
};

/* How long datagrams are awaited after the last reply. */
#define LAST_DATAGRAMS_NS (10 * NS_PER_MS)
/* The longest wait in epoll: a signal may set *stop just before it. */
#define MAX_WAIT_NS (20 * NS_PER_MS)

bool
load_plan_churns(const struct load_plan *plan)
{
	return plan->churn || plan->protocol->closes ||
	       (plan->target.kind == TARGET_UDP && !plan->protocol->echoes);
}

/* UDP has no TIME-WAIT, so one address has enough ports. */
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

/* The source addresses for churn on the loopback. */
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

/* The number of connects in progress at once. */
static uint32_t
most_connects(const struct engine *e)
{
	uint32_t most = CONNECTS / e->share.count;

	return most ? most : 1;
}

/* What the engine's connections are, of all of the load. */
static void
set_share(struct engine *e, const struct engine_share *share)
{
	struct session_shared *shared = &e->shared;

	e->share = *share;
	shared->engine = share->index;
	shared->engines = share->count;
	shared->run.first = share->first;
	shared->run.all = share->all;
	if (share->payload) {
		shared->run.payload = *share->payload;
		shared->run.payload_is_lent = true;
	}
}

static void
set_up(struct engine *e, const struct load_plan *plan,
    const struct engine_share *share)
{
	struct session_shared *shared = &e->shared;

	*e = (struct engine){.plan = *plan};
	set_share(e, share);
	list_init(&e->idle);
	list_init(&e->waiting);
	list_init(&e->retrying);
	list_init(&e->backoff);
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
	if (shared->source_count)
		shared->next_source = share->index % shared->source_count;
	shared->buffer_size = BUFFER;
	shared->run.protocol = plan->protocol;
	shared->run.churn = e->plan.churn;
	shared->run.host = e->plan.target.authority;
	shared->run.path = plan->path ? plan->path : plan->protocol->path;
	shared->run.http = plan->http;
	shared->run.tls = plan->tls != NULL;
	e->fast_path = plan->rate <= 0 && plan->target.kind == TARGET_STREAM &&
		       plan->protocol->echoes && !e->plan.churn && !trace_on();
}

static int
allocate(struct engine *e)
{
	uint32_t n = e->plan.connections;

	e->shared.epoll = epoll_create1(EPOLL_CLOEXEC);
	e->sessions = calloc(n, sizeof(e->sessions[0]));
	e->events = calloc(ENGINE_EVENTS, sizeof(e->events[0]));
	e->shared.buffer = malloc(BUFFER);
	/* Before the return: engine_close() closes all descriptors. */
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
	const struct engine_share whole = {
	    .count = 1, .all = plan->connections};

	return engine_open_share(e, plan, &whole, why, size);
}

int
engine_open_share(struct engine *e, const struct load_plan *plan,
    const struct engine_share *share, char *why, size_t size)
{
	set_up(e, plan, share);
	/* By default the kernel may delay a timer by 50 us (prctl(2)). */
	prctl(PR_SET_TIMERSLACK, 1);
	stall_open(&e->stall);
	if (allocate(e) < 0) {
		snprintf(why, size, "%s",
		    e->shared.run.why[0] ? e->shared.run.why : strerror(errno));
		engine_close(e);
		return -1;
	}
	for (uint32_t i = 0; i < plan->connections; i++) {
		exchange_init(
		    &e->sessions[i].x, &e->shared.run, share->first + i);
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

/* Begins a connect. Returns whether it is in progress. */
static bool
begin_connect(struct engine *e, struct session *s, uint32_t *failed)
{
	enum session_result what;

	s->sent_ns = now_ns();
	what = session_connect(&e->shared, s);
	*failed += what == SESSION_FAILED;
	if (what == SESSION_BACKLOG_FULL)
		list_move(&s->link, &e->retrying);
	return what == SESSION_AGAIN || what == SESSION_BACKLOG_FULL;
}

/* Connects in turn the sessions that found the backlog full, until it is full
 * again. Returns how many have ended. */
static uint32_t
retry_connects(struct engine *e, uint32_t *failed, uint64_t *deadline)
{
	uint32_t ended = 0;

	while (!list_empty(&e->retrying)) {
		struct session *s = session_of(e->retrying.next);
		enum session_result what = session_retry_connect(&e->shared, s);

		if (what == SESSION_BACKLOG_FULL)
			break;
		*deadline = now_ns() + e->plan.timeout_ns;
		*failed += what == SESSION_FAILED;
		ended += what != SESSION_AGAIN;
		list_move(&s->link, &e->idle);
	}
	return ended;
}

/* Returns whether the event ended a connect in progress. */
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

/* Closes the sessions that are still connecting. Returns how many. */
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
 * Waits for events from SINCE on. Returns their number; adds a stall to
 * *DEADLINE. The caller compares the deadline with SINCE, not with the time
 * after: all events before SINCE are reported then.
 */
static int
wait_for_events(struct engine *e, uint64_t since, uint64_t *deadline)
{
	uint64_t turn = list_empty(&e->retrying) ? MAX_WAIT_NS : DIAL_AGAIN_NS;
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

		while (
		    pending < most_connects(e) && begun < e->plan.connections)
			pending +=
			    begin_connect(e, &e->sessions[begun++], &failed);
		pending -= retry_connects(e, &failed, &deadline);
		if (!pending)
			continue;
		n = wait_for_events(e, since, &deadline);
		for (int i = 0; i < n; i++)
			pending -= connect_event(e, e->events[i].data.ptr,
			    e->events[i].events, &failed);
		if (n > 0)
			deadline = now_ns() + e->plan.timeout_ns;
		else if (since >= deadline || engine_told(e))
			break;
	}
	return failed + give_up_connects(e);
}

/* ---- finish ---- */

/* Returns whether the event ended the session. */
static bool
finish_event(struct engine *e, struct session *s, uint32_t events)
{
	enum session_result what = session_event(&e->shared, s, events);

	if (what == SESSION_UNSOLICITED)
		engine_idle_event(e, s, what);
	return what != SESSION_AGAIN;
}

/* Ends the last interval, with what changed in RESULT since BEFORE. */
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

	/* UDP has no end of file: wait shortly for late datagrams. */
	uint64_t timeout =
	    e->shared.datagram_event ? LAST_DATAGRAMS_NS : e->plan.timeout_ns;
	uint64_t since = now_ns();
	uint64_t deadline = since + earlier(timeout, e->plan.timeout_ns);
	/* After the deadline, read each connection once more. */
	uint32_t open = 0,
		 final_reads = e->plan.connections / ENGINE_EVENTS + 1;

	e->result = e->total = result;
	stall_begin(&e->stall);
	for (uint32_t i = 0; i < e->plan.connections; i++) {
		session_end(&e->shared, &e->sessions[i]);
		open += e->sessions[i].fd >= 0;
	}
	for (;
	     open && (since < deadline || final_reads-- > 0) && !engine_told(e);
	     since = now_ns()) {
		int n = wait_for_events(e, since, &deadline);

		for (int i = 0; i < n; i++)
			open -= finish_event(
			    e, e->events[i].data.ptr, e->events[i].events);
	}
	/* After a stop the server had no time to close them. */
	if (!e->shared.datagram_event && !engine_told(e))
		result->unclosed += open;
	stall_end(&e->stall, result);
	engine_collect(e);
	end_last_interval(e, result, &before);
}

void
engine_replies(const struct engine *e, uint64_t *replies)
{
	for (uint32_t i = 0; i < e->plan.connections; i++)
		replies[i] = e->sessions[i].x.number - e->sessions[i].not_ok;
}
