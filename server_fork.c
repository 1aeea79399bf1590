/* SPDX-License-Identifier: MIT */
/*
 * server_fork: a forked child for each connection.
 *
 * Read it beside server_thread.c: same names, same order; what differs is the
 * lesson (`make lesson`). All that both need stands once in common/.
 * common/server/loop.c is the accept loop, which calls these functions;
 * common/server/model.h says what it expects of them.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/descriptor.h"
#include "common/base/log.h"
#include "common/server/model.h"

/* ---- what workers share ---- */

/* A fork copies memory; only a shared mapping is one memory for all. */
static void *
model_share(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

/* ---- how a worker ends ---- */

/* The child exits; waitpid() gets the outcome as its status. With _exit(),
 * because exit() would flush the parent's buffers a second time. */
static _Noreturn void
worker_main(struct worker *worker)
{
	enum outcome outcome;
	const struct worker_settings *settings = worker->settings;

	/* Close the listeners and all else that is the accept loop's: a port
	 * that a child holds open cannot be bound again. Signals stay blocked:
	 * Ctrl-C and a service manager's SIGTERM reach every process of the
	 * group, and the parent drains. */
	descriptor_close_range(
	    settings->first_private, settings->last_private, worker->fd);

	worker_start_wake_timer(worker); /* checks timeouts */
	worker_raise_oom_score(worker);	 /* die before the parent */
	outcome = worker_serve(worker);
	worker_announce(worker);
	worker_close(worker);
	_exit((int)outcome);
}

/* ---- start a worker ---- */

/* Both processes have the connection open. The parent closes its copy, or the
 * client would never see the end. */
static int
model_spawn(struct worker *worker)
{
	/* On the stack, which the child has copied. It has no slots
	 * (loop_memory.h). */
	struct worker copy = *worker;
	/* fork() without atfork handlers. There are none, but their bookkeeping
	 * would make the child copy two more pages. */
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

/* Until it is waited for, a child that has ended is a zombie. By its pid:
 * waitpid(-1) walks all children, also 10,000 idle ones. Waiting also adds the
 * child's CPU time to ours, which an ignored SIGCHLD would lose. */
static bool
model_reap(struct worker *worker, enum outcome *outcome)
{
	int status;

	if (waitpid(worker->pid, &status, WNOHANG) != worker->pid)
		return false;
	*outcome = OUTCOME_FAILED;
	if (WIFEXITED(status)) {
		if (WEXITSTATUS(status) < OUTCOME_CRASHED)
			*outcome = (enum outcome)WEXITSTATUS(status);
		return true;
	}
	worker->killed_by = WTERMSIG(status);
	if (worker->killed_by == SIGKILL && worker->stopped)
		return true;
	log_warn("connection %llu: worker %d died of signal %d (%s)",
	    (unsigned long long)worker->number, (int)worker->pid,
	    worker->killed_by, strsignal(worker->killed_by));
	*outcome = OUTCOME_CRASHED;
	return true;
}

/* ---- wake workers ---- */

/* A signal for this process: the call that it is blocked in returns. For idle
 * clients the child has its own timer (worker_main() sets it); threads would
 * share one. */
static void
model_wake(const struct worker *worker, int signal)
{
	kill(worker->pid, signal);
}

/* ---- stop workers ---- */

/* SIGKILL also ends a child that is stopped or spins. The pid cannot be another
 * process's: the child has not been waited for yet. */
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
    /* The parent closes a connection once it has its child. */
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
    .memory_ends = true,
    .children = true,
};

int
main(int argc, char **argv)
{
	return server_main(argc, argv, &MODEL);
}
