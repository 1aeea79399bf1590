/* SPDX-License-Identifier: MIT */
/* conditions: words about a control, blocks and results that are odd. */
#include "tests/unit/unit.h"

#include "common/verdict/conditions.h"
#include "tests/unit/one_ratio.h"

FRESH(a_control_of_few_blocks_has_its_value)
{
	struct estimate *ratio = &results[2].ratio;

	conditions_control(text, sizeof(text), &comparison, result);
	says(", between ");
	says("; it should be 1");
	ratio->low = ratio->high = NAN;
	conditions_control(text, sizeof(text), &comparison, result);
	says(" has a ratio of 1");
	does_not_say("between");
	says("; it should be 1");
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
	conditions_blocks(text, sizeof(text), &comparison, result);
}

FRESH(what_was_dropped_is_told_though_nothing_is_left)
{
	slices(10, 0);
	says("; 30 slices used, 0 discarded because other work");
	does_not_say("CPU");
	slices(0, 10);
	says(" blocks; 0 slices used, 30 discarded because other work");
	says("; CPU time is that of all slices");
	slices(0, 0); /* measured otherwise */
	says(" blocks");
	does_not_say("slices");
}

FRESH(servers_that_never_started_had_no_block)
{
	for (size_t i = 0; i < 3; i++)
		results[i].usable = false;
	slices(0, 0);
	assert_string_equal(text, "no block was completed");
	results[2].usable = true;
	results[2].blocks = 1;
	slices(0, 0);
	assert_string_equal(text, "1 block");
}

/* ---- remarks ---- */

FRESH(requests_that_were_sent_twice_are_told)
{
	struct server_result found = {
	    .requests = 100, .retries = 3, .little = 1};

	conditions_remarks(text, sizeof(text), result, &found);
	says("3 requests were sent again, because the server had closed");
	found.retries = 0;
	conditions_remarks(text, sizeof(text), result, &found);
	does_not_say("again");
}

FRESH(kept_connections_that_were_not_kept_are_told)
{
	struct server_result found = {
	    .requests = 5000, .reconnects = 50, .little = 1};

	conditions_remarks(text, sizeof(text), result, &found);
	assert_string_equal(text, "");
	found.reconnects = 4996;
	conditions_remarks(text, sizeof(text), result, &found);
	assert_string_equal(text,
	    "it closed kept connections, 4,996 times in 5,000 requests: the "
	    "figures have the cost of new ones");
}

FRESH(a_client_that_was_the_limit_is_told_as_a_bound_of_rates_alone)
{
	results[1].client_bound = true;
	results[1].client_busy = 0.97;
	conditions_remarks(text, sizeof(text), result, &results[1]);
	says("the client was the limit (97 % of a CPU): the server can do at "
	     "least this much");
	result->higher_is_better = false;
	conditions_remarks(text, sizeof(text), result, &results[1]);
	says("the client was the limit (97 % of a CPU): a part of the delay is "
	     "the client's");
}

FRESH(an_accept_loop_that_was_the_limit_is_told)
{
	struct server_result found = {.settled = true, .little = 1};

	found.loop_busy = 0.949;
	conditions_remarks(text, sizeof(text), result, &found);
	assert_string_equal(text, "");
	found.loop_busy = 0.97;
	conditions_remarks(text, sizeof(text), result, &found);
	assert_non_null(strstr(
	    text, "its accept loop was the limit (97 % of a CPU): more CPUs"));
	assert_non_null(strstr(text, "--reuse-port"));
	found.loop_busy = NAN;
	conditions_remarks(text, sizeof(text), result, &found);
	assert_string_equal(text, "");
}

TEST(controls_that_are_all_alike_have_one_ratio)
{
	static struct comparison made;

	made_comparison(&made, 2);
	conditions_control(text, sizeof(text), &made, &made.scenarios[3]);
	says("has a ratio of 1.000 at all 6 points; it should be 1");
	does_not_say("CPU");
	made.scenarios[3].points[3].results[2].ratio.value = 1.05;
	conditions_control(text, sizeof(text), &made, &made.scenarios[3]);
	says("has ratios from 1.000 to 1.050 at all 6 points; they should");
	comparison_release(&made);
}

/* Of sweep, one point is by CPU; that of the control is known at each. */
TEST(a_control_is_told_by_cpu_too_where_that_is_compared)
{
	static struct comparison made;
	struct point *point;

	made_comparison(&made, 2);
	point = &made.scenarios[2].points[4];
	point->results[2].ratio.value = 1.01;
	conditions_control(text, sizeof(text), &made, &made.scenarios[2]);
	says("control: thread against itself has a ratio of 1.000 at 5 points; "
	     "it should be 1; control by CPU: thread against itself has a "
	     "ratio of 1.010 at 1 point; it should be 1");
	/* The baseline was not limited: the control has a ratio of rates. */
	point->results[2].basis = BASIS_METRIC;
	for (size_t b = 0; b < MADE_BLOCKS; b++)
		point->results[2].cpu_us[b] = 7.7 / 1.02;
	conditions_control(text, sizeof(text), &made, &made.scenarios[2]);
	says("control by CPU: thread against itself has a ratio of 1.020 at ");
	comparison_release(&made);
}

TEST(a_load_that_was_not_read_is_not_told)
{
	static struct comparison made;

	made_comparison(&made, 2);
	conditions_machine(text, sizeof(text), &made);
	says("load average 0.21 before, 1.92 after");
	made.after.load_average = NAN;
	conditions_machine(text, sizeof(text), &made);
	does_not_say("load average");
	comparison_release(&made);
}

RUN_TESTS(NULL, NULL)
