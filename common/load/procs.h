/* SPDX-License-Identifier: MIT */
/*
 * procs: what /proc says of a server and its children.
 */
#ifndef COMMON_LOAD_PROCS_H
#define COMMON_LOAD_PROCS_H

#include <stdint.h>
#include <sys/types.h>

/* Calls VISIT for PID and each living descendant. */
void
procs_walk(pid_t pid, void (*visit)(pid_t pid, void *context), void *context);

/*
 * CPU nanoseconds that PID, its living descendants, and every child that one
 * of them has waited for, have used. Living ones to the nanosecond, the dead
 * to a clock tick (10 ms) in all.
 */
uint64_t
procs_cpu_ns(pid_t pid);

#endif
