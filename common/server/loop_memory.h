/* SPDX-License-Identifier: MIT */
/*
 * loop_memory: memory of the accept loop that forked children do not have.
 *
 * It holds what the loop trusts: pids that get signals, pointers that are
 * freed, counts. A faulty child cannot change them, because a fork leaves this
 * private mapping out (MADV_DONTFORK); reading it is a SIGSEGV. The mapping is
 * neither copied nor write-protected, so the parent pays no page fault when it
 * writes there after a fork. Threads share one address space and can reach
 * everything.
 */
#ifndef COMMON_SERVER_LOOP_MEMORY_H
#define COMMON_SERVER_LOOP_MEMORY_H

#include <stddef.h>

/* Allocates SIZE zeroed bytes, until exit. NULL with errno. */
void *
loop_memory_alloc(size_t size);

#endif
