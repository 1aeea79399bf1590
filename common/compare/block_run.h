/* SPDX-License-Identifier: MIT */
/*
 * block_run: the kinds of figures that a scenario may have, and what one block
 * of it does to get them.
 *
 * A trial is one block at one point. Each kind measures all servers in it, and
 * gives each a number, in the scenario's unit, and the logarithm of how much
 * better that is than the baseline's. A server that fails has its `trouble`
 * set, and no number. All of one thread.
 */
#ifndef COMMON_COMPARE_BLOCK_RUN_H
#define COMMON_COMPARE_BLOCK_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/sysinfo/listen_backlog.h"
#include "common/compare/plan.h"
#include "common/sysinfo/usage.h"
#include "common/load/engine.h"
#include "common/sysinfo/cpu_contention.h"
#include "common/compare/idle_connections.h"
#include "common/launch/launch.h"

#define TROUBLE_MAX 600

/* What is gathered of one server at one point, over its blocks. */
struct accumulator {
	char trouble[TROUBLE_MAX];  /* why it gives no result; empty: it does */
	bool failed_to_start;	    /* so it would at other points */
	bool told;		    /* that to the user */
	struct load_result counted; /* of the slices that are kept */
	/* of all slices */
	uint64_t begun, wrong, timed_out, failed, errors[LOAD_RESULT_ERRNOS];
	uint64_t retries;
	uint64_t stall_ns, throttled; /* of all slices, too: the client's */
	uint64_t backlog, full;	      /* of the slices that are kept */
	size_t full_slices;	      /* of those, in which it was full */
	struct usage_sums sums;
	uint64_t sums_requests;
	struct usage_sums life; /* of its servers, from start to end */
	uint64_t sending_ns;	/* kept slices: while requests were begun */
	size_t kept, warm_up, dropped; /* slices */
	bool unsettled;
	double ratios_all[RANK_MAX];   /* by block, with what was dropped */
	double service[RANK_MAX];      /* by block, 0 or NAN: not known */
	struct usage memory[RANK_MAX]; /* by block, its memory alone */
	size_t memory_count;
};

/* One running server, or the control. */
struct instance {
	const struct contender *contender;
	struct launched server;
	bool stop_noted;     /* that it does not end as it should */
	bool stranger_noted; /* that another process has its port */
	struct usage_group group;
	struct engine engine;
	bool open; /* engine */
	struct idle_connections idle;
	struct cpu_contention_watch watch;
	struct usage_meter meter;
	uint64_t begun_before;
	struct usage_memory before;
	bool has_memory; /* BEFORE is known */
	struct load_result slice;
};

struct block_run {
	const struct compare_plan *plan;
	const struct scenario *scenario;
	struct load_point *point;
	struct tls_client *tls; /* NULL: none */
	/* by server, in the plan's order, then the control */
	size_t count;
	struct instance *at;
	struct accumulator *accumulators;
	struct server_result *results;
	struct comparison *result;
	size_t block;	   /* from 0 */
	uint64_t start_ns; /* of the comparison */
	uint64_t *random;  /* see block_run_random() */
	double seconds;	   /* planned for this block */
	void (*progress)(struct block_run *run, double share);
	/* What the reader of the scenario has to know beside. */
	void (*note)(struct block_run *run, const char *words);
	void *context; /* of both */
};

struct metric {
	/* Finds out what the points depend on; NULL: nothing. Servers that fail
	 * in it are found to fail later, or if all do, have their trouble in
	 * the tallies, which are the first point's. TRIAL has no point yet. */
	void (*prepare)(
	    struct block_run *run, struct load_point *points, size_t count);
	/* Fills values and ratios of the findings at TRIAL's block. */
	void (*block)(struct block_run *run);
	/* About how long that takes. */
	double (*seconds)(
	    const struct compare_plan *plan, const struct load_point *point);
	size_t blocks, blocks_quick; /* as a rule */
};

/* The rate of a closed loop, in slices. */
extern const struct metric METRIC_THROUGHPUT;
/* The 99th percentile of the response time at a rate, in slices. */
extern const struct metric METRIC_LATENCY;
/* The memory of idle connections. */
extern const struct metric METRIC_MEMORY;
/* The connections that a crash of one worker takes along. */
extern const struct metric METRIC_CRASH;

/* ---- what the kinds have in common ---- */

/* xorshift64*. */
uint64_t
block_run_random(struct block_run *run);

/* The servers' indices, and the control's, in random order in ORDER. */
void
block_run_shuffle(struct block_run *run, size_t *order, size_t count);

bool
block_run_stopped(const struct block_run *run);

/* As the file of slices calls server I. */
const char *
block_run_name(const struct block_run *run, size_t i);

/* Whether server I gives no result any more. */
bool
block_run_lacks(const struct block_run *run, size_t i);

/* Notes as the trouble of TALLY's server what was wrong in SLICE. */
void
block_run_note_bad_replies(
    struct accumulator *accumulator, const struct load_result *slice);

/* The numbers of this block, of server I, better than the baseline by
 * LOG_RATIO; either may be NAN. */
void
block_run_note(struct block_run *run, size_t i, double value, double log_ratio);

/*
 * A block without slices: FIGURE of each server in random order, NAN for none;
 * less is better, if both it and the baseline's are above 0. Each has a row in
 * the file of slices.
 */
void
block_run_once(
    struct block_run *run, double (*figure)(struct block_run *run, size_t i));

/* Starts server I with the point's options; asks for its memory. False if it
 * is in trouble, or we were stopped. */
bool
instance_start(struct block_run *run, size_t i);

/* And connects a load to it, with PLAN's rate. False likewise. */
bool
instance_connect(struct block_run *run, size_t i);

/* Notes its memory for CONNECTIONS connections. Harmless if what it was before
 * is not known. */
void
instance_note_memory(struct block_run *run, size_t i, uint64_t connections);

/* Ends it, and whatever is connected to it. Harmless if it does not run. */
void
instance_stop(struct block_run *run, size_t i);

/* Adds to server I's trouble how often its backlog was full since it began, if
 * it was: what looks like its slowness comes of that. */
void
instance_blame_backlog(struct block_run *run, size_t i);

/* The client stood still for NS while it measured. */
void
block_run_note_still(struct block_run *run, uint64_t ns);

/* Whether server I has ended by itself; that is its trouble then. */
bool
instance_died(struct block_run *run, size_t i);

#endif
