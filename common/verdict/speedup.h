/* SPDX-License-Identifier: MIT */
/*
 * speedup: how many times what it does on one CPU a server does on several, or
 * several servers that share a port: each against itself.
 *
 * Only of scenarios whose points have the setting "cpus". Points with the same
 * "load" are compared, block by block: those of one number ran within the same
 * minute. Arithmetic and words; no state.
 */
#ifndef COMMON_VERDICT_SPEEDUP_H
#define COMMON_VERDICT_SPEEDUP_H

#include <stddef.h>

#include "common/verdict/comparison.h"

/*
 * Sets the speed-up of all SERVERS and the control at each point of RESULT that
 * has one on one CPU beside it; for both, the values by block are known. It is
 * unknown where the client was the limit on one CPU, or either result is
 * invalid.
 */
void
speedup_of_scenario(struct scenario_result *result, size_t servers);

/* "thread: kept connections 3.61 times the rate of 1 CPU on 4 CPUs; ..." in BUF
 * of SIZE bytes; empty if there is none. Returns BUF. */
char *
speedup_words(char *buf, size_t size, const struct comparison *comparison,
    const struct scenario_result *result, size_t server);

#endif
