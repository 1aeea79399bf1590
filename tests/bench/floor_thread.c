/* SPDX-License-Identifier: MIT */
/* floor_thread: accept; a detached thread with a 64 KiB stack. */
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
	floor_threads(floor_listen(argc, argv), serve);
}
