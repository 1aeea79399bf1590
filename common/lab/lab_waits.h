/* SPDX-License-Identifier: MIT */
/*
 * lab_waits: what a worker waits for: a lock, and which worker holds it; a
 * time; a client.
 *
 * Linux shows the system call that a task is in, with its arguments
 * (proc_pid_syscall(5)); a worker that waits for a mutex is in futex(2), whose
 * first argument is the mutex. glibc keeps the holder's tid in the mutex, and
 * /proc/PID/mem shows it. Both need the permission to trace the process, which
 * the parent has.
 */
#ifndef COMMON_LAB_LAB_WAITS_H
#define COMMON_LAB_LAB_WAITS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/lab/lab_server.h"

struct lab_wait {
	uint64_t mutex; /* its address in that process */
	pid_t holder;	/* its tid; 0: none */
};

/* False: WORKER does not wait for a mutex, or the kernel does not say so. */
bool
lab_waits_for(const struct lab_worker *worker, struct lab_wait *wait);

/* Whether WORKER sleeps for a time (clock_nanosleep(2)). */
bool
lab_waits_for_time(const struct lab_worker *worker);

/* The descriptor whose bytes WORKER waits for (recv(2)); -1: it waits for none,
 * or the kernel does not say so. */
int
lab_waits_for_bytes(const struct lab_worker *worker);

#endif
