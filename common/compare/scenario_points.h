/* SPDX-License-Identifier: MIT */
/*
 * scenario_points: makes the points of a scenario that this machine can do,
 * with every text filled in.
 */
#ifndef COMMON_COMPARE_SCENARIO_POINTS_H
#define COMMON_COMPARE_SCENARIO_POINTS_H

#include "common/compare/scenario.h"
#include "common/sysinfo/cpu_placement.h"

/*
 * Fills POINTS (POINTS_MAX of them) for INSTANCES servers that run at the same
 * time, on the CPUs of PLACEMENT. A point that is too large for this machine
 * becomes the largest that fits, or is left out; NOTE (SIZE bytes) then says
 * so, else it is empty. Returns how many points there are.
 */
size_t
scenario_expand(const struct scenario *scenario,
    const struct cpu_placement *placement, size_t instances,
    struct load_point *points, char *note, size_t size);

/* Bytes of a point as text. */
#define LOAD_POINT_TEXT 500

/* "connections=64;share=0.5" in BUF. Returns BUF. */
char *
load_point_format(const struct load_point *point, char *buf, size_t size);

#endif
