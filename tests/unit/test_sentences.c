/* SPDX-License-Identifier: MIT */
/* facts: sentences about figures of which a part is not known. */
#include "tests/unit/unit.h"

#include "common/verdict/sentences.h"
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

/* ---- too few blocks for an interval ---- */

static void
without_an_interval_nothing_is_between(void **state)
{
	struct estimate *ratio = &results[1].ratio;

	(void)state;
	results[1].verdict = UNDECIDED;
	sentence_verdict(
	    text, sizeof(text), &comparison, result, &results[1], 1);
	says(" times the ");
	says(", between ");
	ratio->low = ratio->high = NAN;
	sentence_verdict(
	    text, sizeof(text), &comparison, result, &results[1], 1);
	says(" times the ");
	does_not_say("between");
	does_not_say("nan");
}

static void
a_control_of_few_blocks_has_its_value(void **state)
{
	struct estimate *ratio = &results[2].ratio;

	(void)state;
	sentence_control(text, sizeof(text), &comparison, result);
	says(", between ");
	says(" (1 is what it should be)");
	ratio->low = ratio->high = NAN;
	sentence_control(text, sizeof(text), &comparison, result);
	says(" twice: 1");
	does_not_say("between");
	says(" (1 is what it should be)");
}

/* ---- what counted ---- */

/* Of each of the three instances. */
static void
slices(size_t kept, size_t dropped)
{
	for (size_t i = 0; i < 3; i++) {
		results[i].slices = kept;
		results[i].dropped = dropped;
		results[i].warm_up = 0;
	}
	sentence_blocks(text, sizeof(text), &comparison, result);
}

static void
what_was_dropped_is_told_though_nothing_is_left(void **state)
{
	(void)state;
	slices(10, 0);
	says("; 30 slices count, 0 dropped for a cause outside");
	does_not_say("CPU");
	slices(0, 10);
	says(" blocks; 0 slices count, 30 dropped for a cause outside");
	says("; CPU is that of all slices");
	slices(0, 0); /* measured otherwise */
	says(" blocks");
	does_not_say("slices");
}

static void
servers_that_never_started_had_no_block(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++)
		results[i].usable = false;
	slices(0, 0);
	assert_string_equal(text, "no block was completed");
	results[2].usable = true;
	results[2].blocks = 1;
	slices(0, 0);
	assert_string_equal(text, "1 block");
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

/* ---- remarks ---- */

static void
requests_that_were_sent_twice_are_told(void **state)
{
	struct server_result found = {
	    .requests = 100, .retries = 3, .little = 1};

	(void)state;
	sentence_remarks(text, sizeof(text), &found);
	says("3 sent again, as the server closed their connections");
	found.retries = 0;
	sentence_remarks(text, sizeof(text), &found);
	does_not_say("again");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(requests_that_were_sent_twice_are_told),
	    FRESH(without_an_interval_nothing_is_between),
	    FRESH(a_control_of_few_blocks_has_its_value),
	    FRESH(what_was_dropped_is_told_though_nothing_is_left),
	    FRESH(servers_that_never_started_had_no_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
