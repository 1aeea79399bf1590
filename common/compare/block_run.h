/* SPDX-License-Identifier: MIT */
/*
 * block_run: one block at one point of a scenario: the plan's servers, and the
 * control, measured once.
 *
 * A metric (metric.h) measures all servers in it, and notes for each a number
 * in the scenario's unit, and the logarithm of how much better that is than the
 * baseline's. A server that fails gets its `trouble` set, and no number. One
 * thread.
 */
#ifndef COMMON_COMPARE_BLOCK_RUN_H
#define COMMON_COMPARE_BLOCK_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/compare/plan.h"
#include "common/load/load_result.h"
#include "common/net/tls_client.h"
#include "common/sysinfo/usage.h"

#define TROUBLE_MAX 600

struct instance; /* instance.h */

/* What is gathered of one server at one point, over its blocks. */
struct accumulator {
	char trouble[TROUBLE_MAX];  /* why it has no result; empty: it has */
	bool failed_to_start;	    /* so it would at other points */
	bool told;		    /* the user knows of the trouble */
	struct load_result counted; /* of the slices that are kept */
	/* of all slices */
	uint64_t begun, wrong, timed_out, failed, errors[LOAD_RESULT_ERRNOS];
	uint64_t retries, reconnects;
	uint64_t wall_ns;
	uint64_t stall_ns, throttled; /* the client's; of all slices, too */
	uint64_t backlog, full;	      /* of the slices that are kept */
	size_t full_slices;	      /* kept slices with a full backlog */
	struct usage_sums sums;
	uint64_t sums_requests;
	/* Of blocks in which it is known: its accept loop's CPU time, and the
	 * requests and the time under load. */
	uint64_t loop_ns, loop_requests, loop_wall_ns;
	struct usage_sums life; /* of its processes, from start to end */
	uint64_t sending_ns;	/* kept slices: while requests were begun */
	size_t kept, warm_up, dropped; /* slices */
	bool unsettled;
	double ratios_all[RANK_MAX];   /* by block, with dropped rounds */
	double service[RANK_MAX];      /* by block; 0 or NAN: not known */
	struct usage memory[RANK_MAX]; /* by block, its memory alone */
	size_t memory_count;
};

struct block_run {
	const struct compare_plan *plan;
	const struct scenario *scenario;
	struct load_point *point;
	struct cpu_placement placement; /* the plan's, at this point */
	struct tls_client *tls;		/* NULL: none */
	/* by server, in the plan's order, then the control */
	size_t count;
	struct instance *at;
	struct accumulator *accumulators;
	struct server_result *results;
	struct comparison *result;
	size_t block;	   /* from 0 */
	uint64_t start_ns; /* of the comparison */
	uint64_t *random;  /* the state of random.h */
	double seconds;	   /* planned for this block */
	void (*progress)(struct block_run *run, double share);
	/* Passes on what a reader of the scenario has to know. */
	void (*note)(struct block_run *run, const char *words);
	/* The same, of what needs no warning. */
	void (*remark)(struct block_run *run, const char *words);
	void *context; /* of all three */
};

bool
block_run_stopped(const struct block_run *run);

/* The name of server I in the file of slices. */
const char *
block_run_name(const struct block_run *run, size_t i);

/* Whether server I gives no result any more. */
bool
block_run_lacks(const struct block_run *run, size_t i);

/* Notes as trouble in ACCUMULATOR what was wrong in SLICE. */
void
block_run_note_bad_replies(
    struct accumulator *accumulator, const struct load_result *slice);

/* Notes the numbers of server I in this block: VALUE, and how much better than
 * the baseline as a logarithm; either may be NAN. */
void
block_run_note(struct block_run *run, size_t i, double value, double log_ratio);

/* The client stalled for NS while it measured. */
void
block_run_note_stall(struct block_run *run, uint64_t ns);

/*
 * A block without slices: FIGURE of each server in random order, NAN for none;
 * less is better, if both it and the baseline's are above 0. Each has a row in
 * the file of slices.
 */
void
block_run_once(
    struct block_run *run, double (*figure)(struct block_run *run, size_t i));

#endif
