/* SPDX-License-Identifier: MIT */
/* floor_fork: accept; a fork; the kernel reaps (SIGCHLD ignored). */
#include "tests/bench/floor.h"

int
main(int argc, char **argv)
{
	int listener = floor_listen(argc, argv);

	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		pid_t pid = fd < 0 ? -1 : fork();

		if (pid < 0)
			err(1, "accept or fork");
		if (pid == 0) {
			floor_serve(fd);
			_exit(0);
		}
		close(fd);
	}
}
