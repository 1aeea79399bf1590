/* SPDX-License-Identifier: MIT */
/*
 * loop: the accept loop. Only here clients are accepted and refused, wait at a
 * limit, and are stopped.
 *
 * It never blocks on a client and never ends because of one. One pass: wait,
 * read signals, reap workers, serve the lingering closes, accept a batch.
 * While clients keep coming, the end of a worker does not wake the loop; it is
 * reaped in the next pass.
 *
 * The caller fills in struct loop, except state, lingering and wakeup.
 */
#ifndef COMMON_SERVER_LOOP_H
#define COMMON_SERVER_LOOP_H

#include <stdbool.h>

#include "common/server/loop_state.h"

/*
 * Opens what the loop waits on (wakeup.h), and sets SETTINGS' announce_fd and
 * first_private. Call it before any thread is made and before the listeners
 * are opened. Returns 0, or -1 with errno.
 */
int
loop_open(struct loop *loop, struct worker_settings *settings);

/* Runs until a signal stops it. Returns whether every worker ended by itself.
 */
bool
loop_run(struct loop *loop);

#endif
