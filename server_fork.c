/* SPDX-License-Identifier: MIT */
/*
 * server_fork: a forked child for each connection.
 *
 * Read it beside server_thread.c: same names, same order, and what differs is
 * the lesson (`make lesson`). All that both need stands once in common/; the
 * accept loop that calls these functions is common/server/loop.c, what it asks
 * of them is in common/server/model.h.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/descriptor.h"
#include "common/server/model.h"

/* ---- what workers share ---- */

/* A fork copies: only a mapping that says "shared" is one memory for all. */
static void *
model_share(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

/* ---- how a worker ends ---- */

/* It exits; who waits for the child gets the outcome as its status. _exit(),
 * because exit() would flush the parent's buffers a second time. */
static _Noreturn void
worker_main(struct worker *worker)
{
	enum outcome outcome;
	const struct worker_settings *settings = worker->settings;

	/* Let go of the listeners and all else that is the accept loop's: a
	 * port that a child holds open cannot be bound again. Signals stay
	 * blocked: a terminal's Ctrl-C and a service manager's SIGTERM reach
	 * every process of the group, and it is the parent who drains. */
	descriptor_close_range(
	    settings->first_private, settings->last_private, worker->fd);

	worker_start_wake_timer(worker); /* by a timer, for idle clients */
	worker_raise_oom_score(worker);	 /* before the parent, if memory ends */
	outcome = worker_serve(worker);
	worker_announce(worker);
	worker_close(worker);
	_exit((int)outcome);
}

/* ---- start a worker ---- */

/* Both processes have the connection open: the parent closes its copy, or no
 * client would ever see the end. */
static int
model_spawn(struct worker *worker)
{
	/* On the stack, which the child has copied: it has no slots
	 * (loop_memory.h).
	 */
	struct worker copy = *worker;
	/* fork() without the atfork handlers, of which there are none: their
	 * bookkeeping would make the child copy two more pages. */
	pid_t pid = _Fork();

	if (pid < 0)
		return -1;
	if (pid == 0)
		worker_main(&copy);
	worker->pid = pid;
	close(worker->fd);
	return 0;
}

/* ---- collect workers ---- */

/* Until it is waited for, a child that has ended is a zombie. By its pid: a
 * waitpid(-1) walks all children, 10,000 idle ones included. Waiting for it
 * also adds its CPU time to ours, which an ignored SIGCHLD would lose. */
static bool
model_reap(struct worker *worker, enum outcome *outcome)
{
	int status, signal;

	if (waitpid(worker->pid, &status, WNOHANG) != worker->pid)
		return false;
	*outcome = OUTCOME_FAILED;
	if (WIFEXITED(status)) {
		if (WEXITSTATUS(status) < OUTCOME_CRASHED)
			*outcome = (enum outcome)WEXITSTATUS(status);
		return true;
	}
	signal = WTERMSIG(status);
	if (signal == SIGKILL && worker->stopped)
		return true;
	log_warn("connection %llu: worker %d died of signal %d (%s)",
	    (unsigned long long)worker->number, (int)worker->pid, signal,
	    strsignal(signal));
	*outcome = OUTCOME_CRASHED;
	return true;
}

/* ---- wake workers ---- */

/* A signal for this process: the call that it is blocked in returns. For idle
 * clients it has a timer of its own (worker_main() sets it); threads share
 * one. */
static void
model_wake(const struct worker *worker, int signal)
{
	kill(worker->pid, signal);
}

/* ---- stop workers ---- */

/* SIGKILL: a child that is stopped or spins ends, too. Its pid cannot be a
 * stranger's: it is not waited for yet. */
static void
model_stop(struct worker *worker)
{
	worker->stopped = true;
	kill(worker->pid, SIGKILL);
}

/* ---- main ---- */

static const struct server_model MODEL = {
    .name = "fork",
    .worker = "forked child",
    /* The parent holds no descriptor of a connection that has its child. */
    .cost = {.descriptors = 0,
	.tasks = 1,
	.pages = 14,
	.memory_kib = 54,
	.tls_kib = 250,
	.page_tables = true},
    .share = model_share,
    .mutex = {PTHREAD_PROCESS_SHARED, PTHREAD_MUTEX_ROBUST},
    .spawn = model_spawn,
    .reap = model_reap,
    .wake = model_wake,
    .stop = model_stop,
    .own_timer = true,
    .children = true,
};

int
main(int argc, char **argv)
{
	return server_main(argc, argv, &MODEL);
}
