/* SPDX-License-Identifier: MIT */
/*
 * slower: a command that is PERCENT slower than it would be.
 *
 *	slower PERCENT COMMAND [ARGUMENT...]
 *
 * Stops COMMAND's whole process group, threads and children alike, for PERCENT
 * of the time: 20 times a second, so that each slice of a comparison has its
 * share. More often would cost more than it says: each stop wakes every thread
 * twice, which takes a millisecond or so for 64 processes and is not made up
 * for. What a stop takes too long is, by the next ones. So it works for any
 * server of either model, without any privilege. Signals go on to COMMAND, and
 * its end is this one's.
 *
 *	slower --waits for--> pacer --stops, continues--> COMMAND's group
 *
 * Nothing stopped stays behind if any of the three is killed: a pacer without
 * slower kills the group, and so does slower without its pacer. All three are
 *in one session, as an unwrapped COMMAND would be: to the scheduler a session
 *may be a party of its own (sched(7), autogroup), with a share of a busy CPU
 *that is not that of the server beside it.
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

/* Those that go on to COMMAND, and those that say who ended: all blocked, and
 * waited for. */
static sigset_t signals;

/* COMMAND's group, for whoever is left to end it; 0: done. In shared memory. */
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
	/* Only ends are news. */
	sigaction(SIGCHLD,
	    &(struct sigaction){
		.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDSTOP},
	    NULL);
}

/* Ends as STATUS says that another did. */
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

/* Also what is stopped ends of that. */
static void
end_group(void)
{
	if (*group)
		kill(-*group, SIGKILL);
	while (*group && waitpid(-*group, NULL, 0) > 0)
		;
	*group = 0;
}

/* Whoever has ended, adopted ones too; true if CHILD is among them. */
static bool
reap(pid_t child, int *status)
{
	pid_t pid;

	do
		pid = waitpid(-1, status, WNOHANG);
	while (pid > 0 && pid != child);
	return pid == child;
}

/* Passes signals on to CHILD until DUE. True, with its STATUS, if it has
 * ended by then. */
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

/* Lets CHILD, which leads a group, run but for a SHARE of the time. */
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
	end_group(); /* what it has left behind */
	end_as(status);
}

/* Forks a child that gets NUMBER when we end. Returns as fork(2) does. */
static pid_t
fork_with_us(int number)
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

	/* Whoever kills slower's group does not kill us with it. */
	setpgid(0, 0);
	/* What it forks and leaves is ours, so that we see the last of it. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	child = fork_with_us(SIGKILL);
	if (child == 0) {
		setpgid(0, 0);
		signal(SIGCHLD, SIG_DFL);
		sigprocmask(SIG_UNBLOCK, &signals, NULL);
		execvp(command[0], command);
		fprintf(
		    stderr, "slower: %s: %s\n", command[0], strerror(errno));
		_exit(127);
	}
	setpgid(child, child); /* whoever of us is first */
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
	child = fork_with_us(SLOWER_ENDED);
	if (child == 0)
		pacer(argv + 2, percent / 100);
	while (!watch(child, NEVER, &status))
		;
	end_group(); /* nobody is left of it, unless the pacer was killed */
	end_as(status);
}
