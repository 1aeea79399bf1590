/* SPDX-License-Identifier: MIT */
/* reap: by announcement, or else by asking all. */
#include "common/server/reap.h"

#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/server/scan_pause.h"

enum { ANNOUNCEMENT_READS = 16 };

/* The least time between two timed scans. They take at most 1 % of the time. */
#define TIMED_SCAN_NS NS_PER_S

/* ---- announcements ---- */

/*
 * Takes the announcements out of what was read. A faulty worker may have
 * written anything, also half an announcement: what cannot be one is skipped
 * byte by byte, so that it hides no other. The start of an incomplete one
 * stays.
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

/* Reads one pipe's worth at most: a worker that writes without end does not
 * keep the loop here. */
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

void
reap_announced(struct loop *loop)
{
	struct loop_state *s = loop->state;
	struct workers *workers = loop->workers;
	uint32_t reaped;

	/* After a scan has reaped the last worker, its announcement may still
	 * be in the pipe. Unread, it would wake the loop for ever. */
	if (workers->state->live == 0 && !s->poll[LOOP_POLL_WAKE].revents)
		return;
	/* First those that announced their end in the last pass: they are gone
	 * by now. One that has just announced it is still running. */
	reaped = workers_reap(workers);
	read_announcements(loop);
	if (!workers_room(workers) || s->short_until || s->draining)
		reaped += workers_reap(workers);
	if (reaped && s->short_until)
		s->short_until = 0;
	if (reaped && s->stopping)
		s->stop_at = s->now + LOOP_STOP_NS; /* more may follow */
}

/* ---- scans ---- */

static void
reap_other_children(struct loop *loop)
{
	if (!loop->has_other_children)
		return;
	/* An ended worker that is not reaped would hide the others. */
	workers_reap(loop->workers);
	workers_reap_others(loop->workers);
}

/*
 * Pending SIGCHLDs merge, so the signal does not name all children that ended.
 * Each live worker is asked by its pid: waitpid(-1) would walk all children for
 * each one that it finds.
 */
void
reap_scan_children(struct loop *loop)
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
			s->stop_at = now_ns() + LOOP_STOP_NS;
	}
	reap_other_children(loop);
	if (s->stopping)
		return; /* all workers are about to end: no pause */
	/* Only a crash is a reason to scan again soon. A worker that ended
	 * well, just before its announcement was read, is none. */
	cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	crashed = ledger_count(ledger).crashed - crashed;
	s->scan_after = now_ns() + scan_pause(cpu, crashed > 0);
}

bool
reap_needs_timed_scan(const struct loop *loop)
{
	return loop->workers->state->live && !loop->workers->model->children;
}

/* The kernel sends no signal when a thread ends, and the write of its
 * announcement may fail. */
void
reap_timed_scan(struct loop *loop)
{
	struct loop_state *s = loop->state;
	uint64_t cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);

	if (workers_scan(loop->workers))
		s->short_until = 0;
	cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	s->timed_scan_after = s->now + TIMED_SCAN_NS + cpu * 100;
}
