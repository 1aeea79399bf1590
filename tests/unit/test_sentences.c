/* SPDX-License-Identifier: MIT */
/* sentences: what verdicts, figures and counts are in words. */
#include "tests/unit/unit.h"

#include "common/verdict/sentences.h"
#include "tests/unit/one_ratio.h"

/* ---- too few blocks for an interval ---- */

FRESH(without_an_interval_nothing_is_between)
{
	struct estimate *ratio = &results[1].ratio;

	results[1].verdict = UNDECIDED;
	sentence_verdict(
	    text, sizeof(text), &comparison, result, &result->points[0], 1);
	says("; ratio 0.354");
	says(", between ");
	ratio->low = ratio->high = NAN;
	sentence_verdict(
	    text, sizeof(text), &comparison, result, &result->points[0], 1);
	says("; ratio 0.354");
	does_not_say("between");
	does_not_say("nan");
}

/* ---- one direction ---- */

/* Of the scenario NAME, at its first point. */
static void
point_of(const char *name)
{
	for (size_t i = 0; i < comparison.scenario_count; i++) {
		if (strcmp(comparison.scenarios[i].name, name) == 0)
			result = &comparison.scenarios[i];
	}
	results = result->points[0].results;
}

static void
say_verdict(void)
{
	sentence_verdict(
	    text, sizeof(text), &comparison, result, &result->points[0], 1);
}

FRESH(words_have_the_ratio_of_the_table_where_less_is_better)
{
	point_of("idle");
	say_verdict();
	assert_string_equal(text,
	    "fork is worse than thread: 106 against 38 KiB (memory for a "
	    "connection); ratio 0.360, between 0.354 and 0.366");
	point_of("knee");
	say_verdict();
	says("ratio 0.800, between 0.786 and 0.814");
	assert_int_equal(
	    sentence_verdicts(text, sizeof(text), &comparison, result, 1)
		->verdict,
	    SLOWER);
	says("slower at all 6 points: ratio 0.800");
}

static void
lose(double base, double value, const char *words)
{
	results[0].value = made_about(base, 0);
	results[1].value = made_about(value, 0);
	results[1].has_ratio = value > 0;
	results[1].ratio = made_about(base / value, 0);
	say_verdict();
	says(words);
	does_not_say("between");
}

/* "0.0156 times the connections lost" */
FRESH(of_what_is_counted_the_words_say_how_many_of_all)
{
	point_of("crash");
	lose(64, 1, ": 1 of 64 connections lost instead of all 64; ratio 64");
	lose(64, 64, ": 64 of 64 connections lost with both; ratio 1.000");
	lose(2, 1, ": 1 of 64 connections lost instead of 2; ratio 2.000");
	result->points[0].setting_count = 0; /* as an older file may be */
	lose(64, 1, ": 1 connections lost instead of 64; ratio 64");
}

FRESH(what_is_exact_would_not_have_shown_less)
{
	point_of("churn");
	sentence_detectable(text, sizeof(text), &comparison, result, 1);
	assert_string_equal(text,
	    "fork: a difference of 1.1 % or more would have been found "
	    "in 4 of 5 such measurements");
	point_of("idle");
	sentence_detectable(text, sizeof(text), &comparison, result, 1);
	assert_string_equal(text, "");
}

/* Of 0.99 in the table beside a ratio of 1.01. */
FRESH(figures_that_contradict_the_ratio_are_explained)
{
	point_of("churn");
	sentence_direction(text, sizeof(text), &comparison, result, 1);
	assert_string_equal(text, "");
	results[1].ratio.value = 1.01;
	sentence_direction(text, sizeof(text), &comparison, result, 1);
	says("fork: the figures point the other way than the ratio. ");
	does_not_say("points)");
	result->higher_is_better = false; /* less is the better one */
	sentence_direction(text, sizeof(text), &comparison, result, 1);
	assert_string_equal(text, "");
	results[1].ratio.value = 0.9996; /* shown as 1.000 */
	sentence_direction(text, sizeof(text), &comparison, result, 1);
	assert_string_equal(text, "");
}

FRESH(of_several_points_one_sentence_explains_it)
{
	point_of("sweep");
	result->points[2].results[1].ratio.value = 1.2;
	result->points[3].results[1].ratio.value = 1.2;
	result->points[4].results[1].ratio.value = 1.2; /* by CPU */
	sentence_direction(text, sizeof(text), &comparison, result, 1);
	says("fork, 16 connections: the figures point the other way");
	says("(so at 2 points)");
	result->points[2].results[1].verdict = INVALID;
	sentence_direction(text, sizeof(text), &comparison, result, 1);
	says("fork, 64 connections: ");
	does_not_say("so at");
}

FRESH(an_undecided_ratio_that_contradicts_is_not_to_be_believed)
{
	point_of("churn");
	results[1].ratio.value = 1.01;
	sentence_direction(text, sizeof(text), &comparison, result, 1);
	says("Believe the ratio: it compares");
	results[1].verdict = UNDECIDED;
	sentence_direction(text, sizeof(text), &comparison, result, 1);
	says("Neither direction is sure");
	does_not_say("Believe");
}

/* ---- by the server's CPU ---- */

static void
compare_by_cpu(enum verdict verdict, double times, double half)
{
	results[1].basis = BASIS_SERVER_CPU;
	results[1].verdict = verdict;
	results[1].ratio = (struct estimate){
	    1 / times, 1 / (times + half), 1 / (times - half)};
}

FRESH(how_much_cpu_is_not_how_fast)
{
	point_of("steady");
	compare_by_cpu(SLOWER, 1.31, 0.02);
	say_verdict();
	assert_string_equal(text,
	    "fork uses 1.310 times (between 1.290 and 1.330) the CPU of thread "
	    "for each request; the client was the limit, so the rate says "
	    "nothing");
	compare_by_cpu(FASTER, 0.8, 0);
	say_verdict();
	says("fork uses 0.800 times the CPU of thread for each request; ");
	compare_by_cpu(EQUIVALENT, 1, 0);
	say_verdict();
	says("fork uses 1.000 times the CPU of thread");
	compare_by_cpu(UNDECIDED, 1.02, 0.05);
	say_verdict();
	says("fork against thread is undecided: fork uses 1.020 times");
	compare_by_cpu(INVALID, 1.02, 0.05);
	say_verdict();
	assert_string_equal(text, "fork against thread is invalid");
}

FRESH(what_the_client_limits_is_not_always_a_rate)
{
	point_of("knee");
	compare_by_cpu(SLOWER, 1.31, 0.02);
	say_verdict();
	says("the client was the limit, so the latency says nothing");
}

FRESH(points_by_cpu_are_counted_by_themselves)
{
	point_of("sweep");
	assert_null(
	    sentence_verdicts(text, sizeof(text), &comparison, result, 1));
	assert_string_equal(text,
	    "fork against thread is slower at 3, equivalent at 1, invalid at "
	    "1, and uses more CPU at 1 of 6 points: ratios from 0.800 to "
	    "1.000");
	sentence_by_cpu(text, sizeof(text), result, 1);
	says("the client was the limit there, so the rate says nothing");
	for (size_t i = 0; i < result->point_count; i++)
		result->points[i].results[1].verdict = SLOWER;
	assert_true(sentence_depends(result, 1)); /* on what is compared */
	for (size_t i = 0; i < result->point_count; i++) {
		results = result->points[i].results;
		compare_by_cpu(SLOWER, 1.25, 0.02);
	}
	assert_ptr_equal(
	    sentence_verdicts(text, sizeof(text), &comparison, result, 1),
	    &result->points[0].results[1]);
	assert_string_equal(text,
	    "fork against thread uses more CPU at all 6 points: ratio 0.800");
}

FRESH(without_a_verdict_it_is_all_the_same_what_was_compared)
{
	point_of("sweep");
	for (size_t i = 0; i < result->point_count; i++)
		result->points[i].results[1].verdict = UNDECIDED;
	assert_non_null(
	    sentence_verdicts(text, sizeof(text), &comparison, result, 1));
	says("fork against thread is undecided at all 6 points: ");
}

FRESH(no_difference_is_not_0_more)
{
	point_of("crash");
	results[1].value = results[0].value;
	results[1].difference = (struct estimate){0, 0, 0};
	results[1].verdict = EQUIVALENT;
	say_verdict();
	says("64 of 64 connections lost with both; no difference");
}

FRESH(a_reason_that_all_points_share_is_told_once)
{
	point_of("sweep");
	for (size_t i = 0; i < result->point_count; i++) {
		result->points[i].results[1].verdict = UNDECIDED;
		MADE_TEXT(result->points[i].results[1].reason, "too few");
	}
	assert_string_equal(
	    sentence_reason(text, sizeof(text), &comparison, result, 0, 1),
	    "all 6 points, fork: too few");
	assert_string_equal(
	    sentence_reason(text, sizeof(text), &comparison, result, 3, 1), "");
	MADE_TEXT(result->points[5].results[1].reason, "another");
	sentence_reason(text, sizeof(text), &comparison, result, 3, 1);
	assert_string_equal(text, "64 connections, fork: too few");
}

FRESH(a_reason_that_is_the_baseline_s_is_told_once)
{
	point_of("sweep");
	results[0].verdict = results[1].verdict = INVALID;
	MADE_TEXT(results[0].reason, "it did not start");
	MADE_TEXT(results[1].reason, "the baseline: it did not start");
	assert_true(sentence_repeats(&result->points[0], 1));
	MADE_TEXT(results[1].reason, "the baseline: something else");
	assert_false(sentence_repeats(&result->points[0], 1));
}

RUN_TESTS(NULL, NULL)
