/* SPDX-License-Identifier: MIT */
/* supervisor: the client's side of it; the process itself is in
 * supervisor_process.c. */
#include "common/launch/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* It waits twice for an end, and has a moment more. */
#define DONE_NS (2 * SUPERVISOR_STOP_NS + 2 * NS_PER_S)

enum { SUPERVISORS = 64 };

/* As the signal handler reads them: words that are written in one go. */
static volatile pid_t pids[SUPERVISORS]; /* 0: a free place */
static volatile int controls[SUPERVISORS];

static void
enlist(const struct supervisor *supervisor)
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
strike(const struct supervisor *supervisor)
{
	for (size_t i = 0; i < SUPERVISORS; i++) {
		if (pids[i] == supervisor->pid)
			pids[i] = 0;
	}
}

bool
supervisor_tells(
    struct supervisor *supervisor, int timeout_ms, struct supervisor_news *news)
{
	struct pollfd wait = {supervisor->control, POLLIN, 0};
	ssize_t n;

	if (poll(&wait, 1, timeout_ms) <= 0)
		return false;
	n = recv(supervisor->control, news, sizeof(*news), MSG_DONTWAIT);
	if (n == (ssize_t)sizeof(*news))
		return true;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	*news = (struct supervisor_news){.lost = true, .done = true};
	return true;
}

static void
await_done(struct supervisor *supervisor, struct supervisor_news *news)
{
	uint64_t deadline = now_ns() + DONE_NS;

	do {
		supervisor_tells(supervisor, 100, news);
	} while (!news->done && now_ns() < deadline);
	if (!news->done) /* a child that is not waited for: no stranger */
		kill(supervisor->pid, SIGKILL);
	while (waitpid(supervisor->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	strike(supervisor);
	close(supervisor->control);
}

/* With all signals blocked, for the handler of one must not run in the
 * supervisor, nor before the supervisor is known. */
static int
start(struct supervisor *supervisor, supervisor_become *become, void *context)
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
		supervisor_process(ends[1], &before, become, context);
	if (supervisor->pid > 0)
		enlist(supervisor);
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(ends[1]);
	if (supervisor->pid > 0)
		return 0;
	close(ends[0]);
	errno = error;
	return -1;
}

pid_t
supervisor_start(
    struct supervisor *supervisor, supervisor_become *become, void *context)
{
	struct supervisor_news news = {0};

	if (start(supervisor, become, context) < 0)
		return -1;
	while (!supervisor_tells(supervisor, -1, &news))
		continue;
	if (!news.done)
		return news.server;
	await_done(supervisor, &news);
	errno = news.lost ? ECHILD : news.status;
	return -1;
}

static void
order(int control, char what)
{
	send(control, &what, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void
supervisor_end(struct supervisor *supervisor, struct supervisor_news *news)
{
	*news = (struct supervisor_news){0};
	order(supervisor->control, SUPERVISOR_STOP);
	await_done(supervisor, news);
}

void
supervisor_kill_all(void)
{
	uint64_t deadline = now_ns() + DONE_NS;

	for (size_t i = 0; i < SUPERVISORS; i++) {
		if (pids[i])
			order(controls[i], SUPERVISOR_KILL);
	}
	for (size_t i = 0; i < SUPERVISORS; i++) {
		while (pids[i] && waitpid(pids[i], NULL, WNOHANG) == 0 &&
		       now_ns() < deadline)
			poll(NULL, 0, 1);
	}
}
