/* SPDX-License-Identifier: MIT */
/*
 * inherited: the process attributes that the client changes for itself, as they
 * were at its start. A server under test gets them back, so that it runs as if
 * the user's shell had started it.
 *
 * These are the resource limits, the timer slack and the CPU affinity. Signals
 * are in process_restore_signals(). The client changes no other attribute
 * (environment, niceness, umask, folder, terminal, scheduling policy).
 */
#ifndef COMMON_LAUNCH_INHERITED_H
#define COMMON_LAUNCH_INHERITED_H

/* Saves the attributes. The client calls it first in main(). */
void
inherited_remember(void);

/* Restores limits and timer slack, in a child before it executes a server.
 * Does nothing without inherited_remember(). Async-signal-safe. */
void
inherited_restore(void);

/* Restores the CPU affinity of the calling process. */
void
inherited_restore_cpus(void);

#endif
