/* SPDX-License-Identifier: MIT */
/*
 * accept_loop: the CPU time of the thread that accepts a server's clients.
 *
 * That is taken to be the first thread of a process that listens: it is for our
 * servers, and for most others with one accept loop. One loop is at its limit
 * when it uses all of a CPU, however many CPUs the server has. Of several, as
 * of servers that share a port, the busiest counts.
 *
 *	accept_loop_find(&loops, &address, pid);    once it listens
 *	accept_loop_begin(&loops);
 *	... load ...
 *	accept_loop_end(&loops, &ns);
 *
 * It reads /proc (proc_pid_schedstat(5)), where a process's figures can be seen
 * by its user. Not thread-safe.
 */
#ifndef COMMON_SYSINFO_ACCEPT_LOOP_H
#define COMMON_SYSINFO_ACCEPT_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/net/address.h"

#define ACCEPT_LOOPS_MAX 8

struct accept_loop {
	size_t count; /* 0: none is known */
	pid_t pids[ACCEPT_LOOPS_MAX];
	uint64_t before[ACCEPT_LOOPS_MAX];
};

/* Finds the processes that listen at ADDRESS: PID or its descendants, the first
 * of those that have the same socket. Takes milliseconds. */
void
accept_loop_find(
    struct accept_loop *loops, const struct address *address, pid_t pid);

void
accept_loop_begin(struct accept_loop *loops);

/* Sets *NS to what the busiest has used since then. False: unknown. */
bool
accept_loop_end(const struct accept_loop *loops, uint64_t *ns);

#endif
