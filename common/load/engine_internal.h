/* SPDX-License-Identifier: MIT */
/*
 * engine_internal: what the files of the engine share. engine.c has the loop of
 * a run, engine_connections.c what comes before and after it.
 */
#ifndef COMMON_LOAD_ENGINE_INTERNAL_H
#define COMMON_LOAD_ENGINE_INTERNAL_H

#include <stddef.h>

#include "common/load/engine.h"

/* The most events that one epoll_wait(2) fetches. */
#define ENGINE_EVENTS 512

/* The session that LINK belongs to. */
static inline struct session *
session_of(struct list_node *link)
{
	return (struct session *)(void *)((char *)link -
					  offsetof(struct session, link));
}

/* What the caller has told: see engine.stop. It may change at any time, by a
 * signal that another thread handles. */
static inline int
engine_told(const struct engine *engine)
{
	return engine->stop ? __atomic_load_n(engine->stop, __ATOMIC_RELAXED)
			    : 0;
}

/* Counts WHAT, the result of an event without a request in flight. */
void
engine_idle_event(
    struct engine *engine, struct session *session, enum session_result what);

/* Moves the counters of the sessions into the result. */
void
engine_collect(struct engine *engine);

#endif
