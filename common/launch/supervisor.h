/* SPDX-License-Identifier: MIT */
/*
 * supervisor: a process between the client and a server under test, which harms
 * nobody else when it ends that.
 *
 *	client ── keeper ── server (a group of its own) ── what it starts
 *
 * The keeper is a subreaper (PR_SET_CHILD_SUBREAPER): whatever is started below
 * it stays below it, also what leaves its group or session, clears its
 * environment, or outlives its parent. The client is none, and never signals
 * anything below a keeper itself. The keeper has no other children than these,
 * and signals only them: a child that it has not waited for keeps its number,
 * so that a signal cannot reach a stranger. What is deeper becomes its child as
 * soon as all above it has ended.
 *
 * It also reads what the server says, and keeps the last words; and it ends
 * everything when the client is gone, however that ended: then its end of the
 * control socket is closed.
 *
 * All calls are one thread's.
 */
#ifndef COMMON_LAUNCH_SUPERVISOR_H
#define COMMON_LAUNCH_SUPERVISOR_H

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "common/base/clock.h"

/* How long an end is waited for: after SIGTERM, and again after SIGKILL. */
#define SUPERVISOR_STOP_NS (5 * NS_PER_S)

struct supervisor {
	pid_t pid;
	int control; /* the client's end of the socket to it */
};

struct supervisor_news {
	pid_t server; /* its first process; -1: `status` is an errno */
	int status;   /* as of waitpid(2), of a server that ended by itself */
	bool left;    /* then: others of it ran on */
	bool lost;    /* the keeper itself was killed: nothing is known */
	/* From here only if it is done: */
	bool done;	    /* nothing is left below it, but for... */
	bool survivor;	    /* ...one that could not be ended */
	bool stubborn;	    /* SIGTERM did not end all of its group */
	struct rusage used; /* by all that was waited for */
	/* The last line that was said before the end; any byte but NUL. */
	char words[400];
};

/* Runs in the server's first process, which has its process group and its
 * signal mask; LOG is for standard output and error. */
typedef void
supervisor_become(void *context, int log);

/*
 * Starts a keeper, and below it BECOME, which must not return. Returns the
 * number of that process, or -1 with errno and nothing running.
 */
pid_t
supervisor_start(
    struct supervisor *supervisor, supervisor_become *become, void *context);

/* Whether there are NEWS within TIMEOUT_MS: the server has ended by itself, and
 * supervisor_end() is due. */
bool
supervisor_tells(struct supervisor *supervisor, int timeout_ms,
    struct supervisor_news *news);

/*
 * Ends whatever is below the keeper: its first group by SIGTERM, and what is
 * left by SIGKILL; if the first process has ended already, all by SIGKILL. Then
 * the keeper, which is given back.
 */
void
supervisor_end(struct supervisor *supervisor, struct supervisor_news *news);

/* The same of all keepers, by SIGKILL, and gives none back: for a client that
 * exits then. Safe in a signal handler. */
void
supervisor_kill_all(void);

#endif
