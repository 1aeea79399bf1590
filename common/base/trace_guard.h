/* SPDX-License-Identifier: MIT */
/*
 * trace_guard: a trace file that is cut must not end the server.
 *
 * Another program may cut a file that this process has mapped (`> trace`, `cp
 * other trace`), and a disk may fail to take or to give a page. The next event
 * would then raise SIGBUS, whose default is to end the process. The guard
 * handles it: it puts memory in the place of the file, so the events from then
 * on are lost, and the process goes on. Any other SIGBUS does what it would do
 * without the guard.
 *
 * One mapping at a time. Forked children inherit the guard.
 */
#ifndef COMMON_BASE_TRACE_GUARD_H
#define COMMON_BASE_TRACE_GUARD_H

#include <stdbool.h>
#include <stddef.h>

/* Guards the mapping of SIZE bytes at MEMORY: call it while there is one
 * thread. */
void
trace_guard_begin(void *memory, size_t size);

/* Before the mapping is removed. */
void
trace_guard_end(void);

/* What to say where it is lost. */
#define TRACE_LOST                                                             \
	"another program cut this file, or the disk failed; later events are " \
	"lost"

/* Whether this process, or the parent before it forked, lost the file. */
bool
trace_guard_is_lost(void);

#endif
