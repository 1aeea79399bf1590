/* SPDX-License-Identifier: MIT */
/*
 * keep: memory of the accept loop alone.
 *
 * What the loop trusts, a worker that writes where it should not must not
 * reach: pids that get signals, pointers that are freed, counts. Where workers
 * are processes they do not even have this memory: it is a private mapping that
 * a fork leaves out (MADV_DONTFORK). So it is neither copied nor
 * write-protected, and a parent that writes to it pays no page fault after a
 * fork. A child that looks at it dies of SIGSEGV. Threads have one address
 * space: nothing there is out of reach.
 */
#ifndef COMMON_SERVER_LOOP_MEMORY_H
#define COMMON_SERVER_LOOP_MEMORY_H

#include <stddef.h>

/* SIZE zeroed bytes, until exit. NULL with errno. */
void *
loop_memory_alloc(size_t size);

#endif
