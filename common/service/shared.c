/* SPDX-License-Identifier: MIT */
/* shared: a mutex that survives the death of its holder. */
#include "common/service/shared.h"

#include <errno.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/base/trace.h"

int
shared_init(struct shared *memory, int pshared, int robust)
{
	pthread_mutexattr_t attr;
	int error;

	error = pthread_mutexattr_init(&attr);
	if (error == 0) {
		error = pthread_mutexattr_setpshared(&attr, pshared);
		if (error == 0)
			error = pthread_mutexattr_setrobust(&attr, robust);
		if (error == 0)
			error = pthread_mutex_init(&memory->mutex, &attr);
		pthread_mutexattr_destroy(&attr);
	}
	errno = error;
	return error ? -1 : 0;
}

/* Whether a lock's RESULT says that the last holder died with it. */
static bool
inherits(struct shared *shared, int error)
{
	if (error != EOWNERDEAD)
		return false;
	/* Otherwise the next unlock would make the mutex useless for ever. */
	pthread_mutex_consistent(&shared->mutex);
	return true;
}

bool
shared_lock(struct shared *shared)
{
	bool inherited;

	trace_event(TRACE_LOCK_WAIT, 0);
	inherited = inherits(shared, pthread_mutex_lock(&shared->mutex));
	trace_event(TRACE_LOCK_HELD, inherited);
	return inherited;
}

bool
shared_lock_within(struct shared *shared, uint64_t timeout_ns)
{
	bool inherited, locked;
	int error;

	trace_event(TRACE_LOCK_WAIT, 0);
	error = pthread_mutex_trylock(&shared->mutex);
	if (error == EBUSY) {
		/* By the wall clock, because GCC 12's thread sanitizer does not
		 * know pthread_mutex_clocklock(). */
		struct timespec due =
		    clock_timespec(clock_ns(CLOCK_REALTIME) + timeout_ns);

		error = pthread_mutex_timedlock(&shared->mutex, &due);
	}
	inherited = inherits(shared, error);
	locked = inherited || error == 0;
	trace_event(locked ? TRACE_LOCK_HELD : TRACE_LOCK_GAVE_UP, inherited);
	return locked;
}

void
shared_unlock(struct shared *shared)
{
	/* First: no other worker's time with the lock is to overlap this one.
	 */
	trace_event(TRACE_LOCK_RELEASED, 0);
	pthread_mutex_unlock(&shared->mutex);
}
