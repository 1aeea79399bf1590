/* SPDX-License-Identifier: MIT */
/*
 * inherited: what the client was given by the program that started it, for the
 * servers that it starts: a server under test runs as the user's shell would
 * have started it.
 *
 * The client changes some of that for itself: it raises its limit of
 * descriptors and sets its timer slack to 1 ns; signals are the business of
 * process_restore_signals(). What it never changes (environment, niceness,
 * umask, folder, terminal, scheduling policy, signal mask, score for the
 * out-of-memory killer, descriptors) is inherited without a word here.
 */
#ifndef COMMON_LAUNCH_INHERITED_H
#define COMMON_LAUNCH_INHERITED_H

/* At the client's start, before it changes anything. */
void
inherited_remember(void);

/* In a child that is about to execute a server: limits and timer slack as they
 * were then. Does nothing if nobody has remembered them. Async-signal-safe. */
void
inherited_restore(void);

/* Runs the calling process where it might run then. */
void
inherited_restore_cpus(void);

#endif
