/* SPDX-License-Identifier: MIT */
/*
 * wakeup: what the accept loop waits on beside its sockets: the workers'
 * announcements and signals, all as descriptors.
 *
 * The signals that the loop takes are blocked and read from descriptors; SIGHUP
 * and SIGQUIT only where they were not ignored at the start. The one that is
 * not, WORKER_WAKE_SIGNAL, has a handler that does nothing. SIGUSR2 is ignored.
 */
#ifndef COMMON_SERVER_WAKEUP_H
#define COMMON_SERVER_WAKEUP_H

struct wakeup {
	int announce; /* the workers' end of the pipe, blocking */
	int ends;     /* the loop's end of it */
	int control;  /* signalfd: SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1 */
	int children; /* signalfd: SIGCHLD */
};

/*
 * Opens them, blocks the signals taken by descriptor, and makes
 * WORKER_WAKE_SIGNAL (worker.h) interrupt blocked calls. `announce` gets the
 * lowest number of all, and what is opened later is above it, too: so a forked
 * child can close all that is the loop's by number. Call it before any thread
 * is made. Returns 0, or -1 with errno.
 */
int
wakeup_open(struct wakeup *wakeup);

/* The highest of the numbers. */
int
wakeup_last(const struct wakeup *wakeup);

#endif
