/* SPDX-License-Identifier: MIT */
/*
 * sentences: what a comparison says in words, once for all
 * that render it, so that the terminal and the page agree.
 *
 * Each call that takes BUF fills it, at most SIZE bytes with the NUL, and
 * returns it. Nothing is escaped: names and reasons may hold any bytes. What
 * is not known is "-". No state.
 */
#ifndef COMMON_VERDICT_SENTENCES_H
#define COMMON_VERDICT_SENTENCES_H

#include <stdbool.h>

#include "common/format/figures.h"
#include "common/verdict/labels.h"

#define SENTENCE_SIZE 1200 /* for a sentence */

/* Rates and times are faster or slower; memory and counts are better or
 * worse. */
bool
sentence_is_speed(const struct scenario_result *result);

/* The verdict's, but "better" and "worse" where nothing is fast: memory, say;
 * and "less CPU", "more CPU", "same CPU" where that is compared instead. RESULT
 * NULL: as the contract has them. */
const char *
sentence_verdict_word(const struct scenario_result *result,
    enum verdict verdict, enum basis basis);

/* The figures of SERVER and of the baseline at POINT: "5,000 against 14,123
 * requests/s", "1 of 64 connections lost instead of all 64"; empty where one of
 * them has none. */
char *
sentence_values(char *buf, size_t size, const struct scenario_result *result,
    const struct point *point, size_t server);

/* The same in short: "88.5 KiB instead of 32.5". */
char *
sentence_amounts(char *buf, size_t size, const struct scenario_result *result,
    const struct point *point, size_t server);

/*
 * "fork is slower than thread: 5,000 against 14,123 requests/s; ratio 0.354,
 * between 0.348 and 0.360". The ratio is the table's: above 1 is better.
 * Without the reason, but where it is all there is to say. By CPU: "fork uses
 * 1.31 times the CPU of thread for each request, between 1.29 and 1.33; the
 * client was the limit, so the rate says nothing".
 */
char *
sentence_verdict(char *buf, size_t size, const struct comparison *comparison,
    const struct scenario_result *result, const struct point *point,
    size_t server);

/*
 * Of a scenario with several points: "fork against thread is slower at 4,
 * equivalent at 2 of 6 points: ratios from 0.75 to 1.00". Returns the result of
 * the first point if all have its verdict, on its basis; else NULL.
 */
const struct server_result *
sentence_verdicts(char *buf, size_t size, const struct comparison *comparison,
    const struct scenario_result *result, size_t server);

/* Whether the points of SERVER have an answer, and not one for all. */
bool
sentence_depends(const struct scenario_result *result, size_t server);

/* "fork: a difference of 1.1 % or more would have been found ..."; empty of
 * counts and memory, which hardly vary, and where it is not known. */
char *
sentence_detectable(char *buf, size_t size, const struct comparison *comparison,
    const struct scenario_result *result, size_t server);

/*
 * Why the figures of SERVER and the baseline point one way and the ratio the
 * other, where they do at a point: the ratio is the median of ratios side by
 * side, the figures are medians over all times. Else empty. It asks to believe
 * the ratio only where the verdict does.
 */
char *
sentence_direction(char *buf, size_t size, const struct comparison *comparison,
    const struct scenario_result *result, size_t server);

/* How to read the ratios by CPU among several points; empty if there is none,
 * or one point, whose sentence says it. */
char *
sentence_by_cpu(char *buf, size_t size, const struct scenario_result *result,
    size_t server);

/* Whether the reason of SERVER at POINT is that of the baseline, too, so that
 * it need not be said twice. */
bool
sentence_repeats(const struct point *point, size_t server);

/* Why there is no answer on SERVER at point I of several: "64 connections,
 * fork: 3 blocks are too few"; once for all points if they share it; else
 * empty. */
char *
sentence_reason(char *buf, size_t size, const struct comparison *comparison,
    const struct scenario_result *result, size_t i, size_t server);

#endif
