/* SPDX-License-Identifier: MIT */
/* stopping: the drain, then the stop. */
#include "common/server/stopping.h"

#include <signal.h>

#include "common/base/clock.h"
#include "common/base/trace.h"
#include "common/server/admission.h"
#include "common/server/loop_log.h"

/* A TCP handshake that had begun before the drain gets this long to complete:
 * one round trip. */
#define HANDSHAKE_NS (5 * NS_PER_MS)
/* A client that has sent no request yet may still send one for this long, or
 * for half of the drain. */
#define FIRST_REQUEST_NS (2 * NS_PER_S)

static void
close_listeners(struct loop *loop)
{
	listeners_close(loop->listeners, true);
	loop->listeners->count = 0;
	log_info("draining; connections alive: %u", loop->workers->state->live);
}

static void
refuse_and_close(struct loop *loop)
{
	admission_refuse_all(loop);
	if (loop->listeners->count)
		close_listeners(loop);
}

static void
stop_workers(struct loop *loop)
{
	struct loop_state *s = loop->state;

	refuse_and_close(loop);
	log_info("stopping; connections alive: %u", loop->workers->state->live);
	s->stopping = true;
	s->scan_after = 0; /* killed children announce nothing */
	s->stop_at = s->now + LOOP_STOP_NS;
	workers_stop(loop->workers);
}

static void
begin_drain(struct loop *loop)
{
	struct loop_state *s = loop->state;
	uint64_t timeout = loop->drain_timeout_ns;

	/* First, because datagrams that are turned away count as dropped. */
	loop_log_dropped(loop);
	listeners_turn_away(loop->listeners);
	s->draining = loop->lingering.draining = true;
	loop->workers->state->draining = true;
	workers_show(loop->workers);
	s->wake_after = s->now = now_ns();
	s->close_at = s->now + HANDSHAKE_NS;
	s->silent_end = s->now + earlier(FIRST_REQUEST_NS, timeout / 2);
	s->stop_at = s->now + timeout;
}

/* SIGHUP counts neither as the first nor as the second signal: the kernel and
 * the shell both send it, or it comes with a SIGTERM and is read first. */
void
stopping_signal(struct loop *loop, uint32_t number)
{
	struct loop_state *s = loop->state;
	bool second = s->told_to_stop && number != SIGHUP;

	trace_event_of(0, TRACE_STOP, number);
	s->told_to_stop |= number != SIGHUP;
	if (!s->draining)
		begin_drain(loop);
	else if (second && !s->stopping)
		stop_workers(loop);
}

/* From now on workers close connections that have sent no request. */
static void
close_silent(struct loop *loop)
{
	struct loop_state *s = loop->state;

	loop->workers->state->closing_silent = true;
	workers_show(loop->workers);
	s->silent_end = NEVER;
	s->wake_after = s->now;
}

/* Whether clients wait because of a shortage that no end of a worker of ours
 * can end. */
static bool
waits_in_vain(const struct loop *loop)
{
	const struct loop_state *s = loop->state;

	return s->silent_end == NEVER && !s->backlog_empty &&
	       !loop->workers->state->live &&
	       (loop->listeners->count || s->has_held);
}

void
stopping_step(struct loop *loop)
{
	struct loop_state *s = loop->state;

	if (!s->draining)
		return;
	if (s->backlog_empty && s->now >= s->close_at && loop->listeners->count)
		close_listeners(loop);
	if (s->now >= s->silent_end)
		close_silent(loop);
	if (waits_in_vain(loop))
		refuse_and_close(loop);
	if (s->now >= s->stop_at && !s->stopping)
		stop_workers(loop);
}

uint64_t
stopping_deadline(const struct loop *loop)
{
	const struct loop_state *s = loop->state;
	uint64_t due = s->stop_at;

	if (!s->draining)
		return due;
	due = earlier(due, s->silent_end);
	if (loop->listeners->count && s->backlog_empty)
		due = earlier(due, s->close_at);
	else if (loop->listeners->count && admission_open(loop))
		due = earlier(due, s->now);
	return due;
}

bool
stopping_is_over(const struct loop *loop)
{
	const struct loop_state *s = loop->state;
	bool any = loop->listeners->count || s->has_held ||
		   loop->lingering.count || loop->workers->state->live;

	return s->draining && (!any || (s->stopping && s->now >= s->stop_at));
}
