/* SPDX-License-Identifier: MIT */
/*
 * engine_internal: what the two files of the engine share: engine.c is the loop
 * of a run, engine_connections.c all that is before and after it.
 */
#ifndef COMMON_LOAD_ENGINE_INTERNAL_H
#define COMMON_LOAD_ENGINE_INTERNAL_H

#include <stddef.h>

#include "common/load/engine.h"

/* Taken of epoll at once. */
#define ENGINE_EVENTS 512

/* Whose link it is. */
static inline struct session *
session_of(struct list_node *link)
{
	return (struct session *)(void *)((char *)link -
					  offsetof(struct session, link));
}

/* WHAT became of something that came in without a request. */
void
engine_idle_event(
    struct engine *engine, struct session *session, enum session_result what);

/* What the sessions have counted goes into the result. */
void
engine_collect(struct engine *engine);

#endif
