/* SPDX-License-Identifier: MIT */
/*
 * admission: accepts clients. Each one gets a worker, waits, or is refused.
 *
 * At a limit (--max-connections, or no descriptors, processes or memory), a
 * client waits in the backlog or is refused, as --when-full says. At most one
 * client is accepted and held: the one whose worker could not be made. Over
 * its --max-per-source a client is refused at once.
 */
#ifndef COMMON_SERVER_ADMISSION_H
#define COMMON_SERVER_ADMISSION_H

#include <stdbool.h>

#include "common/server/loop_state.h"

/* Whether a client would be accepted now. */
bool
admission_open(const struct loop *loop);

/* Accepts a batch of clients from each listener that has some. In a drain also
 * finds out whether the backlog is empty. */
void
admission_accept(struct loop *loop);

/* Refuses the held client and all clients in the backlog. */
void
admission_refuse_all(struct loop *loop);

/* Serves the lingering closes of refused clients. */
void
admission_linger(struct loop *loop);

#endif
