/* SPDX-License-Identifier: MIT */
/*
 * instance: one server of a block, or the control: started, loaded, read,
 * ended.
 *
 * Trouble goes into the accumulator of the server. One thread.
 */
#ifndef COMMON_COMPARE_INSTANCE_H
#define COMMON_COMPARE_INSTANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/compare/block_run.h"
#include "common/compare/idle_connections.h"
#include "common/launch/launch.h"
#include "common/load/engine.h"
#include "common/sysinfo/cpu_contention.h"
#include "common/sysinfo/usage.h"

struct instance {
	const struct contender *contender;
	struct launched server;
	bool stop_noted;     /* noted that it does not end as it should */
	bool memory_unknown; /* it serves no connection beside another */
	bool listener_noted; /* noted that another process has its port */
	struct usage_group group;
	struct engine engine;
	bool open; /* the engine is */
	struct idle_connections idle;
	struct cpu_contention_watch watch;
	struct usage_meter meter;
	uint64_t begun_before;
	struct usage_memory before;
	bool has_memory; /* BEFORE is known */
	struct load_result slice;
};

/* Starts server I with the point's options, and reads its memory. False if it
 * is in trouble, or the comparison was stopped. */
bool
instance_start(struct block_run *run, size_t i);

/* If the caller has made server I end, starts it again, as fast as that goes:
 * its memory is not read. False as above. */
bool
instance_start_if_ended(struct block_run *run, size_t i);

/* Connects a load to server I, with the point's rate. False as above. */
bool
instance_connect(struct block_run *run, size_t i);

/* Notes its memory for CONNECTIONS connections. Harmless if its memory before
 * them is not known. */
void
instance_note_memory(struct block_run *run, size_t i, uint64_t connections);

/* Ends server I, and what is connected to it. Harmless if it does not run. */
void
instance_stop(struct block_run *run, size_t i);

/* Whether server I has ended by itself; that is its trouble then. */
bool
instance_died(struct block_run *run, size_t i);

/* Adds to its trouble how often its backlog was full since it began, if it was:
 * a full backlog looks like a slow server. */
void
instance_note_backlog(struct block_run *run, size_t i);

#endif
