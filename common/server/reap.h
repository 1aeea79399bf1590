/* SPDX-License-Identifier: MIT */
/*
 * reap: finds the workers that have ended, and accounts for them.
 *
 * A worker announces its end through a pipe; reap_announced() reads that and
 * reaps it. A worker that was killed announces nothing: the scans ask every
 * live worker, one system call each, and are therefore rare.
 */
#ifndef COMMON_SERVER_REAP_H
#define COMMON_SERVER_REAP_H

#include "common/server/loop_state.h"

/* Reads the announcements and reaps these workers. Ends a shortage if any
 * worker is gone. */
void
reap_announced(struct loop *loop);

/* After SIGCHLD: reaps the children that ended without an announcement, and
 * children that are no workers. */
void
reap_scan_children(struct loop *loop);

/* Whether workers are alive whose end the kernel does not report (threads). */
bool
reap_needs_timed_scan(const struct loop *loop);

/* For these: reaps the workers that ended without an announcement. */
void
reap_timed_scan(struct loop *loop);

#endif
