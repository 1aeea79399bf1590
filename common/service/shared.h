/* SPDX-License-Identifier: MIT */
/*
 * shared: memory that all workers see, whatever the model, and its lock.
 *
 *	if (shared_lock(shared))
 *		...;                 // repair what the last holder left
 *	...                          // short: nothing that waits
 *	shared_unlock(shared);
 *
 * A worker that holds this lock takes no other lock. Under fork the holder may
 * be killed. The mutex is robust there: the next worker that locks it is told
 * of the death (POSIX.1-2017 pthread_mutex_lock(), EOWNERDEAD) and goes on.
 */
#ifndef COMMON_SERVICE_SHARED_H
#define COMMON_SERVICE_SHARED_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct shared {
	pthread_mutex_t mutex;
	_Alignas(64) char memory[];
};

/*
 * MEMORY is zeroed, with sizeof(struct shared) bytes more than the service
 * needs. PSHARED and ROBUST are the values of pthread_mutexattr_setpshared(3)
 * and pthread_mutexattr_setrobust(3). Returns 0, or -1 with errno.
 */
int
shared_init(struct shared *memory, int pshared, int robust);

/* Returns whether the last holder died while it held the lock. */
bool
shared_lock(struct shared *shared);

/*
 * For callers that need no repair and must not wait for a stopped holder
 * (SIGSTOP): waits for a limited time. Returns whether the caller has the lock.
 */
bool
shared_lock_within(struct shared *shared, uint64_t timeout_ns);

void
shared_unlock(struct shared *shared);

#endif
