/* SPDX-License-Identifier: MIT */
/* floor_fork: echo in a forked child for each connection. */
#include "tests/bench/floor.h"

static void *
serve(void *arg)
{
	floor_serve((int)(intptr_t)arg);
	return NULL;
}

int
main(int argc, char **argv)
{
	floor_forks(floor_listen(argc, argv), serve);
}
