/* SPDX-License-Identifier: MIT */
/*
 * pair: two comparisons beside each other, matched by the names of scenarios,
 * points and servers.
 *
 * They were not measured in turn, so what differs between them may be the
 * machine's mood: there are figures, and no verdict across.
 */
#ifndef COMMON_REPORT_SIDE_BY_SIDE_H
#define COMMON_REPORT_SIDE_BY_SIDE_H

#include "common/verdict/comparison.h"

struct pair_row {
	const struct outcome *outcome; /* of A, or else of B */
	const struct point *point;     /* likewise */
	const char *server;
	const struct finding *a, *b; /* NULL: it has none such */
	bool a_baseline, b_baseline; /* of each, which may have another */
};

#define PAIR_ROWS_MAX (2 * SCENARIOS_MAX * POINTS_MAX * SERVERS_MAX)

/* Fills ROWS, scenario by scenario; those that B alone has are the last.
 * Returns how many. */
size_t
pair_rows(const struct comparison *a, const struct comparison *b,
    struct pair_row rows[PAIR_ROWS_MAX]);

/* The figure, "-" for none; AT_LEAST before one that is a lower bound, and a
 * word behind one that is no answer. Returns BUF. */
char *
pair_value(
    char *buf, size_t size, const struct finding *found, const char *at_least);

/* The ratio to its own baseline, which is none itself, nor is there one of what
 * is invalid: all NAN then. */
struct estimate
pair_ratio(const struct finding *found, bool baseline);

extern const char PAIR_CAVEAT[];

#endif
