/* SPDX-License-Identifier: MIT */
/*
 * stopping: from the first signal to the end of the accept loop.
 *
 * First the drain: new clients are turned away, clients in the backlog are
 * still served, workers may finish. At its end, or at a second signal, the
 * stop: clients that still wait are refused, live workers are stopped.
 */
#ifndef COMMON_SERVER_STOPPING_H
#define COMMON_SERVER_STOPPING_H

#include <stdbool.h>
#include <stdint.h>

#include "common/server/loop_state.h"

/* NUMBER is a signal that stops the server: begins the drain, or ends it. */
void
stopping_signal(struct loop *loop, uint32_t number);

/* Does what is due in a drain. */
void
stopping_step(struct loop *loop);

/* When stopping_step() is due at the latest. */
uint64_t
stopping_deadline(const struct loop *loop);

/* Whether the loop may end: no client and no worker is left, or stopped workers
 * do not end. */
bool
stopping_is_over(const struct loop *loop);

#endif
