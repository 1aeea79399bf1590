/* SPDX-License-Identifier: MIT */
/* design_pool: how many workers a pool has, and what each of them does. */
#ifndef TESTS_BENCH_DESIGN_POOL_H
#define TESTS_BENCH_DESIGN_POOL_H

#include "tests/bench/floor.h"

/* More than the connections of any point of `client compare designs`, so that
 * none waits for a worker. */
#define POOL_WORKERS 256

/* Serves one client after another. The kernel wakes one of the workers that
 * wait in accept(), the one that has waited longest. */
static inline void
pool_work(int listener)
{
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			err(1, "accept");
		floor_serve(fd);
	}
}

#endif
