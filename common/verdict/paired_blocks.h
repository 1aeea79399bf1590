/* SPDX-License-Identifier: MIT */
/*
 * paired_blocks: two findings by block, for verdict.h's own files.
 *
 * A block in which either of the two has no value is left out.
 */
#ifndef COMMON_VERDICT_PAIRED_BLOCKS_H
#define COMMON_VERDICT_PAIRED_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/verdict/comparison.h"

struct paired_blocks {
	size_t count;
	bool has_ratio; /* in every block that is left, and there is one */
	double values[RANK_MAX], ratios[RANK_MAX], differences[RANK_MAX];
};

void
paired_blocks(struct paired_blocks *pair, const struct server_result *found,
    const struct server_result *baseline);

/* The numbers that the test is about: logarithms of ratios, or differences. */
const double *
paired_compared(const struct paired_blocks *pair);

/* Fills detectable and required_blocks: what a test at ALPHA would have shown,
 * NAN if nothing would, and what it would take to see DELTA; both NAN with too
 * few blocks to know the spread. */
void
paired_power_analysis(struct server_result *found,
    const struct paired_blocks *pair, double alpha, double delta);

#endif
