/* SPDX-License-Identifier: MIT */
/*
 * labels: what points, settings and values of a comparison are called in tables
 * and pictures.
 *
 * Each call that takes BUF fills it, at most SIZE bytes with the NUL, and
 * returns it. Texts are not escaped. No state.
 */
#ifndef COMMON_VERDICT_LABELS_H
#define COMMON_VERDICT_LABELS_H

#include <stdbool.h>

#include "common/format/figures.h"
#include "common/verdict/comparison.h"

/* Whether its value is a 99th percentile, beside which that of all replies
 * together would be a second one; or is the sum of the memory's kinds. */
bool
label_is_percentile(const struct scenario_result *result);

bool
label_is_memory(const struct scenario_result *result);

/* Whether its value is a lower bound, because the client was the limit: of a
 * rate only, since such a client makes delays longer. */
bool
label_is_lower_bound(
    const struct scenario_result *result, const struct server_result *found);

/* "7.7 = 1.2 + 6.5": all, user, system. */
char *
label_cpu(char *buf, size_t size, const struct usage *usage);

/* "64 connections", "with TLS"; empty if the point has no settings. */
char *
label_point(char *buf, size_t size, const struct point *point);

/* The ratio that a table shows: unknown if it is invalid, so that nobody takes
 * it for a result. */
struct estimate
label_ratio(const struct server_result *found);

/* Its name for a column or an axis: "connections", "parent's size, MiB". */
const char *
label_setting_name(const char *key);

/* Its number in a column. */
char *
label_setting(char *buf, size_t size, const struct setting *setting);

#endif
