/* SPDX-License-Identifier: MIT */
/*
 * verdict: from the rates of slices to a verdict, without measuring anything.
 *
 * The steps of a comparison that are arithmetic stand here, so that they can
 * be tested on millions of made-up slices whose truth is known (`make
 * selftest`), as they are used on real ones: compare.c calls the same
 * functions in the same order.
 *
 *	slices --block_estimate()--> one number for each server and block
 *	       --paired_estimate()--> interval, p-value, what would have shown
 *	       --verdict_of_scenario()--> verdicts, with Holm over the ratios
 *
 * How often a server beats itself. A ratio alone is tested by exact signed
 * ranks at 5 % over blocks, which are independent (slices are not). Whoever
 * reads a sweep, or the table of five servers, picks out what differs; so all
 * ratios of a scenario, points times servers but for the baseline, are one
 * family, and faster or slower is said only of those that Holm's procedure
 * rejects: of 100 scenarios in which all servers are alike, at most 5 have any
 * false verdict in them, however many points and servers there are and however
 * they depend on each other (all share the baseline's slices). Scenarios answer
 * questions of their own, and are not counted together. Equivalence is two
 * one-sided tests at 5 % for each ratio by itself. The intervals, too, are of
 * 95 % each.
 *
 * No state, no I/O: safe in any thread. Logarithms are natural.
 */
#ifndef COMMON_VERDICT_VERDICT_H
#define COMMON_VERDICT_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/verdict/comparison.h"

#define ROUNDS_MAX 64
#define BLOCKS_MIN 6 /* fewer give no interval of 95 % */

/* How many rounds a block has at most, of which PLANNED shall count: the first
 * one, and for a longer warm-up half as many more. */
#define VERDICT_ROUNDS_MOST(planned) (1 + (planned) + ((planned) + 1) / 2)

/* A share of a slice from which on others' use of the CPUs spoils it, and a
 * factor of its planned length. */
#define VERDICT_CONTENTION 0.20
#define VERDICT_GAP 2.0
/* A share of the rounds from which on there is no verdict. */
#define VERDICT_SPOILT 0.25
/* How often a family may have a false verdict in it. */
#define VERDICT_ALPHA 0.05

/* One server in one round: there and back. */
struct block_slice {
	double log_value[2];  /* of the rate, or of what is compared */
	double contention[2]; /* share of the CPUs' time that was others' */
	/* Its length up to where the client stopped sending, as a multiple of
	 * the planned one: what is beyond 1 is the client's delay, by somebody
	 * outside. The wait for the last replies is not in it: that is the
	 * server's, and must never excuse it. */
	double stretch[2];
	bool stall[2]; /* the client stood still in it: stall.h */
};

/* What a block gives. By instance: the servers, then the control. */
struct block_estimate {
	size_t warm_up; /* rounds dropped at the start */
	/* Came to a steady rate in time. If the warm-up did not end: from where
	 * rounds count, so at least one is not. */
	bool settled[SERVERS_MAX + 1];
	size_t kept, dropped;	 /* rounds; dropped: for a cause outside */
	bool counts[ROUNDS_MAX]; /* by round: whether it is kept */
	/* Medians over the rounds kept; NAN if there are none, or if one of
	 * them has no value. */
	double value[SERVERS_MAX + 1];
	double log_ratio[SERVERS_MAX + 1]; /* likewise, to instance 0; above 0
					      is better */
	double log_ratio_all[SERVERS_MAX + 1]; /* with the dropped ones */
};

/*
 * Whether the rounds so far of INSTANCES instances have come to a steady rate:
 * returns how many rounds at the start are warm-up (1 at least), or COUNT if
 * none of them is known to be steady. SLICES[instance][round].
 *
 * Steady are, for every instance, 4 slices whose median lies within 3 robust
 * standard deviations of that of the 8 that follow; where fewer follow, fewer
 * are taken, 2 and 2 at least. The median, because one slice that somebody
 * disturbed is not a server that warms up. An instance without values is not
 * asked.
 *
 * Who measures adds rounds until COUNT less this is what was planned, or COUNT
 * is VERDICT_ROUNDS_MOST, and then calls block_estimate() with all of them.
 */
size_t
block_warm_up(
    const struct block_slice *const slices[], size_t instances, size_t count);

/*
 * COUNT rounds (ROUNDS_MAX at most) of INSTANCES instances to one number each.
 * The warm-up is dropped, the first half if it did not end. A round is dropped
 * for all if a slice in it was spoilt by what judge_slice records of the
 * outside; never for its value. HIGHER: more is better.
 */
void
block_estimate(const struct block_slice *const slices[], size_t instances,
    size_t count, bool higher, struct block_estimate *block);

/* The ratio of COUNT logarithms by block, as paired_estimate() would have it;
 * those that are NAN left out, NAN if all are. For `with_dropped`. */
double
paired_ratio(const double *log_ratios, size_t count);

/*
 * Fills value, has_ratio, ratio, difference, p_value, detectable,
 * required_blocks of FOUND from its values and ratios by block. DELTA: the
 * difference that matters, 0.03. BASELINE may be FOUND itself.
 *
 * A block in which either has no value (NAN) is left out. The ratio has a
 * meaning if every other block has one; if not, it is NAN and the difference
 * (of FOUND less BASELINE, in the unit) takes its place. Values that hardly
 * vary, or not at all, as memory and counts do, need no other treatment: ties
 * and zeros make the interval hold more often than it says, not less.
 */
void
paired_estimate(struct server_result *found,
    const struct server_result *baseline, double delta);

/*
 * The verdicts of a scenario whose points have been through paired_estimate(),
 * for COUNT servers and the control behind them, findings[COUNT]. Verdicts that
 * are INVALID already, with their reason, stay; so do those of the baseline and
 * the control. A control without values is not asked.
 *
 * A finding is INVALID if more than VERDICT_SPOILT of its slices were dropped
 * for a cause outside, if its point's baseline or control is, or if the
 * interval of its point's control excludes 1 by more than half of DELTA; else
 * UNDECIDED with fewer than BLOCKS_MIN blocks. Those on which there is a
 * verdict without a test are not in the family. With more than one ratio in it,
 * `detectable` and `required_blocks` become those of Holm's first step.
 * `settled` is asked where there are slices.
 */
void
verdict_of_scenario(struct scenario_result *result, size_t count, double delta);

/*
 * How many blocks it takes at least so that RATIOS ratios could all be told
 * from 1: with fewer, the smallest p-value that there is would not do. No plan
 * should have fewer.
 */
size_t
verdict_blocks_least(size_t ratios);

#endif
