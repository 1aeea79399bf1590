/* SPDX-License-Identifier: MIT */
/*
 * scenario_table: all that client compare can measure, a row each.
 */
#ifndef COMMON_COMPARE_SCENARIO_TABLE_H
#define COMMON_COMPARE_SCENARIO_TABLE_H

#include "common/compare/scenario.h"

/* NULL-terminated by name. */
extern const struct scenario SCENARIOS[];

/* NULL if there is none of that name. */
const struct scenario *
scenario_find(const char *name);

#endif
