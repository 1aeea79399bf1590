/* SPDX-License-Identifier: MIT */
/* lab_orphan_mutex: one mutex in a shared mapping, one holder that dies. */
#include "common/lab/lab_orphan_mutex.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"

/* A mutex that is free is locked in nanoseconds. */
#define PATIENCE_NS (200 * NS_PER_MS)

static bool
init(pthread_mutex_t *mutex, bool robust)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	if (robust)
		pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	errno = pthread_mutex_init(mutex, &attr);
	pthread_mutexattr_destroy(&attr);
	return errno == 0;
}

static void *
lock_and_return(void *mutex)
{
	pthread_mutex_lock(mutex);
	return NULL;
}

static bool
lose_in_thread(pthread_mutex_t *mutex)
{
	pthread_t thread;

	errno = pthread_create(&thread, NULL, lock_and_return, mutex);
	if (!errno)
		pthread_join(thread, NULL);
	return errno == 0;
}

static bool
lose_in_child(pthread_mutex_t *mutex)
{
	pid_t pid = fork();

	if (pid == 0) {
		pthread_mutex_lock(mutex);
		raise(SIGKILL);
	}
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	return pid > 0;
}

static int
lock_within(pthread_mutex_t *mutex)
{
	struct timespec due = clock_timespec(now_ns() + PATIENCE_NS);

	return pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &due);
}

static struct orphan_errors
lock_twice(pthread_mutex_t *mutex, enum orphan_kind kind)
{
	struct orphan_errors errors = {.next = lock_within(mutex)};

	if (errors.next == EOWNERDEAD && kind == ORPHAN_ROBUST)
		pthread_mutex_consistent(mutex);
	if (errors.next == 0 || errors.next == EOWNERDEAD)
		pthread_mutex_unlock(mutex);
	errors.after = lock_within(mutex);
	if (errors.after == 0)
		pthread_mutex_unlock(mutex);
	return errors;
}

bool
orphan_mutex(enum orphan_kind kind, bool child, struct orphan_errors *errors)
{
	pthread_mutex_t *mutex = mmap(NULL, sizeof(pthread_mutex_t),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bool ok;

	if (mutex == MAP_FAILED)
		return false;
	ok = init(mutex, kind != ORPHAN_PLAIN) &&
	     (child ? lose_in_child(mutex) : lose_in_thread(mutex));
	if (ok)
		*errors = lock_twice(mutex, kind);
	munmap(mutex, sizeof(pthread_mutex_t));
	return ok;
}
