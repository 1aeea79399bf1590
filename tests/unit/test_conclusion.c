/* SPDX-License-Identifier: MIT */
/* conclusion: it says all that was found, and nothing else. */
#include "tests/unit/unit.h"

#include "common/compare/scenario_table.h"
#include "common/verdict/conclusion.h"
#include "tests/unit/made_comparison.h"

static struct comparison made;
static char text[CONCLUSION_SIZE];

static int
set_up(void **state)
{
	(void)state;
	made_comparison(&made, 2);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	comparison_release(&made);
	return 0;
}

static struct scenario_result *
scenario(const char *name)
{
	for (size_t i = 0; i < made.scenario_count; i++) {
		if (strcmp(made.scenarios[i].name, name) == 0)
			return &made.scenarios[i];
	}
	fail_msg("%s is not there", name);
	return NULL;
}

/* Only the scenario NAME is left, with this verdict and ratio everywhere. */
static struct server_result *
only(const char *name, enum verdict verdict, double ratio)
{
	struct scenario_result kept = *scenario(name);

	for (size_t i = 0; i < made.scenario_count; i++) {
		if (made.scenarios[i].points != kept.points)
			free(made.scenarios[i].points);
	}
	made.scenarios[0] = kept;
	made.scenario_count = 1;
	for (size_t p = 0; p < kept.point_count; p++) {
		kept.points[p].results[1].verdict = verdict;
		kept.points[p].results[1].basis = BASIS_METRIC;
		kept.points[p].results[1].ratio = made_about(ratio, 0.001);
	}
	return &kept.points[0].results[1];
}

static void
says(const char *words)
{
	conclusion(text, sizeof(text), &made, 1);
	if (!strstr(text, words))
		fail_msg("\"%s\" is not in: %s", words, text);
}

static void
is(const char *words)
{
	assert_string_equal(conclusion(text, sizeof(text), &made, 1), words);
}

TEST_WITH(every_scenario_is_in_it, set_up, tear_down)
{
	says("fork is slower than thread by a factor of 2.8 where each request "
	     "brings a new connection, by 5 to 15 % with a growing number of "
	     "connections (at 3 of 6 points), by 20 % where");
	says("fork uses more CPU for each request than thread by 25 % with a "
	     "growing number of connections (at 1 of 6 points: 256 "
	     "connections).");
	says("CPU is compared where the client was the limit of the rate.");
	says(", by a factor of 2.5 to 37 where the server has much memory");
	says("With fork, an idle connection takes 106 KiB instead of 38 and a "
	     "crash ends 0 of 64 connections instead of all 64.");
	says("Between fork and thread, nothing that matters differs where "
	     "connections stay open.");
	says("No answer for http (undecided) and tls (invalid).");
}

TEST_WITH(one_that_cannot_be_told_has_no_answer, set_up, tear_down)
{
	only("churn", UNDECIDED, 0.4);
	is("No answer for churn (undecided).");
	only("churn", INVALID, 0.4);
	is("No answer for churn (invalid).");
	made.scenarios[0].point_count = 0;
	is("No answer for churn (not measured).");
}

TEST_WITH(points_without_an_answer_are_both, set_up, tear_down)
{
	only("sweep", INVALID, 0.4)->verdict = UNDECIDED;
	is("No answer for sweep (undecided or invalid).");
	made.scenarios[0].points[3].results[1].verdict = EQUIVALENT;
	is("Between fork and thread, nothing that matters differs with a "
	   "growing number of connections (at 1 of 6 points: 64 connections).");
}

TEST_WITH(those_without_an_answer_are_told_by_their_reason, set_up, tear_down)
{
	for (size_t i = 0; i < made.scenario_count; i++) {
		for (size_t p = 0; p < made.scenarios[i].point_count; p++)
			made.scenarios[i].points[p].results[1].verdict =
			    i < 2 ? UNDECIDED : INVALID;
	}
	is("No answer for churn, steady (undecided), sweep, knee, parent, "
	   "idle, linking, crash, http and tls (invalid).");
}

/* The verdict is about chance; what matters is another thing. */
TEST_WITH(a_difference_that_does_not_matter_is_none, set_up, tear_down)
{
	only("churn", SLOWER, 0.99);
	is("Between fork and thread, nothing that matters differs where each "
	   "request brings a new connection.");
}

TEST_WITH(sizes_have_one_direction_and_two_digits, set_up, tear_down)
{
	only("churn", SLOWER, 0.3449);
	is("fork is slower than thread by a factor of 2.9 where each request "
	   "brings a new connection.");
	only("churn", SLOWER, 0.756);
	says("slower than thread by 24 % where");
	only("churn", FASTER, 1.316);
	says("faster than thread by 32 % where");
	only("churn", FASTER, 1.992);
	says("by 99 % where");
	only("churn", FASTER, 1.999);
	says("by a factor of 2 where");
	only("churn", SLOWER, 1 / 240.3);
	says("by a factor of 240 where");
}

TEST_WITH(
    points_that_differ_either_way_are_told_of_both_ways, set_up, tear_down)
{
	only("sweep", SLOWER, 0.4);
	made.scenarios[0].points[0].results[1].verdict = FASTER;
	made.scenarios[0].points[0].results[1].ratio = made_about(1.4, 0.01);
	made.scenarios[0].points[1].results[1].ratio = made_about(0.8, 0.01);
	is("fork is slower than thread by 20 % to a factor of 2.5 with a "
	   "growing number of connections (at 5 of 6 points). fork is faster "
	   "than thread by 40 % with a growing number of connections (at 1 of "
	   "6 points: 1 connection).");
}

TEST_WITH(what_is_compared_by_cpu_is_not_called_faster, set_up, tear_down)
{
	only("churn", SLOWER, 1 / 1.31)->basis = BASIS_SERVER_CPU;
	is("fork uses more CPU for each request than thread by 31 % where each "
	   "request brings a new connection. CPU is compared where the client "
	   "was the limit of the rate.");
	only("churn", FASTER, 1 / 0.4)->basis = BASIS_SERVER_CPU;
	says("fork uses less CPU for each request than thread by a factor of "
	     "2.5 where");
	only("churn", FASTER, 1.31)->basis = BASIS_SERVER_CPU;
	says("less CPU for each request than thread by 24 % where");
	only("churn", EQUIVALENT, 1.01)->basis = BASIS_SERVER_CPU;
	is("fork uses as much CPU as thread where each request brings a new "
	   "connection. CPU is compared where the client was the limit of the "
	   "rate.");
	only("churn", INVALID, 1.01)->basis = BASIS_SERVER_CPU;
	is("No answer for churn (invalid).");
}

/* The medians of the table may lie the other way round. */
TEST_WITH(amounts_that_contradict_the_verdict_are_not_told, set_up, tear_down)
{
	struct server_result *f = only("idle", FASTER, 1.2);

	is("fork is better than thread by 20 % in memory for an idle "
	   "connection.");
	f->value.value = 30;
	is("With fork, an idle connection takes 30 KiB instead of 38.");
}

TEST_WITH(a_scenario_of_nobody_we_know_has_its_name, set_up, tear_down)
{
	struct server_result *f = only("churn", SLOWER, 0.5);

	f->has_ratio = false;
	MADE_TEXT(made.scenarios[0].name, "theirs");
	is("fork is slower than thread in theirs.");
	MADE_TEXT(made.scenarios[0].name, "custom");
	is("fork is slower than thread under a load of your own.");
}

TEST_WITH(of_five_servers_each_has_its_own, set_up, tear_down)
{
	comparison_release(&made);
	made_comparison(&made, 3);
	conclusion(text, sizeof(text), &made, 2);
	assert_non_null(strstr(text, "No answer on other "));
	assert_non_null(strstr(text, " for crash (undecided)."));
	assert_non_null(strstr(text, "; also in "));
	assert_null(strstr(text, "fork"));
}

/* Else a new scenario would go by its name alone. */
TEST_WITH(all_our_scenarios_have_their_words, set_up, tear_down)
{
	char in[60];

	for (const struct scenario *s = SCENARIOS; s->name; s++) {
		struct server_result *f = only(
		    made.scenario_count > 1 ? "idle" : made.scenarios[0].name,
		    SLOWER, 0.5);

		f->value.value = 100;
		MADE_TEXT(made.scenarios[0].name, "%s", s->name);
		MADE_TEXT(made.scenarios[0].unit, "%s", s->unit);
		MADE_TEXT(made.scenarios[0].metric, "%s", s->metric);
		conclusion(text, sizeof(text), &made, 1);
		snprintf(in, sizeof(in), "in %s", s->name);
		if (strstr(text, in))
			fail_msg("%s has no words: %s", s->name, text);
	}
}

TEST_WITH(a_short_buffer_is_not_left, set_up, tear_down)
{
	char little[40];

	conclusion(little, sizeof(little), &made, 1);
	assert_int_equal(strlen(little), sizeof(little) - 1);
}

TEST_WITH(a_crash_that_ends_all_with_both_is_told_in_words, set_up, tear_down)
{
	struct server_result *f = only("crash", EQUIVALENT, 1);

	f->value = made.scenarios[0].points[0].results[0].value;
	is("Between fork and thread, nothing that matters differs in "
	   "connections that a crash ends.");
}

RUN_TESTS(NULL, NULL)
