/* SPDX-License-Identifier: MIT */
/*
 * supervisor: a process between the client and a server under test. It ends the
 * server with all its descendants, and signals no other process.
 *
 *	client ── supervisor ── server (its own process group) ── descendants
 *
 * The supervisor is a subreaper (PR_SET_CHILD_SUBREAPER, prctl(2)), so all
 * processes that start below it stay below it, even if they leave their group
 * or session, clear their environment, or lose their parent: then they become
 * the supervisor's children. It has no other children and signals only those.
 * A child that has not been waited for keeps its pid, so a signal cannot reach
 * another process. The client itself signals nothing below a supervisor.
 *
 * The supervisor also reads the server's output and keeps its last line. It
 * ends everything when the client's end of the control socket is closed, which
 * is so however the client ended.
 *
 * Not thread-safe; supervisor_kill_all() is async-signal-safe.
 */
#ifndef COMMON_LAUNCH_SUPERVISOR_H
#define COMMON_LAUNCH_SUPERVISOR_H

#include "common/launch/supervisor_process.h"

struct supervisor {
	pid_t pid;
	int control; /* the client's end of the control socket */
};

/*
 * Starts a supervisor and, below it, a process that calls CHILD with CONTEXT.
 * STOP_SIGNAL asks that process and its group to end.
 * Returns the pid of that process; or -1 with errno, and no process is left.
 */
pid_t
supervisor_start(struct supervisor *supervisor, int stop_signal,
    supervisor_child *child, void *context);

/* Waits up to TIMEOUT_MS (-1: for ever) for a REPORT that the server has ended.
 * If there is one it returns true, and the caller calls supervisor_end(). */
bool
supervisor_receive(struct supervisor *supervisor, int timeout_ms,
    struct supervisor_report *report);

/* From now on, when the server ends by itself, its other processes run on until
 * supervisor_end(), instead of being killed at once. */
void
supervisor_spare_orphans(const struct supervisor *supervisor);

/*
 * Ends all processes below SUPERVISOR: sends the stop signal to the server's
 * process group, and SIGKILL to what is left after SUPERVISOR_STOP_NS. If the
 * server has ended already, all get SIGKILL. Then ends and releases SUPERVISOR.
 */
void
supervisor_end(struct supervisor *supervisor, struct supervisor_report *report);

/* Ends all processes below all supervisors with SIGKILL and waits for the
 * supervisors. Releases none: for a client that exits next. Async-signal-safe.
 */
void
supervisor_kill_all(void);

#endif
