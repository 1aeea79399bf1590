/* SPDX-License-Identifier: MIT */
/* lab_waits: /proc/PID/task/TID/syscall and /proc/PID/mem. */
#include "common/lab/lab_waits.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/procfs.h"

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
	char path[40];
	int32_t owner = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (pread(fd, &owner, sizeof(owner), (off_t)(mutex + OWNER_OFFSET)) !=
	    sizeof(owner))
		owner = 0;
	close(fd);
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
