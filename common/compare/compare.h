/* SPDX-License-Identifier: MIT */
/*
 * compare: which of several servers is better, by how much, and how sure that
 * is.
 *
 * Slice: one server under load for a twentieth of a second, the others
 * connected and idle. Round: all servers in turn and back again (A B B A), the
 * next one the other way round, so that a steady drift of the machine cancels
 * out. Block: fresh servers, started in random order on new ports, with an
 * environment of random size, and fresh connections; an order of its rounds
 * that is random, too, so that no server has always the same neighbour; rounds
 * to warm up, then some that count. It gives one number for each server, the
 * median over its rounds of the logarithm of its ratio to the baseline.
 * Scenario: a number of blocks that is fixed before the start, at each of its
 * points; those of different points take turns, in random order, so that each
 * point has its blocks over the whole time. Blocks are independent, so an exact
 * interval follows from their ranks (verdict.h).
 *
 * In every round also runs a second instance of the baseline: the A/A control.
 * If that differs from the baseline, the method is at fault, not the server.
 *
 * A server that fails is out for the point at which it did, with the reason;
 * the rest goes on. What cannot be had in slices (memory, a crash) is measured
 * once in each block instead: see block_run.h.
 */
#ifndef COMMON_COMPARE_COMPARE_H
#define COMMON_COMPARE_COMPARE_H

#include "common/compare/plan.h"

/* Fills in how long slices and blocks are: a full run, or a QUICK first look.
 */
void
compare_plan_pace(struct compare_plan *plan, bool quick);

/* About how many seconds SCENARIO takes in PLAN, whose pace and number of
 * servers are set. */
double
compare_seconds(
    const struct compare_plan *plan, const struct scenario *scenario);

/*
 * Runs PLAN and fills RESULT, which comparison_release() releases. Returns 0,
 * or -1 with errno if not even memory could be had; all else is in the result.
 * The time left, which PLAN's progress shows, is what is planned for the blocks
 * that are left, times how much longer the blocks done so far took than
 * planned.
 */
int
compare_run(const struct compare_plan *plan, struct comparison *result);

#endif
