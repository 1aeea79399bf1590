/* SPDX-License-Identifier: MIT */
/*
 * server_thread: a new thread for each connection.
 *
 * Read it beside server_fork.c: same names, same order, and what differs is
 * the lesson (`make lesson`). All that both need stands once in common/; the
 * accept loop that calls these functions is common/server/loop.c, what it asks
 * of them is in common/server/model.h.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/server/model.h"

/* ---- what workers share ---- */

/* One address space: whatever one thread can reach, all can. */
static void *
model_share(size_t size)
{
	return calloc(1, size);
}

/* ---- how a worker ends ---- */

/* It returns; who joins the thread gets the outcome. Nothing else is given
 * back by itself: a descriptor left open here stays open. */
static void *
worker_main(void *arg)
{
	struct worker *worker = arg;
	enum outcome outcome = worker_serve(worker);

	worker_announce(worker);
	worker_close(worker);
	return (void *)(intptr_t)outcome;
}

/* ---- start a worker ---- */

/* The thread owns the connection: the descriptor is the same for all threads,
 * so the accept loop must not close it. */
static int
model_spawn(struct worker *worker)
{
	size_t size = worker->settings->stack_size;
	pthread_attr_t attr;

	errno = pthread_attr_init(&attr);
	if (errno)
		return -1;
	/* A stack of ours, used again as it is: glibc would give its pages
	 * back at every thread's end, and fault them in again. */
	errno = pthread_attr_setstack(&attr, worker->stack, size);
	if (!errno)
		errno =
		    pthread_create(&worker->thread, &attr, worker_main, worker);
	pthread_attr_destroy(&attr);
	return errno ? -1 : 0;
}

/* ---- collect workers ---- */

/* Until it is joined, a thread that has ended still holds its stack. */
static bool
model_reap(struct worker *worker, enum outcome *outcome)
{
	void *returned;

	if (pthread_tryjoin_np(worker->thread, &returned) != 0)
		return false;
	*outcome = (enum outcome)(intptr_t)returned;
	if (worker->stopped) {
		close(worker->cut_fd);
		*outcome = OUTCOME_FAILED;
	}
	return true;
}

/* ---- wake workers ---- */

/* A signal for this thread alone: the call that it is blocked in returns, and
 * it looks whether its client has been silent for too long. */
static void
model_wake(const struct worker *worker, int signal)
{
	pthread_kill(worker->thread, signal);
}

/* ---- stop workers ---- */

/* A thread cannot be killed alone. Its socket can be shut: the call that it is
 * blocked in returns end of file. Until the thread is gone the number must not
 * be used again, so we close it when we reap. */
static void
model_stop(struct worker *worker)
{
	worker->cut_fd = worker_take(worker);
	worker->stopped = worker->cut_fd >= 0;
	if (worker->stopped)
		shutdown(worker->cut_fd, SHUT_RDWR);
}

/* ---- main ---- */

static const struct server_model MODEL = {
    .name = "thread",
    .worker = "thread",
    /* A stack is two mappings: the memory and the guard below it. */
    .cost = {.descriptors = 1,
	.tasks = 1,
	.mappings = 2,
	.pages = 4,
	.memory_kib = 24,
	.tls_kib = 40},
    .stack = WORKER_STACK,
    .share = model_share,
    .mutex = {PTHREAD_PROCESS_PRIVATE, PTHREAD_MUTEX_STALLED},
    .spawn = model_spawn,
    .reap = model_reap,
    .wake = model_wake,
    .stop = model_stop,
};

int
main(int argc, char **argv)
{
	return server_main(argc, argv, &MODEL);
}
