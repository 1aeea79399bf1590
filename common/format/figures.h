/* SPDX-License-Identifier: MIT */
/*
 * figures: numbers as short text, for tables and sentences.
 *
 * Each call fills BUF, at most SIZE bytes with the NUL, and returns it. A
 * number that is not known (NAN) is "-". No state.
 */
#ifndef COMMON_FORMAT_FIGURES_H
#define COMMON_FORMAT_FIGURES_H

#include <stddef.h>

#include "common/stats/rank_tests.h"

#define FIGURE_SIZE 40 /* holds any of them */

/* "14,123" */
char *
figure_number(char *buf, size_t size, double value);

/* "0.354" */
char *
figure_ratio(char *buf, size_t size, double ratio);

/* "71.7 us", of microseconds. */
char *
figure_time(char *buf, size_t size, double us);

/* "0.348 .. 0.360" */
char *
figure_ratio_interval(char *buf, size_t size, const struct estimate *e);

char *
figure_interval(char *buf, size_t size, const struct estimate *e);

#endif
