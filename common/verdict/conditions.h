/* SPDX-License-Identifier: MIT */
/*
 * conditions: how a comparison came about, in words: the machine, the method,
 * how well the baseline agrees with itself, what was odd about a result.
 *
 * Each call that takes BUF fills it, at most SIZE bytes with the NUL, and
 * returns it. Parts stand between semicolons. Nothing is escaped: names may
 * hold any bytes. No state.
 */
#ifndef COMMON_VERDICT_CONDITIONS_H
#define COMMON_VERDICT_CONDITIONS_H

#include <stddef.h>

#include "common/verdict/comparison.h"

/* "control: thread against itself has a ratio of 1.001, between 0.98 and 1.02;
 * it should be 1"; where that is
 * compared, the same in CPU; empty: none. */
char *
conditions_control(char *buf, size_t size, const struct comparison *comparison,
    const struct scenario_result *result);

/* "20 blocks; 600 slices used, ..." of all servers and points. */
char *
conditions_blocks(char *buf, size_t size, const struct comparison *comparison,
    const struct scenario_result *result);

/* What else there is to know of FOUND, of RESULT: errors, a client that was the
 * limit, what was dropped; empty if nothing. */
char *
conditions_remarks(char *buf, size_t size, const struct scenario_result *result,
    const struct server_result *found);

/* "2 CPUs, A Processor (virtual), ..." */
char *
conditions_machine(char *buf, size_t size, const struct comparison *comparison);

/* "20 blocks with fresh servers, ..." */
char *
conditions_method(char *buf, size_t size, const struct comparison *comparison);

/* "This holds for this machine, ..." */
extern const char CONDITIONS_CAVEAT[];

#endif
