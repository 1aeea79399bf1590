/* SPDX-License-Identifier: MIT */
/*
 * verdict: from the estimates of a scenario to its verdicts, without measuring.
 *
 * All arithmetic of a comparison stands in this folder, so that it can be
 * tested on millions of made-up slices whose truth is known (`make selftest`)
 * exactly as it is used on real slices: compare.c calls the same functions in
 * the same order.
 *
 *	slices --block_estimate()--> one number for each server and block
 *	       --paired_estimate()--> ratio, interval, p-value, power
 *	       --verdict_of_scenario()--> verdicts, with Holm over the ratios
 *
 * How often a server beats itself. One ratio is tested by exact signed ranks at
 * 5 % over blocks, which are independent (slices are not). But a reader of a
 * sweep, or of a table of five servers, picks out what differs. So all ratios
 * of a scenario (points times servers other than the baseline) are one family,
 * and "faster" or "slower" needs a rejection by Holm's procedure: of 100
 * scenarios in which all servers are alike, at most 5 have any false verdict,
 * however many points and servers there are, and however they depend on each
 * other (all share the baseline's slices). Each scenario answers a question of
 * its own, so scenarios are not counted together. Equivalence is two one-sided
 * tests at 5 % for each ratio by itself. Intervals are of 95 % each.
 *
 * No state, no I/O: safe in any thread.
 */
#ifndef COMMON_VERDICT_VERDICT_H
#define COMMON_VERDICT_VERDICT_H

#include <stddef.h>

#include "common/verdict/comparison.h"

/* The share of the rounds that may be dropped for an outside cause; with more,
 * there is no verdict. */
#define VERDICT_SPOILT 0.25

/*
 * Gives verdicts to a scenario whose points have been through
 * paired_estimate(), for COUNT servers and the control behind them,
 * results[COUNT]. A verdict that is INVALID already stays, with its reason; so
 * do the verdicts of the baseline and of the control. A control without values
 * is ignored.
 *
 * A result is INVALID if more than VERDICT_SPOILT of its slices were dropped
 * for an outside cause, if its point's baseline or control is, or if the
 * interval of its point's control, on the same basis, excludes 1 by more than
 * half of DELTA; else
 * UNDECIDED with fewer than PAIRED_BLOCKS_MIN blocks. A result whose verdict
 * needs no test is not in the family. With more than one ratio in the family,
 * `min_detectable` and `required_blocks` become those of Holm's first step.
 * `settled` matters where there are slices.
 */
void
verdict_of_scenario(struct scenario_result *result, size_t count, double delta);

/*
 * How many blocks it takes at least so that RATIOS ratios could all be told
 * from 1: with fewer, even the smallest possible p-value is too large. No plan
 * may have fewer.
 */
size_t
verdict_blocks_least(size_t ratios);

#endif
