/* SPDX-License-Identifier: MIT */
/* supervisor_process: what a keeper does, in a process of its own; for
 * supervisor.c. */
#ifndef COMMON_LAUNCH_SUPERVISOR_PROCESS_H
#define COMMON_LAUNCH_SUPERVISOR_PROCESS_H

#include <signal.h>

#include "common/launch/supervisor.h"

/* Orders, a byte each. The end of the socket is SUPERVISOR_STOP. */
enum { SUPERVISOR_STOP = 's', SUPERVISOR_KILL = 'k' };

/*
 * In a new child with all signals blocked. CONTROL is its end of the socket, on
 * which it sends one struct supervisor_news when the server runs, or cannot;
 * then one when that ends by itself; then one that is done. MASK is what the
 * server gets.
 */
_Noreturn void
supervisor_process(int control, const sigset_t *mask, supervisor_become *become,
    void *context);

#endif
