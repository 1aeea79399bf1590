/* SPDX-License-Identifier: MIT */
/*
 * abba_rounds: one block in which the servers take turns (A B B A), for figures
 * that a twentieth of a second of load can tell.
 */
#ifndef COMMON_COMPARE_ABBA_ROUNDS_H
#define COMMON_COMPARE_ABBA_ROUNDS_H

#include "common/compare/block_run.h"

/*
 * Reads the two slices of one server in one round, THERE and BACK. Fills VALUE
 * with the logarithms of their figures; NAN: none. SERVICE, which is NAN
 * before, may get the logarithm of the figure in which time counts from the
 * sending. May merge THERE and BACK, which are the caller's.
 */
typedef void
abba_rounds_value(struct load_result *there, struct load_result *back,
    double value[2], double *service);

/* Runs a block at RUN's point, and notes its numbers: exp() of the values,
 * times SCALE. */
void
abba_rounds_block(
    struct block_run *run, abba_rounds_value *value, double scale);

/* About how many seconds that takes. */
double
abba_rounds_seconds(
    const struct compare_plan *plan, const struct load_point *point);

#endif
