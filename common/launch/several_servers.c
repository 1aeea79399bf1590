/* SPDX-License-Identifier: MIT */
/* several_servers: fork, wait for one, end like it. */
#include "common/launch/several_servers.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t told_to_stop;

static void
note_stop(int number)
{
	(void)number;
	told_to_stop = 1;
}

static _Noreturn void
end_like(int status)
{
	if (WIFSIGNALED(status)) {
		signal(WTERMSIG(status), SIG_DFL);
		raise(WTERMSIG(status));
	}
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

static _Noreturn void
wait_for_servers(void)
{
	int status = 0;
	pid_t pid;

	do {
		pid = waitpid(-1, &status, 0);
	} while (pid < 0 ? errno == EINTR : told_to_stop);
	end_like(status);
}

void
several_servers(unsigned count, int stop_signal)
{
	/* Ignored, their ends would be lost. */
	void (*child)(int) = signal(SIGCHLD, SIG_DFL),
	     (*stop)(int) = signal(stop_signal, note_stop);

	for (unsigned i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			signal(SIGCHLD, child);
			signal(stop_signal, stop);
			/* fork() clears it: if this process is killed */
			prctl(PR_SET_PDEATHSIG, stop_signal);
			return;
		}
		if (pid < 0) {
			dprintf(STDERR_FILENO, "fork: %s\n", strerror(errno));
			_exit(1);
		}
	}
	wait_for_servers();
}
