/* SPDX-License-Identifier: MIT */
/* shared: a mutex that survives its holder. */
#include "common/service/shared.h"

#include <errno.h>

int
shared_init(struct shared *memory, int pshared, int robust)
{
	pthread_mutexattr_t attr;
	int error;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, pshared);
	pthread_mutexattr_setrobust(&attr, robust);
	error = pthread_mutex_init(&memory->mutex, &attr);
	pthread_mutexattr_destroy(&attr);
	errno = error;
	return error ? -1 : 0;
}

bool
shared_lock(struct shared *shared)
{
	int error = pthread_mutex_lock(&shared->mutex);

	if (error != EOWNERDEAD)
		return false;
	/* Without this the next unlock would make it useless for ever. */
	pthread_mutex_consistent(&shared->mutex);
	return true;
}

void
shared_unlock(struct shared *shared)
{
	pthread_mutex_unlock(&shared->mutex);
}
