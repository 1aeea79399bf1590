/* SPDX-License-Identifier: MIT */
/*
 * shared: memory that all workers see, whatever the model, and its lock.
 *
 *	if (shared_lock(shared))
 *		...;                 // repair what its last holder left
 *	...                          // short: no call that waits
 *	shared_unlock(shared);
 *
 * The lock: whoever holds it takes no other. Under fork the holder may be
 * killed; the mutex is robust there, so that the next one to lock learns of it
 * (POSIX.1-2017 pthread_mutex_lock(), EOWNERDEAD) and goes on.
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
 * MEMORY is zeroed and of sizeof(struct shared) more bytes than the service
 * wants; PSHARED and ROBUST are those of pthread_mutexattr_setpshared(3) and
 * pthread_mutexattr_setrobust(3). Returns 0, or -1 with errno.
 */
int
shared_init(struct shared *memory, int pshared, int robust);

/* Returns whether the last holder died inside. */
bool
shared_lock(struct shared *shared);

/*
 * For those whom a holder that stands still (SIGSTOP) shall not hold up, and
 * who have nothing to repair: waits no longer than that. Returns whether the
 * lock is the caller's.
 */
bool
shared_lock_within(struct shared *shared, uint64_t patience_ns);

void
shared_unlock(struct shared *shared);

#endif
