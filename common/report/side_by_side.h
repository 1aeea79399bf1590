/* SPDX-License-Identifier: MIT */
/*
 * side_by_side: two comparisons beside each other, matched by the names of
 * scenarios, points and servers.
 *
 * They were not measured in turn, so a difference between them may come from
 * the machine: there are figures, and no verdict across.
 */
#ifndef COMMON_REPORT_SIDE_BY_SIDE_H
#define COMMON_REPORT_SIDE_BY_SIDE_H

#include "common/verdict/comparison.h"

struct side_by_side_row {
	const struct scenario_result *result; /* of A, or else of B */
	const struct point *point;	      /* likewise */
	const char *server;
	const struct server_result *a, *b; /* NULL: it has no such row */
	bool a_baseline, b_baseline;	   /* of each, which may have another */
};

#define SIDE_BY_SIDE_ROWS_MAX (2 * SCENARIOS_MAX * POINTS_MAX * SERVERS_MAX)

/* Fills ROWS, scenario by scenario; those that B alone has are the last.
 * Returns how many. */
size_t
side_by_side_rows(const struct comparison *a, const struct comparison *b,
    struct side_by_side_row rows[SIDE_BY_SIDE_ROWS_MAX]);

/* The figure, "-" for none; with AT_LEAST before a lower bound, and "invalid"
 * or the like behind a figure that is no answer. Returns BUF. */
char *
side_by_side_value(char *buf, size_t size, const struct scenario_result *result,
    const struct server_result *found, const char *at_least);

/* The ratio to its own baseline; all NAN for the baseline itself and for an
 * invalid result. */
struct estimate
side_by_side_ratio(const struct server_result *found, bool baseline);

/* That ratio in digits, "-" for none; with " CPU" behind one that is by the
 * server's CPU. Returns BUF. */
char *
side_by_side_ratio_text(
    char *buf, size_t size, const struct server_result *found, bool baseline);

extern const char SIDE_BY_SIDE_CAVEAT[];

#endif
