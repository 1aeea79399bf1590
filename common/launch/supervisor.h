/* SPDX-License-Identifier: MIT */
/*
 * supervisor: a process between the client and a server under test, which harms
 * nobody else when it ends that.
 *
 *	client ── supervisor ── server (a group of its own) ── what it starts
 *
 * The supervisor is a subreaper (PR_SET_CHILD_SUBREAPER): whatever is started
 *below it stays below it, also what leaves its group or session, clears its
 * environment, or outlives its parent. The client is none, and never signals
 * anything below a supervisor itself. The supervisor has no other children than
 *these, and signals only them: a child that it has not waited for keeps its
 *number, so that a signal cannot reach a stranger. What is deeper becomes its
 *child as soon as all above it has ended.
 *
 * It also reads what the server says, and keeps the last words; and it ends
 * everything when the client is gone, however that ended: then its end of the
 * control socket is closed.
 *
 * All calls are one thread's.
 */
#ifndef COMMON_LAUNCH_SUPERVISOR_H
#define COMMON_LAUNCH_SUPERVISOR_H

#include "common/launch/supervisor_process.h"

struct supervisor {
	pid_t pid;
	int control; /* the client's end of the socket to it */
};

/*
 * Starts a supervisor, and below it BECOME, which must not return. Returns the
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
 * Ends whatever is below the supervisor: its first group by SIGTERM, and what
 * is left by SIGKILL; if the first process has ended already, all by SIGKILL.
 * Then the supervisor, which is given back.
 */
void
supervisor_end(struct supervisor *supervisor, struct supervisor_news *news);

/* The same of all supervisors, by SIGKILL, and gives none back: for a client
 * that exits then. Safe in a signal handler. */
void
supervisor_kill_all(void);

#endif
