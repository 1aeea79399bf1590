/* SPDX-License-Identifier: MIT */
/* loop: open; wait; read signals; wake workers; one pass after another. */
#include "common/server/loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/server/admission.h"
#include "common/server/loop_log.h"
#include "common/server/loop_memory.h"
#include "common/server/reap.h"
#include "common/server/stopping.h"

/* Workers that get a wake signal in one go: a millisecond's work, or so. */
enum { WAKES_AT_ONCE = 256 };

/* When no client came for this long, the end of a worker wakes the loop. */
#define QUIET_NS (2 * NS_PER_MS)
/* In a drain, a worker that missed the first wake signal gets another one this
 * soon. */
#define DRAIN_WAKE_NS (100 * NS_PER_MS)
/* A worker needs a moment from its announcement to its end. */
#define ENDING_NS NS_PER_MS

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
	loop->state->stop_at = NEVER;
	return 0;
}

/* ---- wait ---- */

/* Whether the loop sends wake signals, now. */
static bool
sends_wakes(const struct loop *loop)
{
	return loop->workers->state->live &&
	       (loop->state->draining || !loop->workers->model->own_timer);
}

static uint64_t
next_deadline(const struct loop *loop)
{
	const struct loop_state *s = loop->state;
	uint64_t due = earlier(s->lingering_due, stopping_deadline(loop));

	due = earlier(due, ballast_writer_due(loop->ballast));
	if (s->short_until)
		due = earlier(due, s->short_until);
	if (s->busy)
		due = earlier(due, s->now + QUIET_NS);
	if (loop->workers->state->ending)
		due = earlier(due, s->now + ENDING_NS);
	if (sends_wakes(loop))
		due = earlier(due, s->wake_after);
	if (reap_needs_timed_scan(loop))
		due = earlier(due, s->timed_scan_after);
	if (loop->workers->state->live && s->scan_after > s->now)
		due = earlier(due, s->scan_after);
	return due;
}

/*
 * poll(2) fails for more entries than RLIMIT_NOFILE, which may have been
 * lowered below what is open. Then every descriptor counts as ready, a few
 * times a second: all of them are non-blocking.
 */
static void
treat_all_as_ready(struct loop_state *s)
{
	poll(NULL, 0, (int)(LOOP_SHORTAGE_NS / NS_PER_MS));
	for (size_t i = 0; i < s->polls; i++)
		s->poll[i].revents = s->poll[i].fd >= 0 ? POLLIN : 0;
}

static void
fill_polls(struct loop *loop)
{
	struct loop_state *s = loop->state;
	size_t count = loop->listeners->count;
	bool open = admission_open(loop);
	/* With room and a stream of clients, an end can wait for the next. */
	bool wake = !s->busy || !open || !workers_room(loop->workers);
	struct pollfd *polls = s->poll;

	polls[LOOP_POLL_CONTROL] =
	    (struct pollfd){loop->wakeup.control, POLLIN, 0};
	polls[LOOP_POLL_CHILDREN] = (struct pollfd){
	    s->scan_after > s->now ? -1 : loop->wakeup.children, POLLIN, 0};
	polls[LOOP_POLL_WAKE] =
	    (struct pollfd){wake ? loop->wakeup.ends : -1, POLLIN, 0};
	for (size_t i = 0; i < count; i++)
		polls[LOOP_POLL_LISTENERS + i] = (struct pollfd){
		    open && !s->draining ? loop->listeners->at[i].fd : -1,
		    POLLIN, 0};
	s->polls = LOOP_POLL_LISTENERS + count;
	s->polls += lingering_poll(&loop->lingering, polls + s->polls);
}

static void
wait_for_work(struct loop *loop)
{
	struct loop_state *s = loop->state;
	int ready;

	fill_polls(loop);
	ready = poll(
	    s->poll, s->polls, clock_timeout_ms(next_deadline(loop), s->now));
	if (ready < 0) {
		for (size_t i = 0; i < s->polls; i++)
			s->poll[i].revents = 0;
		if (errno != EINTR)
			treat_all_as_ready(s);
	}
	s->now = now_ns();
	if (s->short_until && s->now >= s->short_until)
		s->short_until = 0;
}

/* ---- signals ---- */

static void
take_signals(struct loop *loop)
{
	struct signalfd_siginfo info;

	while (
	    read(loop->wakeup.control, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGUSR1) {
			reap_announced(loop);
			loop_log_ledger(loop, log_always);
		} else {
			stopping_signal(loop, info.ssi_signo);
		}
	}
}

/*
 * Makes workers check their timeouts, and in a drain whether they should end.
 * Thousands of signals at once would delay the workers that have work, so a
 * part of the workers gets one at a time.
 */
static void
wake_workers(struct loop *loop)
{
	struct loop_state *s = loop->state;
	uint32_t parts = 1 + loop->workers->state->live / WAKES_AT_ONCE;
	uint64_t every = loop->wake_every_ns;

	workers_wake(loop->workers, s->wake_round++, parts);
	if (s->draining)
		every = earlier(every, DRAIN_WAKE_NS);
	s->wake_after = s->now + every / parts;
}

/* ---- run ---- */

static void
pass(struct loop *loop)
{
	struct loop_state *s = loop->state;

	wait_for_work(loop);
	reap_announced(loop);
	if (s->poll[LOOP_POLL_CHILDREN].revents)
		reap_scan_children(loop);
	if (s->poll[LOOP_POLL_CONTROL].revents)
		take_signals(loop);
	if (sends_wakes(loop) && s->now >= s->wake_after)
		wake_workers(loop);
	if (reap_needs_timed_scan(loop) && s->now >= s->timed_scan_after)
		reap_timed_scan(loop);
	if (loop->lingering.count)
		admission_linger(loop);
	if (loop->workers->settings.tls)
		tls_renew(loop->workers->settings.tls, s->now);
	ballast_writer_run(loop->ballast, s->now);
	admission_accept(loop);
	stopping_step(loop);
}

bool
loop_run(struct loop *loop)
{
	struct loop_state *s = loop->state;
	struct workers *workers = loop->workers;

	s->now = now_ns();
	admission_linger(loop);	      /* for the listeners, opened by now */
	if (loop->has_other_children) /* those that ended before loop_open() */
		workers_reap_others(workers);
	while (!stopping_is_over(loop))
		pass(loop);
	workers_abandon(workers);
	lingering_close(&loop->lingering);
	loop_log_ledger(loop, log_info);
	return !workers->state->any_cut;
}
