/* SPDX-License-Identifier: MIT */
/*
 * summary: from what was gathered of a point to its findings.
 *
 * Numbers by block are in the findings already; the statistics are verdict.h's.
 * This adds what else is known, and what makes a finding invalid before there
 * is any statistics: trouble, a client that was the limit, a law that does not
 * hold.
 */
#ifndef COMMON_COMPARE_SUMMARY_H
#define COMMON_COMPARE_SUMMARY_H

#include "common/compare/block_run.h"

/* TALLIES: of POINT's servers, in PLAN's order, then the control. Leaves
 * verdicts to verdict_of_scenario(), but for INVALID ones. */
void
summary_of_point(struct point *point, const struct accumulator *accumulators,
    const struct compare_plan *plan, const struct load_point *load);

/*
 * Whether the client was the limit of LOAD and the server was not: it could
 * have done more. With a CPU each; on a shared one, both are the limit.
 * Also if the client used what others left of its CPU (see
 * load_result_is_client_bound()). SERVER_NS: CPU that the server used
 * meanwhile; NAN: not known, so it may have had room.
 */
bool
summary_is_client_bound(const struct load_result *load,
    const struct cpu_placement *placement, double server_ns);

#endif
