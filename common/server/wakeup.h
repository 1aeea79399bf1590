/* SPDX-License-Identifier: MIT */
/*
 * wakeup: the descriptors that wake the accept loop, beside its sockets: a pipe
 * for the announcements of workers, and signalfd(2)s.
 *
 * The loop's signals are blocked and read from descriptors; SIGHUP and SIGQUIT
 * only if they were not ignored at the start. WORKER_WAKE_SIGNAL has a handler
 * that does nothing. SIGUSR2 is ignored.
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
 * Opens the descriptors, blocks their signals, and makes WORKER_WAKE_SIGNAL
 * (worker.h) interrupt blocked calls. `announce` gets the lowest number; all
 * descriptors opened later lie above it. So a forked child can close the loop's
 * descriptors by their range. Call it before any thread is made. Returns 0, or
 * -1 with errno.
 */
int
wakeup_open(struct wakeup *wakeup);

/* The highest of the descriptors. */
int
wakeup_last(const struct wakeup *wakeup);

#endif
