/* SPDX-License-Identifier: MIT */
/*
 * abba_rounds: one block in which the servers take turns, for figures that a
 * twentieth of a second of load can tell.
 */
#ifndef COMMON_COMPARE_ABBA_ROUNDS_H
#define COMMON_COMPARE_ABBA_ROUNDS_H

#include "common/compare/block_run.h"

/*
 * The logarithms of what the two slices THERE and BACK of one server in one
 * round say, in VALUE; NAN: nothing. SERVICE, which is NAN before, may get the
 * like where time counts from the sending. They may be merged: both are the
 * caller's.
 */
typedef void
abba_rounds_value(struct load_result *there, struct load_result *back,
    double value[2], double *service);

/* Runs a block at TRIAL's point, and notes its numbers: exp() of the values
 * times SCALE. */
void
abba_rounds_block(
    struct block_run *run, abba_rounds_value *value, double scale);

/* About how long that takes. */
double
abba_rounds_seconds(
    const struct compare_plan *plan, const struct load_point *point);

#endif
