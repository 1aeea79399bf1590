/* SPDX-License-Identifier: MIT */
/* floor_thread: accept; a detached thread with a 64 KiB stack. */
#include "tests/bench/floor.h"

#include <pthread.h>
#include <stdint.h>

static void *
serve(void *arg)
{
	floor_serve((int)(intptr_t)arg);
	return NULL;
}

int
main(int argc, char **argv)
{
	int listener = floor_listen(argc, argv);
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, (size_t)64 * 1024);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		pthread_t thread;

		if (fd < 0 || pthread_create(&thread, &attr, serve,
				  (void *)(intptr_t)fd) != 0)
			err(1, "accept or thread");
	}
}
