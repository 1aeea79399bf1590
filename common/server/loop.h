/* SPDX-License-Identifier: MIT */
/*
 * loop: the accept loop, the only place that accepts, refuses, waits at a
 * limit and stops.
 *
 * It never blocks on a client and never ends because of one. One pass: wait,
 * look at signals, collect workers, step the refused, accept a batch. While
 * clients keep coming, ends of workers do not wake it (they are collected on
 * the way); when it has been quiet for a moment, they do.
 *
 * One thread runs it; under fork, the parent.
 */
#ifndef COMMON_SERVER_LOOP_H
#define COMMON_SERVER_LOOP_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/net/listen.h"
#include "common/server/lingering.h"
#include "common/server/wakeup.h"
#include "common/server/workers.h"

struct loop {
	struct workers *workers;
	struct listeners *listeners;
	int backlog;
	struct refusal full, crowded; /* what a refused client reads */
	bool refuse;		      /* at a limit: refuse; else wait */
	uint64_t drain_timeout_ns;
	uint64_t wake_every_ns;	  /* each live worker */
	bool has_other_children;  /* children may end that are no workers */
	struct loop_state *state; /* loop.c's own, in shared memory */
	struct lingering lingering;
	struct wakeup wakeup;
};

/*
 * Opens what the loop waits on (wakeup.h) and sets SETTINGS' wake and
 * first_private. Call it before any thread is made and before the listeners
 * are opened. Returns 0, or -1 with errno.
 */
int
loop_open(struct loop *loop, struct worker_settings *settings);

/* Runs until told to stop. Returns whether every worker ended by itself. */
bool
loop_run(struct loop *loop);

#endif
