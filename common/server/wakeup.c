/* SPDX-License-Identifier: MIT */
/* wakeup: a pipe, and two descriptors for signals. */
#include "common/server/wakeup.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/server/worker.h"

/* With a handler, the signal interrupts a blocked call. Nothing else to do. */
static void
on_wake(int signal)
{
	(void)signal;
}

/* A blocked signal is read even if it is ignored. Programs that start a server
 * with it ignored (nohup(1), a shell's background) want it to go on. */
static void
add_unless_ignored(sigset_t *set, int number)
{
	struct sigaction act;

	if (sigaction(number, NULL, &act) == 0 && act.sa_handler != SIG_IGN)
		sigaddset(set, number);
}

static int
open_signals(struct wakeup *wakeup)
{
	struct sigaction act = {.sa_handler = on_wake}; /* no SA_RESTART */
	sigset_t control, children, wake;

	sigemptyset(&control);
	sigaddset(&control, SIGTERM);
	sigaddset(&control, SIGINT);
	sigaddset(&control, SIGUSR1);
	add_unless_ignored(&control, SIGHUP);
	add_unless_ignored(&control, SIGQUIT);
	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	sigemptyset(&wake);
	sigaddset(&wake, WORKER_WAKE_SIGNAL);
	/* An ignored SIGCHLD would lose the status and CPU time of children. */
	signal(SIGCHLD, SIG_DFL);
	/* By default it would end the server without a ledger. */
	signal(SIGUSR2, SIG_IGN);
	if (sigaction(WORKER_WAKE_SIGNAL, &act, NULL) < 0 ||
	    sigprocmask(SIG_UNBLOCK, &wake, NULL) < 0 ||
	    sigprocmask(SIG_BLOCK, &control, NULL) < 0 ||
	    sigprocmask(SIG_BLOCK, &children, NULL) < 0)
		return -1;
	wakeup->control = signalfd(-1, &control, SFD_NONBLOCK | SFD_CLOEXEC);
	wakeup->children = signalfd(-1, &children, SFD_NONBLOCK | SFD_CLOEXEC);
	return wakeup->control < 0 || wakeup->children < 0 ? -1 : 0;
}

/* The pipe gets the two lowest free numbers, in either order. The lower one
 * becomes the workers' end; the other end moves above it. */
static int
open_pipe(struct wakeup *wakeup)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	wakeup->announce = ends[0] < ends[1] ? ends[0] : ends[1];
	wakeup->ends = fcntl(ends[0], F_DUPFD_CLOEXEC, wakeup->announce + 1);
	if (wakeup->ends < 0 || fcntl(wakeup->ends, F_SETFL, O_NONBLOCK) < 0)
		return -1;
	if (wakeup->announce == ends[1])
		return close(ends[0]);
	if (dup3(ends[1], wakeup->announce, O_CLOEXEC) < 0)
		return -1;
	return close(ends[1]);
}

int
wakeup_open(struct wakeup *wakeup)
{
	return open_pipe(wakeup) < 0 || open_signals(wakeup) < 0 ? -1 : 0;
}

int
wakeup_last(const struct wakeup *wakeup)
{
	int last = wakeup->ends;

	last = wakeup->control > last ? wakeup->control : last;
	return wakeup->children > last ? wakeup->children : last;
}
