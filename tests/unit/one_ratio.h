/* SPDX-License-Identifier: MIT */
/*
 * one_ratio: a made-up comparison with its first scenario of one point and one
 * ratio, fresh for each test, and what a call has put into `text`.
 */
#ifndef TESTS_UNIT_ONE_RATIO_H
#define TESTS_UNIT_ONE_RATIO_H

#include "tests/unit/unit.h"

#include "tests/unit/made_comparison.h"

static struct comparison comparison;
static struct scenario_result *result; /* with one point */
static struct server_result *results;
static char text[700];

static int
set_up(void **state)
{
	(void)state;
	made_comparison(&comparison, 2);
	for (size_t s = 0; s < comparison.scenario_count; s++) {
		result = &comparison.scenarios[s];
		results = result->points[0].results;
		if (result->point_count == 1 && results[1].has_ratio)
			return 0;
	}
	return -1;
}

static int
tear_down(void **state)
{
	(void)state;
	comparison_release(&comparison);
	return 0;
}

#define FRESH(test) TEST_WITH(test, set_up, tear_down)

static void
says(const char *words)
{
	if (!strstr(text, words))
		fail_msg("\"%s\" is not in: %s", words, text);
}

static void
does_not_say(const char *words)
{
	if (strstr(text, words))
		fail_msg("\"%s\" is in: %s", words, text);
}

#endif
