/* SPDX-License-Identifier: MIT */
/*
 * summary: from what was gathered at a point to its results.
 *
 * The results have their numbers by block already; the statistics are done in
 * verdict/. This adds what else is known, what makes a result invalid before
 * any statistics (trouble, disturbance, Little's law broken), and which of them
 * are compared by the server's CPU time, because the client was the limit.
 */
#ifndef COMMON_COMPARE_SUMMARY_H
#define COMMON_COMPARE_SUMMARY_H

#include "common/compare/block_run.h"

/* ACCUMULATORS: those of POINT's servers, in PLAN's order, then the control's.
 * Sets INVALID where it must; other verdicts are verdict_of_scenario()'s. */
void
summary_of_point(struct point *point, const struct accumulator *accumulators,
    const struct compare_plan *plan, const struct load_point *load);

/*
 * Whether the client was the limit of LOAD and the server could have done more.
 * Asked only where each has a CPU of its own; on a shared CPU, both are the
 * limit. Also true if the client used all that other processes left of its CPU
 * (see load_result_is_client_bound()). SERVER_NS: CPU time that the server used
 * meanwhile, and LOOP_NS that of its accept loop, which one CPU limits even if
 * others are idle; NAN: not known, so it may have had room.
 */
bool
summary_is_client_bound(const struct load_result *load,
    const struct cpu_placement *placement, double server_ns, double loop_ns);

#endif
