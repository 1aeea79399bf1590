/* SPDX-License-Identifier: MIT */
/*
 * wake_timer: interrupts blocked calls now and then, as a server does for its
 * workers, so that they notice a timeout.
 */
#ifndef TESTS_UNIT_WAKE_TIMER_H
#define TESTS_UNIT_WAKE_TIMER_H

#include <signal.h>
#include <stdint.h>
#include <sys/time.h>

#include "common/base/clock.h"

static inline void
on_wake(int signal)
{
	(void)signal;
}

/* NS 0 stops the timer. */
static inline void
wake_every(uint64_t ns)
{
	struct sigaction act = {.sa_handler = on_wake};
	struct timespec t = clock_timespec(ns);
	struct timeval gap = {t.tv_sec, t.tv_nsec / 1000};
	struct itimerval timer = {gap, gap};

	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

#endif
