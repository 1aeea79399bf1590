/* SPDX-License-Identifier: MIT */
/* advice: what a scenario without an answer tells its reader to do. */
#include "tests/unit/unit.h"

#include "common/verdict/advice.h"
#include "tests/unit/made_comparison.h"

static struct comparison comparison;
static struct advice advice;

static int
set_up(void **state)
{
	(void)state;
	made_comparison(&comparison, 2);
	MADE_TEXT(comparison.command, "client compare --quick");
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	comparison_release(&comparison);
	return 0;
}

/* The first scenario: fork at its first point. */
static struct server_result *
fork_result(void)
{
	return &comparison.scenarios[0].points[0].results[1];
}

static const struct server_result *
invalid(const char *cause)
{
	struct server_result *found = fork_result();

	found->verdict = INVALID;
	MADE_TEXT(found->cause, "%s", cause);
	advice_of(&advice, &comparison, &comparison.scenarios[0]);
	return found;
}

static bool
advises(const char *words)
{
	for (size_t i = 0; i < advice.count; i++) {
		if (strstr(advice.lines[i], words))
			return true;
	}
	return false;
}

#define ADVICE_TEST(name) TEST_WITH(name, set_up, tear_down)

ADVICE_TEST(an_answer_needs_no_advice)
{
	fork_result()->verdict = SLOWER;
	advice_of(&advice, &comparison, &comparison.scenarios[0]);
	assert_int_equal(advice.count, 0);
}

ADVICE_TEST(each_cause_has_a_line_of_its_own)
{
	static const struct {
		const char *cause, *words;
	} lines[] = {
	    {CAUSE_DISTURBED, "--keep-disturbed"},
	    {CAUSE_QUOTA, "more CPU time"},
	    {CAUSE_STALL, "go to sleep"},
	    {CAUSE_CLIENT, "--client-cpus"},
	    {CAUSE_BACKLOG, "somaxconn"},
	    {CAUSE_SERVER, "by hand"},
	    {CAUSE_RATE, "lower rates"},
	    {CAUSE_LITTLE, "measurement itself"},
	    {CAUSE_CONTROL, "--blocks"},
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		fork_result()->dropped = 0;
		invalid(lines[i].cause);
		assert_int_equal(advice.count, 1);
		assert_true(advises(lines[i].words));
	}
}

ADVICE_TEST(what_was_busy_is_named)
{
	MADE_TEXT(comparison.busiest, "make (71 %% of a CPU)");
	invalid(CAUSE_DISTURBED);
	assert_true(advises("the busiest were make (71 % of a CPU)."));
}

ADVICE_TEST(what_the_discarded_slices_would_have_given_is_told)
{
	fork_result()->with_dropped = 0.5;
	invalid(CAUSE_DISTURBED);
	assert_true(
	    advises("With the discarded slices, the ratio of fork would "
		    "be 0.500. It is no result."));
}

/* Above 1 is better, where less is, too: as in the tables. */
ADVICE_TEST(discarded_slices_have_the_ratio_s_direction)
{
	comparison.scenarios[0].higher_is_better = false;
	MADE_TEXT(comparison.scenarios[0].metric, "response time");
	fork_result()->with_dropped = 0.4;
	invalid(CAUSE_DISTURBED);
	assert_true(advises("the ratio of fork would be 0.400."));
}

static void
undecided(size_t blocks, double needed)
{
	struct server_result *found = fork_result();

	found->verdict = UNDECIDED;
	found->blocks = blocks;
	found->required_blocks = needed;
	advice_of(&advice, &comparison, &comparison.scenarios[0]);
	assert_int_equal(advice.count, 1);
}

ADVICE_TEST(undecided_tells_the_command_that_decides)
{
	char command[100];

	undecided(8, 40);
	snprintf(command, sizeof(command),
	    "To decide it: client compare --blocks 40 %s",
	    comparison.scenarios[0].name);
	assert_string_equal(advice.lines[0], command);
}

ADVICE_TEST(a_seed_is_no_part_of_the_command)
{
	MADE_TEXT(comparison.command, "client compare --seed 42 all");
	undecided(8, 40);
	assert_true(advises("client compare --blocks 40 "));
}

/* Without them it would be another question. */
ADVICE_TEST(the_options_of_a_question_of_ones_own_are_part_of_the_command)
{
	MADE_TEXT(comparison.command, "client compare -c 200");
	MADE_TEXT(comparison.scenarios[0].name, "custom");
	undecided(8, 40);
	assert_true(
	    advises("the same command for custom alone, with --blocks 40"));
}

ADVICE_TEST(more_blocks_are_twice_as_many_where_enough_were_planned)
{
	undecided(8, 7);
	assert_true(advises("--blocks 16 "));
	undecided(8, NAN);
	assert_true(advises("--blocks 16 "));
	undecided(150, 149);
	assert_true(advises("--blocks 200 "));
}

ADVICE_TEST(too_few_blocks_for_any_verdict_ask_for_the_fewest)
{
	undecided(3, NAN);
	assert_true(advises("--blocks 6 "));
}

ADVICE_TEST(what_no_number_of_blocks_decides_is_told_so)
{
	undecided(8, RANK_MAX + 1);
	assert_true(advises("a quieter machine, or a larger --delta"));
	assert_false(advises("client compare"));
}

/* Which would measure our two servers instead. */
ADVICE_TEST(a_command_with_other_servers_is_not_cut_short)
{
	size_t count = comparison.scenario_count;

	MADE_TEXT(comparison.command, "client compare --server a='x {port}'");
	undecided(8, 40);
	assert_true(advises("the same command for "));
	comparison.scenario_count = 1;
	undecided(8, 40);
	comparison.scenario_count = count;
	assert_true(
	    advises("client compare --server a='x {port}' --blocks 40"));
}

/* Nor is one repeated of which a secret is left out. */
ADVICE_TEST(a_command_that_is_not_all_there_is_not_repeated)
{
	size_t count = comparison.scenario_count;

	MADE_TEXT(comparison.command, "client compare --start-timeout 9s -p "
				      "http --header 'X-Token: ...'");
	comparison.scenario_count = 1;
	undecided(8, 40);
	comparison.scenario_count = count;
	assert_true(advises("the same command for "));
	assert_false(advises("X-Token"));
}

/* Nor one with other CPUs. */
ADVICE_TEST(a_command_with_cpus_is_not_cut_short)
{
	static const char *const options[] = {
	    "--client-cpus 2", "--server-cpus 2", "--placement free"};

	for (size_t i = 0; i < COUNT_OF(options); i++) {
		MADE_TEXT(comparison.command, "client compare %s", options[i]);
		undecided(8, 40);
		assert_true(advises("the same command for "));
	}
}

ADVICE_TEST(an_interrupt_names_what_was_not_begun)
{
	size_t count = comparison.scenario_count;
	char text[400];

	assert_string_equal(
	    advice_interrupted(text, sizeof(text), &comparison), "");
	comparison.interrupted = true;
	comparison.scenario_count = 1;
	MADE_TEXT(comparison.not_begun, "idle, crash");
	advice_interrupted(text, sizeof(text), &comparison);
	comparison.scenario_count = count;
	assert_non_null(strstr(text, "Not begun: idle, crash."));
	assert_non_null(strstr(text, comparison.scenarios[0].name));
}

/* Of six ratios, Holm rejects none with six blocks. */
ADVICE_TEST(undecided_asks_for_the_blocks_that_so_many_ratios_need)
{
	struct scenario_result *sweep = &comparison.scenarios[2];

	assert_int_equal(sweep->point_count, 6);
	for (size_t i = 0; i < 6; i++) {
		sweep->points[i].results[1].verdict = UNDECIDED;
		sweep->points[i].results[1].blocks = 3;
	}
	advice_of(&advice, &comparison, sweep);
	assert_true(advises("client compare --blocks 8 sweep"));
}

ADVICE_TEST(invalid_without_a_known_cause_has_advice_all_the_same)
{
	fork_result()->dropped = 0;
	invalid("");
	assert_int_equal(advice.count, 1);
	assert_true(advises("Read the reason"));
}

RUN_TESTS(NULL, NULL)
