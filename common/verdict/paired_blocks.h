/* SPDX-License-Identifier: MIT */
/*
 * judge_pair: two findings by block, for judge.h's own files.
 *
 * A block in which either of the two has no value is left out.
 */
#ifndef COMMON_VERDICT_PAIRED_BLOCKS_H
#define COMMON_VERDICT_PAIRED_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/verdict/comparison.h"

struct judge_pair {
	size_t count;
	bool has_ratio; /* in every block that is left, and there is one */
	double values[STATS_MAX], ratios[STATS_MAX], differences[STATS_MAX];
};

void
judge_pair(struct judge_pair *pair, const struct finding *found,
    const struct finding *baseline);

/* The numbers that the test is about: logarithms of ratios, or differences. */
const double *
judge_compared(const struct judge_pair *pair);

/* Fills detectable and blocks_needed: what a test at ALPHA would have shown,
 * NAN if nothing would, and what it would take to see DELTA; both NAN with too
 * few blocks to know the spread. */
void
judge_foresee(struct finding *found, const struct judge_pair *pair,
    double alpha, double delta);

#endif
