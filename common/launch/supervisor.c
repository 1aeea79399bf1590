/* SPDX-License-Identifier: MIT */
/* supervisor: the client's side; supervisor_process.c is the process. */
#include "common/launch/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A supervisor waits up to SUPERVISOR_STOP_NS twice; it may be late by 2 s. */
#define DONE_NS (2 * SUPERVISOR_STOP_NS + 2 * NS_PER_S)

enum { SUPERVISORS = 64 };

/* Read by a signal handler: each element is written atomically. */
static volatile pid_t pids[SUPERVISORS]; /* 0: a free slot */
static volatile int controls[SUPERVISORS];

static void
register_supervisor(const struct supervisor *supervisor)
{
	for (size_t i = 0; i < SUPERVISORS; i++) {
		if (pids[i])
			continue;
		controls[i] = supervisor->control;
		pids[i] = supervisor->pid;
		return;
	}
}

static void
unregister(const struct supervisor *supervisor)
{
	for (size_t i = 0; i < SUPERVISORS; i++) {
		if (pids[i] == supervisor->pid)
			pids[i] = 0;
	}
}

bool
supervisor_receive(struct supervisor *supervisor, int timeout_ms,
    struct supervisor_report *report)
{
	struct pollfd wait = {supervisor->control, POLLIN, 0};
	ssize_t n;

	if (poll(&wait, 1, timeout_ms) <= 0)
		return false;
	n = recv(supervisor->control, report, sizeof(*report), MSG_DONTWAIT);
	if (n == (ssize_t)sizeof(*report))
		return true;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	*report = (struct supervisor_report){.lost = true, .done = true};
	return true;
}

static void
await_done(struct supervisor *supervisor, struct supervisor_report *report)
{
	uint64_t deadline = now_ns() + DONE_NS;

	do {
		supervisor_receive(supervisor, 100, report);
	} while (!report->done && now_ns() < deadline);
	if (!report->done) /* not waited for yet, so the pid is still its own */
		kill(supervisor->pid, SIGKILL);
	while (waitpid(supervisor->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	unregister(supervisor);
	close(supervisor->control);
}

/* With all signals blocked: a handler must not run in the supervisor, nor in
 * the client before the supervisor is registered. */
static int
fork_supervisor(struct supervisor *supervisor, int stop_signal,
    supervisor_child *child, void *context)
{
	sigset_t all, before;
	int ends[2], error;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	*supervisor = (struct supervisor){fork(), ends[0]};
	error = errno;
	if (supervisor->pid == 0)
		supervisor_process(
		    ends[1], stop_signal, &before, child, context);
	if (supervisor->pid > 0)
		register_supervisor(supervisor);
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(ends[1]);
	if (supervisor->pid > 0)
		return 0;
	close(ends[0]);
	errno = error;
	return -1;
}

pid_t
supervisor_start(struct supervisor *supervisor, int stop_signal,
    supervisor_child *child, void *context)
{
	struct supervisor_report report = {0};

	if (fork_supervisor(supervisor, stop_signal, child, context) < 0)
		return -1;
	while (!supervisor_receive(supervisor, -1, &report))
		continue;
	if (!report.done)
		return report.server;
	await_done(supervisor, &report);
	errno = report.lost ? ECHILD : report.status;
	return -1;
}

static void
send_order(int control, char what)
{
	send(control, &what, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void
supervisor_spare_orphans(const struct supervisor *supervisor)
{
	send_order(supervisor->control, SUPERVISOR_SPARE);
}

void
supervisor_end(struct supervisor *supervisor, struct supervisor_report *report)
{
	*report = (struct supervisor_report){0};
	send_order(supervisor->control, SUPERVISOR_STOP);
	await_done(supervisor, report);
}

void
supervisor_kill_all(void)
{
	uint64_t deadline = now_ns() + DONE_NS;

	for (size_t i = 0; i < SUPERVISORS; i++) {
		if (pids[i])
			send_order(controls[i], SUPERVISOR_KILL);
	}
	for (size_t i = 0; i < SUPERVISORS; i++) {
		while (pids[i] && waitpid(pids[i], NULL, WNOHANG) == 0 &&
		       now_ns() < deadline)
			poll(NULL, 0, 1);
	}
}
