/* SPDX-License-Identifier: MIT */
/*
 * judge: from the rates of slices to a verdict, without measuring anything.
 *
 * The steps of a comparison that are arithmetic stand here, so that they can
 * be tested on millions of made-up slices whose truth is known (`make
 * selftest`), as they are used on real ones: compare.c calls the same
 * functions in the same order.
 *
 *	slices --judge_block()--> one number for each server and block
 *	       --judge_point()--> interval, p-value, what would have shown
 *	       --judge_scenario()--> verdicts, with Holm over the points
 *
 * No state, no I/O: safe in any thread. Logarithms are natural.
 */
#ifndef COMMON_LOAD_JUDGE_H
#define COMMON_LOAD_JUDGE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/load/comparison.h"

#define QUADS_MAX 64
#define BLOCKS_MIN 6 /* fewer give no interval of 95 % */

/* A share of a slice from which on others' use of the CPUs spoils it, and a
 * factor of its planned length. */
#define JUDGE_FOREIGN 0.20
#define JUDGE_GAP 2.0
/* A share of the quads from which on there is no verdict. */
#define JUDGE_SPOILT 0.25

/* One server in one quad: there and back. */
struct judge_slice {
	double log_value[2]; /* of the rate, or of what is compared */
	double foreign[2];   /* share of the CPUs' time that was others' */
	double stretch[2];   /* its length, as a multiple of the planned one */
};

/* What a block gives. By instance: the servers, then the control. */
struct judge_block {
	size_t warm_up; /* quads dropped at the start */
	bool settled;	/* in time */
	size_t kept, dropped; /* quads; dropped: for a cause outside */
	double value[SERVERS_MAX + 1];	   /* median over the quads kept */
	double log_ratio[SERVERS_MAX + 1]; /* likewise, to instance 0; above 0
					      is better */
	double log_ratio_all[SERVERS_MAX + 1]; /* with the dropped ones */
};

/*
 * Whether the quads so far of INSTANCES instances have come to a steady rate:
 * returns how many quads at the start are warm-up (1 at least), or COUNT if
 * none of them is known to be steady. SLICES[instance][quad].
 */
size_t
judge_warm_up(const struct judge_slice *const slices[], size_t instances,
    size_t count);

/*
 * COUNT quads of INSTANCES instances to one number each. A quad is dropped for
 * all if a slice in it was spoilt by what judge_slice records of the outside;
 * never for its value. HIGHER: more is better.
 */
void
judge_block(const struct judge_slice *const slices[], size_t instances,
    size_t count, bool higher, struct judge_block *block);

/* Fills value, ratio, difference, p_value, detectable, blocks_needed of FOUND
 * from its values and ratios by block. DELTA: the difference that matters. */
void
judge_point(struct finding *found, const struct finding *baseline,
    double delta);

/*
 * The verdicts of a scenario whose points have been through judge_point(), for
 * COUNT servers and the control behind them. Verdicts that are INVALID already,
 * with their reason, stay; so does that of the baseline. Fewer than BLOCKS_MIN
 * blocks are UNDECIDED.
 */
void
judge_scenario(struct outcome *outcome, size_t count, double delta);

#endif
