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
#include "common/load/engines.h"
#include "common/sysinfo/accept_loop.h"
#include "common/sysinfo/cpu_contention.h"
#include "common/sysinfo/listen_backlog.h"
#include "common/sysinfo/task_counter.h"
#include "common/sysinfo/usage.h"

struct instance {
	const struct contender *contender;
	struct launched server;
	bool stop_noted;     /* noted that it does not end as it should */
	bool memory_unknown; /* it serves no connection beside another */
	bool listener_noted; /* noted that another process has its port */
	bool counter_noted;  /* noted that TLB misses cannot be counted */
	struct task_counter tlb;
	struct task_count tlb_before; /* the load */
	struct usage_group group;
	struct engines engines;
	bool open; /* the engines are */
	struct idle_connections idle;
	struct cpu_contention_watch watch;
	struct usage_meter meter;
	struct accept_loop loops;
	struct listen_backlog backlog; /* as it started */
	uint64_t begun_before, wall_before;
	struct usage_memory before;
	bool has_memory;     /* BEFORE is known */
	struct usage *noted; /* its memory in this block; NULL: not yet */
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

/* Notes what its memory is when the connections of a load without kept ones
 * have ended. Harmless if nothing is known of its memory before. */
void
instance_note_kept_memory(struct block_run *run, size_t i);

/* Before and after a load: its TLB misses, if they can be counted. */
void
instance_begin_counter(struct instance *one);
void
instance_end_counter(const struct instance *one, struct usage_sums *sums);

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
