/* SPDX-License-Identifier: MIT */
/*
 * design_iterative: an echo server that serves one client to its end, then the
 * next (UNP 1.5). What waits meanwhile is in the kernel's queue.
 *
 *	design_iterative IPv4:PORT
 */
#include "tests/bench/floor.h"

int
main(int argc, char **argv)
{
	int listener = floor_listen(argc, argv);

	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			err(1, "accept");
		floor_serve(fd);
	}
}
