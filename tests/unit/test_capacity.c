/* SPDX-License-Identifier: MIT */
/* capacity: what tries say, of which some were disturbed; and of one server. */
#include "tests/unit/toy.h"

#include <signal.h>

#include "common/base/clock.h"
#include "common/compare/capacity.h"
#include "common/compare/instance.h"
#include "common/compare/scenario_table.h"

/* RATES, COUNT of them; those below 0 are disturbed ones. */
static double
capacity(const double *rates, size_t count, bool *at_least)
{
	struct capacity_try tries[CAPACITY_MOST];

	for (size_t i = 0; i < count; i++)
		tries[i] = (struct capacity_try){
		    .rate = fabs(rates[i]), .disturbed = rates[i] < 0};
	return capacity_of(tries, count, at_least);
}

#define FRESH_TEST(name) TEST_WITH(name, set_up, tear_down)

TEST(it_is_the_median_of_the_undisturbed)
{
	const double rates[] = {
	    6800, -1430, 6700, 7100, -2000, 6750, 6850, 6790, 6810, 6600, 7300};
	bool at_least = true;

	assert_near(capacity(rates, COUNT_OF(rates), &at_least), 6800, 0);
	assert_false(at_least);
}

/* The first try alone would have said a fifth. */
TEST(with_too_few_of_them_it_is_the_most_that_was_seen)
{
	const double rates[] = {-1430, 5000, -1500, 6800, -6900};
	bool at_least = false;

	assert_near(capacity(rates, 5, &at_least), 6900, 0);
	assert_true(at_least);
	assert_near(capacity(rates, 0, &at_least), 0, 0);
	assert_true(at_least);
}

TEST(disturbed_tries_are_repeated_but_not_for_ever)
{
	struct capacity_try tries[CAPACITY_MOST] = {{0}};

	assert_false(capacity_is_known(tries, CAPACITY_TRIES - 1));
	assert_true(capacity_is_known(tries, CAPACITY_TRIES));
	for (size_t i = 0; i < CAPACITY_MOST; i++)
		tries[i].disturbed = true;
	assert_false(capacity_is_known(tries, CAPACITY_TRIES));
	assert_false(capacity_is_known(tries, CAPACITY_MOST - 1));
	assert_true(capacity_is_known(tries, CAPACITY_MOST));
	for (size_t i = 0; i < CAPACITY_LEAST; i++)
		tries[i].disturbed = false;
	assert_true(capacity_is_known(tries, CAPACITY_TRIES));
}

/* ---- servers ---- */

static char command[600], words[300];
static struct compare_plan plan;
static struct comparison result;
static struct instance instances[3];
static struct accumulator accumulators[3];
static struct server_result results[3];
static uint64_t numbers = 1;
static struct load_point point;
static struct block_run run;

static void
note(struct block_run *of, const char *text)
{
	(void)of;
	snprintf(words, sizeof(words), "%s", text);
}

static int
set_up(void **state)
{
	(void)state;
	words[0] = '\0';
	plan = (struct compare_plan){
	    .server_count = 2, .servers = {{"a", command}, {"b", command}}};
	cpu_placement_choose(&plan.placement, CPU_PLACEMENT_FREE);
	point = (struct load_point){.connections = 2, .churn = true};
	memset(accumulators, 0, sizeof(accumulators));
	for (size_t i = 0; i < 3; i++) {
		instances[i] =
		    (struct instance){.contender = &plan.servers[i % 2]};
		if (load_result_init(&instances[i].slice) < 0)
			return -1;
	}
	run = (struct block_run){.plan = &plan,
	    .scenario = scenario_find("knee"),
	    .point = &point,
	    .placement = plan.placement,
	    .count = 3,
	    .at = instances,
	    .accumulators = accumulators,
	    .results = results,
	    .result = &result,
	    .random = &numbers,
	    .note = note};
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++)
		load_result_release(&instances[i].slice);
	return 0;
}

FRESH_TEST(it_is_found_of_those_that_answer)
{
	plan.servers[0].command = "exit 3; : {port}";
	assert_true(capacity_of_slowest(&run, NULL) > 0);
	assert_non_null(strstr(accumulators[0].trouble, "ended with status 3"));
	assert_string_equal(accumulators[1].trouble, "");
	/* Others may have the CPUs at this very time. */
	if (words[0])
		assert_non_null(
		    strstr(words, "the capacity of b was measured"));
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(instances[i].server.pid, 0);
		assert_false(instances[i].open);
	}
}

FRESH_TEST(of_none_it_is_nothing)
{
	plan.servers[0].command = plan.servers[1].command = "exit 3; : {port}";
	assert_near(capacity_of_slowest(&run, NULL), 0, 0);
	assert_string_equal(words, "");
}

/* As a server: the word "serve", and its address. */
int
main(int argc, char **argv)
{
	if (!toy_command(argc, argv, command, sizeof(command)))
		return 1;
	return unit_run(__FILE__, NULL, NULL);
}
