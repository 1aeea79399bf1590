/* SPDX-License-Identifier: MIT */
/*
 * paired_estimate: from the blocks of a server and of the baseline to a ratio,
 * its interval, a p-value, and the power of the test.
 *
 * Arithmetic only: no state, no I/O, safe in any thread. A block in which
 * either server has no value (NAN) is left out.
 */
#ifndef COMMON_VERDICT_PAIRED_ESTIMATE_H
#define COMMON_VERDICT_PAIRED_ESTIMATE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/verdict/comparison.h"

#define PAIRED_BLOCKS_MIN 6 /* fewer give no interval of 95 % */
#define PAIRED_ALPHA 0.05   /* of tests and intervals */

/* Two servers, block by block. */
struct paired_blocks {
	size_t count;
	bool has_ratio; /* each block that is left has one, and there is one */
	double values[RANK_MAX], ratios[RANK_MAX], differences[RANK_MAX];
};

void
paired_blocks(struct paired_blocks *pair, const struct server_result *found,
    const struct server_result *baseline);

/* What the test is about: logarithms of ratios, or differences. */
const double *
paired_compared(const struct paired_blocks *pair);

/*
 * Fills value, has_ratio, ratio, difference, p_value, min_detectable and
 * required_blocks of FOUND from its values and ratios by block. DELTA is the
 * smallest difference that matters, 0.03. BASELINE may be FOUND itself.
 *
 * The ratio has a meaning if every block has one; if not, it is NAN and the
 * difference (FOUND less BASELINE, in the unit) takes its place. Values that
 * hardly vary, as memory and counts, need no other treatment: ties and zeros
 * make the interval hold more often than it says, not less.
 *
 * A ratio by the server's CPU says nothing of the unit: no difference then.
 */
void
paired_estimate(struct server_result *found,
    const struct server_result *baseline, double delta);

/* Fills min_detectable, the smallest effect that a test at ALPHA would have
 * shown (NAN: none), and required_blocks, the sample size that would show
 * DELTA; both NAN with too few blocks to know the spread. */
void
paired_power_analysis(struct server_result *found,
    const struct paired_blocks *pair, double alpha, double delta);

/* The ratio of FOUND by the server's CPU time for each request, whatever its
 * basis is: above 1 is less than BASELINE's. NAN if a block lacks the time. */
struct estimate
paired_cpu_ratio(
    const struct server_result *found, const struct server_result *baseline);

/* The ratio of COUNT logarithms by block, as paired_estimate() computes it; NAN
 * is left out, and is the answer if all are. For `with_dropped`. */
double
paired_ratio(const double *log_ratios, size_t count);

#endif
