/* SPDX-License-Identifier: MIT */
/*
 * core_points: the points of the scenario `cores`, from how many CPUs a server
 * has.
 *
 * Kept connections, then new ones, on 1, 2, 4, ... CPUs and on all; then new
 * ones for two and four servers that share a port, on all CPUs.
 */
#ifndef COMMON_COMPARE_CORE_POINTS_H
#define COMMON_COMPARE_CORE_POINTS_H

#include <stdint.h>

#include "common/compare/scenario.h"
#include "common/sysinfo/cpu_placement.h"
#include "common/verdict/comparison.h"

/*
 * Fills VARIATIONS (POINTS_MAX + 1 of them) for the server's CPUs in PLACEMENT;
 * the last one is zeroed. All points of one load have the same number of
 * connections, so that they differ in CPUs alone. A zeroed PLACEMENT is one
 * CPU.
 */
void
core_points(
    struct variation *variations, const struct cpu_placement *placement);

/* What a reader has to know of these points, in BUF; empty: nothing. Returns
 * BUF. */
char *
core_points_note(const struct cpu_placement *placement, char *buf, size_t size);

#endif
