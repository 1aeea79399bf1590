/* SPDX-License-Identifier: MIT */
/*
 * nudge: what a server does for its workers, so that a timeout is seen within a
 * call that blocks: interrupts them now and then.
 */
#ifndef TESTS_UNIT_NUDGE_H
#define TESTS_UNIT_NUDGE_H

#include <signal.h>
#include <stdint.h>
#include <sys/time.h>

#include "common/base/clock.h"

static inline void
on_nudge(int signal)
{
	(void)signal;
}

/* 0: not any more. */
static inline void
nudge_every(uint64_t ns)
{
	struct sigaction act = {.sa_handler = on_nudge};
	struct timespec t = timespec_of(ns);
	struct timeval gap = {t.tv_sec, t.tv_nsec / 1000};
	struct itimerval timer = {gap, gap};

	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

#endif
