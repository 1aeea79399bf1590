/* SPDX-License-Identifier: MIT */
/* keeper: the client's side of it; the process itself is in keeper_main.c. */
#include "common/launch/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/launch/supervisor_process.h"

/* It waits twice for an end, and has a moment more. */
#define DONE_NS (2 * KEEPER_STOP_NS + 2 * NS_PER_S)

enum { KEEPERS = 64 };

/* As the signal handler reads them: words that are written in one go. */
static volatile pid_t pids[KEEPERS]; /* 0: a free place */
static volatile int controls[KEEPERS];

static void
enlist(const struct keeper *keeper)
{
	for (size_t i = 0; i < KEEPERS; i++) {
		if (pids[i])
			continue;
		controls[i] = keeper->control;
		pids[i] = keeper->pid;
		return;
	}
}

static void
strike(const struct keeper *keeper)
{
	for (size_t i = 0; i < KEEPERS; i++) {
		if (pids[i] == keeper->pid)
			pids[i] = 0;
	}
}

bool
keeper_tells(struct keeper *keeper, int timeout_ms, struct keeper_news *news)
{
	struct pollfd wait = {keeper->control, POLLIN, 0};
	ssize_t n;

	if (poll(&wait, 1, timeout_ms) <= 0)
		return false;
	n = recv(keeper->control, news, sizeof(*news), MSG_DONTWAIT);
	if (n == (ssize_t)sizeof(*news))
		return true;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	*news = (struct keeper_news){.lost = true, .done = true};
	return true;
}

static void
await_done(struct keeper *keeper, struct keeper_news *news)
{
	uint64_t deadline = now_ns() + DONE_NS;

	do {
		keeper_tells(keeper, 100, news);
	} while (!news->done && now_ns() < deadline);
	if (!news->done) /* a child that is not waited for: no stranger */
		kill(keeper->pid, SIGKILL);
	while (waitpid(keeper->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	strike(keeper);
	close(keeper->control);
}

/* With all signals blocked, for the handler of one must not run in the keeper,
 * nor before the keeper is known. */
static int
start(struct keeper *keeper, keeper_become *become, void *context)
{
	sigset_t all, before;
	int ends[2], error;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	*keeper = (struct keeper){fork(), ends[0]};
	error = errno;
	if (keeper->pid == 0)
		keeper_main(ends[1], &before, become, context);
	if (keeper->pid > 0)
		enlist(keeper);
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(ends[1]);
	if (keeper->pid > 0)
		return 0;
	close(ends[0]);
	errno = error;
	return -1;
}

pid_t
keeper_start(struct keeper *keeper, keeper_become *become, void *context)
{
	struct keeper_news news = {0};

	if (start(keeper, become, context) < 0)
		return -1;
	while (!keeper_tells(keeper, -1, &news))
		continue;
	if (!news.done)
		return news.server;
	await_done(keeper, &news);
	errno = news.lost ? ECHILD : news.status;
	return -1;
}

static void
order(int control, char what)
{
	send(control, &what, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void
keeper_end(struct keeper *keeper, struct keeper_news *news)
{
	*news = (struct keeper_news){0};
	order(keeper->control, KEEPER_STOP);
	await_done(keeper, news);
}

void
keeper_kill_all(void)
{
	uint64_t deadline = now_ns() + DONE_NS;

	for (size_t i = 0; i < KEEPERS; i++) {
		if (pids[i])
			order(controls[i], KEEPER_KILL);
	}
	for (size_t i = 0; i < KEEPERS; i++) {
		while (pids[i] && waitpid(pids[i], NULL, WNOHANG) == 0 &&
		       now_ns() < deadline)
			poll(NULL, 0, 1);
	}
}
