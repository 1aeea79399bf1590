/* SPDX-License-Identifier: MIT */
/*
 * design_prefork: an echo server whose children are forked before the clients
 * come; each waits in accept() (UNP 30.6). The parent forks another for each
 * that dies.
 *
 *	design_prefork IPv4:PORT
 */
#include <sys/prctl.h>
#include <sys/wait.h>

#include "tests/bench/design_pool.h"

static void
fork_worker(int listener)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid > 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* none outlives the parent */
	pool_work(listener);
}

int
main(int argc, char **argv)
{
	int listener = floor_listen(argc, argv);

	for (int i = 0; i < POOL_WORKERS; i++)
		fork_worker(listener);
	while (wait(NULL) > 0)
		fork_worker(listener);
	err(1, "wait");
}
