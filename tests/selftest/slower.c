/* SPDX-License-Identifier: MIT */
/*
 * slower: runs a command PERCENT slower.
 *
 *	slower PERCENT COMMAND [ARGUMENT...]
 *
 * It stops COMMAND's process group with SIGSTOP for PERCENT of the time, 20
 * times a second, so that each slice of a comparison has its share. More stops
 * would cost too much: each wakes all threads twice, which takes about a
 * millisecond for 64 processes. If a stop takes too long, the next ones are
 * shorter. It works for any server without privileges. It passes signals on to
 * COMMAND and ends as COMMAND does.
 *
 *	slower --waits for--> pacer --stops, continues--> COMMAND's group
 *
 * If any of the three is killed, no stopped process is left: pacer and slower
 * each kill the group when the other is gone. All three are in one session: the
 * scheduler may give each session its own share of a CPU (sched(7), autogroup).
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"

#define PERIOD_NS (50 * NS_PER_MS)

#define SLOWER_ENDED SIGALRM /* to the pacer */

/* Signals to pass on, and signals on the end of a process: all are blocked and
 * received by sigwaitinfo(2). */
static sigset_t signals;

/* COMMAND's process group, in shared memory; 0: it has ended. */
static volatile pid_t *group;

static void
block_signals(void)
{
	static const int which[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1,
	    SIGUSR2, SIGWINCH, SIGCHLD, SLOWER_ENDED};

	sigemptyset(&signals);
	for (size_t i = 0; i < sizeof(which) / sizeof(which[0]); i++)
		sigaddset(&signals, which[i]);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	/* No SIGCHLD for stops. */
	sigaction(SIGCHLD,
	    &(struct sigaction){
		.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDSTOP},
	    NULL);
}

/* Ends this process with the status or signal of STATUS. */
static _Noreturn void
end_as(int status)
{
	if (WIFSIGNALED(status)) {
		int number = WTERMSIG(status);
		sigset_t one;

		setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
		signal(number, SIG_DFL);
		sigemptyset(&one);
		sigaddset(&one, number);
		sigprocmask(SIG_UNBLOCK, &one, NULL);
		raise(number);
	}
	_exit(WEXITSTATUS(status));
}

/* SIGKILL ends stopped processes, too. */
static void
end_group(void)
{
	if (*group)
		kill(-*group, SIGKILL);
	while (*group && waitpid(-*group, NULL, 0) > 0)
		;
	*group = 0;
}

/* Waits for all ended children, adopted ones too. True if CHILD is one. */
static bool
reap(pid_t child, int *status)
{
	pid_t pid;

	do
		pid = waitpid(-1, status, WNOHANG);
	while (pid > 0 && pid != child);
	return pid == child;
}

/* Passes signals on to CHILD until DUE. True, with its STATUS, if it ends. */
static bool
watch(pid_t child, uint64_t due, int *status)
{
	for (;;) {
		uint64_t now = now_ns();
		struct timespec left =
		    clock_timespec(due > now ? due - now : 0);
		int number = due == NEVER ? sigwaitinfo(&signals, NULL)
					  : sigtimedwait(&signals, NULL, &left);

		if (number < 0 && errno == EAGAIN)
			return false;
		if (number == SIGCHLD) {
			if (reap(child, status))
				return true;
		} else if (number == SLOWER_ENDED) {
			end_group();
			_exit(1);
		} else if (number > 0) {
			kill(child, number);
		}
	}
}

/* Stops the group of CHILD for a SHARE of the time. */
static _Noreturn void
pace(pid_t child, double share)
{
	uint64_t start = now_ns(), stopped = 0, due = start + PERIOD_NS;
	int status;

	while (!watch(child, due, &status)) {
		uint64_t from = now_ns();
		double owed = share * (double)(from - start) - (double)stopped;

		due = (due + PERIOD_NS > from ? due : from) + PERIOD_NS;
		if (owed <= 0)
			continue;
		kill(-child, SIGSTOP);
		clock_wait_ns((uint64_t)owed);
		kill(-child, SIGCONT);
		stopped += now_ns() - from;
	}
	end_group(); /* processes that are left of it */
	end_as(status);
}

/* As fork(2); the child gets signal NUMBER when this process ends. */
static pid_t
fork_watched(int number)
{
	pid_t parent = getpid(), child = fork();

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, number);
		if (getppid() != parent)
			_exit(1);
	}
	if (child < 0) {
		perror("slower: fork");
		_exit(1);
	}
	return child;
}

static _Noreturn void
pacer(char **command, double share)
{
	pid_t child;

	/* A signal to slower's group must not reach the pacer. */
	setpgid(0, 0);
	/* Orphans of COMMAND become the pacer's children. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	child = fork_watched(SIGKILL);
	if (child == 0) {
		setpgid(0, 0);
		signal(SIGCHLD, SIG_DFL);
		sigprocmask(SIG_UNBLOCK, &signals, NULL);
		execvp(command[0], command);
		fprintf(
		    stderr, "slower: %s: %s\n", command[0], strerror(errno));
		_exit(127);
	}
	setpgid(child, child); /* in both processes: either may run first */
	*group = child;
	pace(child, share);
}

int
main(int argc, char **argv)
{
	char *end = NULL;
	double percent = argc > 2 ? strtod(argv[1], &end) : 0;
	int status;
	pid_t child;

	if (argc < 3 || end == argv[1] || *end ||
	    !(percent > 0 && percent <= 90)) {
		fprintf(stderr, "usage: slower PERCENT COMMAND [ARGUMENT...]; "
				"PERCENT above 0, at most 90\n");
		return 2;
	}
	block_signals();
	group = mmap(NULL, sizeof(*group), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (group == MAP_FAILED) {
		perror("slower: mmap");
		return 1;
	}
	child = fork_watched(SLOWER_ENDED);
	if (child == 0)
		pacer(argv + 2, percent / 100);
	while (!watch(child, NEVER, &status))
		;
	end_group(); /* a part of it is left if the pacer was killed */
	end_as(status);
}
