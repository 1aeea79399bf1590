/* SPDX-License-Identifier: MIT */
/*
 * server_thread: a new thread for each connection.
 *
 * Read it beside server_fork.c: same names, same order; what differs is the
 * lesson (`make lesson`). All that both need stands once in common/.
 * common/server/loop.c is the accept loop, which calls these functions;
 * common/server/model.h says what it expects of them.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/server/model.h"

/* ---- what workers share ---- */

/* One address space: all threads can reach the same memory. */
static void *
model_share(size_t size)
{
	return calloc(1, size);
}

/* ---- how a worker ends ---- */

/* The thread returns; pthread_tryjoin_np() gets the outcome. Nothing else is
 * freed automatically: a descriptor left open here stays open. */
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

/* The thread owns the connection. All threads share its descriptor, so the
 * accept loop must not close it. */
static int
model_spawn(struct worker *worker)
{
	size_t size = worker->settings->stack_size;
	pthread_attr_t attr;

	errno = pthread_attr_init(&attr);
	if (errno)
		return -1;
	/* A stack that is reused as it is: glibc would return its pages at the
	 * end of each thread, and fault them in again. */
	errno = pthread_attr_setstack(&attr, worker->stack, size);
	if (!errno)
		errno =
		    pthread_create(&worker->thread, &attr, worker_main, worker);
	pthread_attr_destroy(&attr);
	return errno ? -1 : 0;
}

/* ---- collect workers ---- */

/* Until it is joined, a thread that has ended keeps its stack. */
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

/* A signal for this thread only: the call that it is blocked in returns, and
 * the thread checks whether its client has been silent for too long. */
static void
model_wake(const struct worker *worker, int signal)
{
	pthread_kill(worker->thread, signal);
}

/* ---- stop workers ---- */

/* A thread cannot be killed alone, but its socket can be shut: the call that it
 * is blocked in returns end of file. Its number must not be reused before the
 * thread is gone, so model_reap() closes it. */
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
    /* A stack is two mappings: the memory, and the guard page below it. */
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
