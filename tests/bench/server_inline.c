/* SPDX-License-Identifier: MIT */
/*
 * server_inline: the accept loop serves each connection itself, one after
 * another (the iterative server of UNP 30.2).
 *
 * A third model in the form of server_thread.c and server_fork.c: it shows that
 * struct server_model is enough for one, and is the baseline for the cost of
 * process control. Not for use: one silent client blocks all others.
 */
#include <stdlib.h>

#include "common/server/model.h"

/* ---- what workers share ---- */

static void *
model_share(size_t size)
{
	return calloc(1, size);
}

/* ---- how a worker ends ---- */

/* It ends before the next accept(2); the slot keeps its outcome until
 * model_reap(). */
static void
worker_main(struct worker *worker)
{
	worker_start_wake_timer(worker);
	worker->result = worker_serve(worker);
	worker_announce(worker);
	worker_close(worker);
}

/* ---- start a worker ---- */

static int
model_spawn(struct worker *worker)
{
	worker_main(worker);
	return 0;
}

/* ---- collect workers ---- */

static bool
model_reap(struct worker *worker, enum outcome *outcome)
{
	*outcome = worker->result;
	return true;
}

/* ---- wake workers ---- */

/* While a connection is served, the loop does not run. */
static void
model_wake(const struct worker *worker, int signal)
{
	(void)worker;
	(void)signal;
}

/* ---- stop workers ---- */

/* Likewise. */
static void
model_stop(struct worker *worker)
{
	(void)worker;
}

/* ---- main ---- */

static const struct server_model MODEL = {
    .name = "inline",
    .worker = "turn",
    .cost = {.descriptors = 1, .tasks = 0, .mappings = 0, .memory_kib = 0},
    .share = model_share,
    .mutex = {PTHREAD_PROCESS_PRIVATE, PTHREAD_MUTEX_STALLED},
    .spawn = model_spawn,
    .reap = model_reap,
    .wake = model_wake,
    .stop = model_stop,
    .own_timer = true,
};

int
main(int argc, char **argv)
{
	return server_main(argc, argv, &MODEL);
}
