/* SPDX-License-Identifier: MIT */
/*
 * pair: two comparisons beside each other, matched by the names of scenarios,
 * points and servers.
 *
 * They were not measured in turn, so what differs between them may be the
 * machine's mood: there are figures, and no verdict across.
 */
#ifndef COMMON_REPORT_PAIR_H
#define COMMON_REPORT_PAIR_H

#include "common/load/comparison.h"

struct pair_row {
	const struct outcome *outcome; /* of A, or else of B */
	const struct point *point;     /* likewise */
	const char *server;
	bool baseline;
	const struct finding *a, *b; /* NULL: it has none such */
};

#define PAIR_ROWS_MAX (2 * SCENARIOS_MAX * POINTS_MAX * SERVERS_MAX)

/* Fills ROWS, scenario by scenario; those that B alone has are the last.
 * Returns how many. */
size_t
pair_rows(const struct comparison *a, const struct comparison *b,
    struct pair_row rows[PAIR_ROWS_MAX]);

extern const char PAIR_CAVEAT[];

#endif
