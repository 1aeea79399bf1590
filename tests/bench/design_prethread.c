/* SPDX-License-Identifier: MIT */
/*
 * design_prethread: an echo server whose threads are made before the clients
 * come; each waits in accept() (UNP 30.11).
 *
 *	design_prethread IPv4:PORT
 */
#include "tests/bench/design_pool.h"

static void *
work(void *arg)
{
	pool_work((int)(intptr_t)arg);
	return NULL;
}

int
main(int argc, char **argv)
{
	int listener = floor_listen(argc, argv);
	pthread_attr_t attr;
	pthread_t thread;

	floor_thread_attr(&attr);
	for (int i = 1; i < POOL_WORKERS; i++) {
		if (pthread_create(
			&thread, &attr, work, (void *)(intptr_t)listener) != 0)
			err(1, "thread");
	}
	pool_work(listener);
}
