/* SPDX-License-Identifier: MIT */
/*
 * slower: a command that is PERCENT slower than it would be.
 *
 *	slower PERCENT COMMAND [ARGUMENT...]
 *
 * Becomes COMMAND, so signals, exit status and CPU are its own. Beside it runs
 * a pacer, in a session of its own, that stops COMMAND's whole process group,
 * threads and children alike, for PERCENT of the time: 50 times a second, which
 * is rare enough that the stops themselves cost little (each wakes every
 * thread twice), and often enough that each slice of a comparison has its
 * share. What a nap takes too long is made up for by the next ones.
 *
 * The pacer lets the group go on after each stop whatever happens meanwhile,
 * takes no signal, and ends with COMMAND. COMMAND leads a process group of its
 * own. Not for the foreground of an interactive shell, which would believe that
 * somebody stopped the job.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"

#define PERIOD_NS (20 * NS_PER_MS)

static void
nap(uint64_t ns)
{
	clock_nanosleep(CLOCK_MONOTONIC, 0,
	    &(struct timespec){.tv_sec = (time_t)(ns / NS_PER_S),
		.tv_nsec = (long)(ns % NS_PER_S)},
	    NULL);
}

/* Waits until DUE. True if the process has ended by then. */
static bool
ended(int process, uint64_t due)
{
	struct pollfd end = {.fd = process, .events = POLLIN};
	uint64_t now = now_ns(), ns = due > now ? due - now : 0;

	return ppoll(&end, 1,
		   &(struct timespec){.tv_sec = (time_t)(ns / NS_PER_S),
		       .tv_nsec = (long)(ns % NS_PER_S)},
		   NULL) != 0;
}

static void
pace(int process, pid_t group, double share)
{
	uint64_t start = now_ns(), stopped = 0;

	for (uint64_t due = start; !ended(process, due); due += PERIOD_NS) {
		uint64_t from = now_ns();
		double owed = share * (double)(from - start + PERIOD_NS) -
			      (double)stopped;

		if (due + PERIOD_NS < from)
			due = from; /* late: in one go is as good */
		if (owed <= 0)
			continue;
		kill(-group, SIGSTOP);
		nap((uint64_t)(owed < PERIOD_NS ? owed : PERIOD_NS));
		kill(-group, SIGCONT);
		stopped += now_ns() - from;
	}
}

/* A grandchild: COMMAND shall not find a child that it did not make. */
static int
start_pacer(int process, double share)
{
	pid_t group = getpid(), child = fork();
	int status;

	if (child < 0)
		return -1;
	if (child > 0)
		return waitpid(child, &status, 0) < 0 || status != 0 ? -1 : 0;
	child = fork();
	if (child == 0) {
		sigset_t all;
		int null = open("/dev/null", O_RDWR);

		sigfillset(&all);
		sigprocmask(SIG_SETMASK, &all, NULL);
		setsid();
		for (int fd = 0; fd <= 2; fd++)
			dup2(null, fd);
		/* COMMAND's pipes are not ours to hold open. */
		dup2(process, 3);
		close_range(4, ~0U, 0);
		pace(3, group, share);
	}
	_exit(child < 0);
}

int
main(int argc, char **argv)
{
	char *end = NULL;
	double percent = argc > 2 ? strtod(argv[1], &end) : 0;
	int process;

	if (argc < 3 || end == argv[1] || *end ||
	    !(percent > 0 && percent <= 90)) {
		fprintf(stderr, "usage: slower PERCENT COMMAND [ARGUMENT...]; "
				"PERCENT above 0, at most 90\n");
		return 2;
	}
	if (getpgrp() != getpid() && setpgid(0, 0) < 0) {
		perror("slower: setpgid");
		return 1;
	}
	process = (int)syscall(SYS_pidfd_open, getpid(), 0);
	if (process < 0 || start_pacer(process, percent / 100) < 0) {
		perror("slower: pacer");
		return 1;
	}
	close(process);
	execvp(argv[2], argv + 2);
	fprintf(stderr, "slower: %s: %s\n", argv[2], strerror(errno));
	return 127;
}
