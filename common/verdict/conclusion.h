/* SPDX-License-Identifier: MIT */
/*
 * conclusion: what a comparison means for a reader who has to decide, in two or
 * three sentences that say no more than the verdicts do.
 *
 * "fork is slower than thread by a factor of 2.9 where each request brings a
 * connection. With fork, a crash ends 1 of 64 connections instead of all 64.
 * Nothing that matters differs where a request computes for 50 us. fork uses
 * more CPU for each request than thread by 31 % under TLS. CPU is compared
 * where the client was the limit of the rate. No answer for crash (invalid)."
 */
#ifndef COMMON_VERDICT_CONCLUSION_H
#define COMMON_VERDICT_CONCLUSION_H

#include <stdbool.h>
#include <stddef.h>

#include "common/verdict/comparison.h"

#define CONCLUSION_SIZE 4000

/* Of SERVER, which is not the baseline. Each scenario is in it. Returns BUF;
 * empty if there is no scenario. */
char *
conclusion(
    char *buf, size_t size, const struct comparison *comparison, size_t server);

/* Why there is no conclusion at all; empty if there is one. */
const char *
conclusion_missing(const struct comparison *comparison);

/* Whether a ratio of RESULT has this verdict, on this basis. A scenario without
 * a result is INVALID; whatever has no verdict is of BASIS_METRIC here. */
bool
conclusion_scenario_has(const struct scenario_result *result, size_t servers,
    enum verdict verdict, enum basis basis);

#endif
