/* SPDX-License-Identifier: MIT */
/* lab_waits: /proc/PID/task/TID/syscall and /proc/PID/mem. */
#include "common/lab/lab_waits.h"

#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "common/base/procfs.h"
#include "common/lab/lab_variable.h"

/* Of glibc's pthread_mutex_t, on machines of 64 bits. */
#define OWNER_OFFSET 8

/* The number of the system call that it is in, and the first argument. -1: it
 * runs, or the kernel does not say. */
static long
system_call(const struct lab_worker *worker, uint64_t *argument)
{
	char text[256], *end;
	long number;

	if (procfs_read(text, sizeof(text), "/proc/%d/task/%d/syscall",
		(int)worker->pid, (int)worker->tid) <= 0)
		return -1;
	number = strtol(text, &end, 10);
	if (end == text) /* "running" */
		return -1;
	*argument = strtoull(end, NULL, 16);
	return number;
}

static pid_t
holder_of(pid_t pid, uint64_t mutex)
{
	uint64_t words;
	int32_t owner = 0;

	if (lab_variable_read(pid, mutex + OWNER_OFFSET, &words))
		memcpy(&owner, &words, sizeof(owner));
	return owner;
}

bool
lab_waits_for(const struct lab_worker *worker, struct lab_wait *wait)
{
	if (system_call(worker, &wait->mutex) != SYS_futex)
		return false;
	wait->holder = holder_of(worker->pid, wait->mutex);
	return true;
}

bool
lab_waits_for_time(const struct lab_worker *worker)
{
	uint64_t argument;

	return system_call(worker, &argument) == SYS_clock_nanosleep;
}

int
lab_waits_for_bytes(const struct lab_worker *worker)
{
	uint64_t argument;

	return system_call(worker, &argument) == SYS_recvfrom ? (int)argument
							      : -1;
}
