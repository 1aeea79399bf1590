/* SPDX-License-Identifier: MIT */
/*
 * advice: what to do next when a scenario gave no answer, once for all that
 * render it.
 *
 * An *invalid* result has a line of advice for each of its causes, and one that
 * says what the discarded slices would have given. An *undecided* one has the
 * command that would decide it. Nothing is escaped: names may hold any bytes.
 * No state.
 */
#ifndef COMMON_VERDICT_ADVICE_H
#define COMMON_VERDICT_ADVICE_H

#include "common/verdict/comparison.h"

#define ADVICE_LINES 8
#define ADVICE_SIZE 700

struct advice {
	size_t count; /* 0: every ratio has its answer */
	size_t to_do; /* so many at the start say what to do */
	char lines[ADVICE_LINES][ADVICE_SIZE];
};

/* On all points and servers of RESULT, no line twice. */
void
advice_of(struct advice *advice, const struct comparison *comparison,
    const struct scenario_result *result);

/* "Interrupted during steady. Not begun: idle, crash." in BUF of SIZE bytes;
 * empty if it ran to its end. Returns BUF. */
char *
advice_interrupted(char *buf, size_t size, const struct comparison *comparison);

#endif
