/* SPDX-License-Identifier: MIT */
/*
 * conclude: one server that was measured alone, on a CPU of its own for a
 * second, and what its figures are worth.
 */
#include "tests/unit/unit.h"

#include "common/base/clock.h"
#include "common/compare/summary.h"
#include "common/compare/scenario.h"

#define WALL_NS NS_PER_S

static struct compare_plan plan;
static struct outcome outcome;
static struct tally tally;
static struct load_point load;

/* A client that is full, and a server that is not: over all of the 2,000
 * requests, of which the second half count. */
static int
set_up(void **state)
{
	(void)state;
	plan = (struct compare_plan){.server_count = 1, .delta = 0.03};
	plan.placement.kind = PLACEMENT_SPLIT;
	load = (struct load_point){.connections = 64, .churn = true};
	memset(&tally, 0, sizeof(tally));
	tally.counted.begun = tally.counted.ok = 1000;
	tally.counted.wall_ns = WALL_NS;
	tally.counted.cpu_ns = WALL_NS * 9 / 10;
	tally.begun = tally.sums_requests = 2000;
	tally.sums.user_ns = tally.sums.system_ns = WALL_NS / 2;
	return outcome_init(&outcome);
}

static int
tear_down(void **state)
{
	(void)state;
	free(outcome.points);
	return 0;
}

/* Afresh each time: a finding that is invalid stays so. */
static const struct finding *
conclude(void)
{
	static struct tally tallies[2];

	for (size_t i = 0; i < 2; i++) {
		struct finding *found = &outcome.points[0].findings[i];

		found->verdict = UNDECIDED;
		found->limited = false;
	}
	tallies[0] = tallies[1] = tally;
	conclude_point(&outcome.points[0], tallies, &plan, &load);
	return &outcome.points[0].findings[0];
}

/* ---- who was the limit ---- */

static void
a_full_client_is_the_limit_of_a_server_that_has_room(void **state)
{
	const struct finding *found = conclude();

	(void)state;
	assert_true(found->limited);
	assert_int_equal(found->verdict, INVALID);
	assert_non_null(strstr(found->reason, "a lower bound"));
}

/* ---- whose backlog was full ---- */

/* In FULL of 40 slices, of a client that is not the limit. */
static const struct finding *
with_full_backlog(size_t full)
{
	tally.counted.cpu_ns = WALL_NS / 10;
	tally.kept = 40;
	tally.backlog = 5;
	tally.full = 7 * full;
	tally.full_slices = full;
	return conclude();
}

static void
a_backlog_that_was_full_once_in_a_while_is_told_and_judged(void **state)
{
	const struct finding *found = with_full_backlog(2);

	(void)state;
	assert_int_not_equal(found->verdict, INVALID);
	assert_int_equal(found->backlog, 5);
	assert_int_equal(found->backlog_full, 14);
}

static void
a_backlog_that_was_full_often_is_why_there_is_no_verdict(void **state)
{
	const struct finding *found = with_full_backlog(3);

	(void)state;
	assert_int_equal(found->verdict, INVALID);
	assert_non_null(strstr(found->reason, "its backlog of 5 was full 21"));
}

static void
requests_that_were_sent_twice_are_counted(void **state)
{
	(void)state;
	tally.retries = 7;
	assert_int_equal(conclude()->retries, 7);
}

/* What a server has used is known from the first request on, what the client
 * has from the first that counts. */
static void
both_are_asked_for_the_same_requests(void **state)
{
	(void)state;
	tally.sums.user_ns = WALL_NS * 9 / 10;
	tally.sums.system_ns = WALL_NS * 4 / 10; /* 0.65 for those that count */
	assert_true(conclude()->limited);
	tally.sums.user_ns = WALL_NS * 16 / 10; /* 1 */
	assert_false(conclude()->limited);
	tally.sums_requests = 1000; /* all count */
	tally.sums.user_ns = WALL_NS * 5 / 10;
	assert_true(conclude()->limited);
	tally.sums.user_ns = WALL_NS * 6 / 10;
	assert_false(conclude()->limited);
}

static void
a_server_of_which_nothing_is_known_may_have_had_room(void **state)
{
	(void)state;
	tally.sums.user_ns = tally.sums.system_ns = WALL_NS;
	assert_false(conclude()->limited);
	tally.sums.lost_cpu = true;
	assert_true(conclude()->limited);
	tally.sums.lost_cpu = false;
	tally.sums_requests = 0;
	assert_true(conclude()->limited);
}

static void
on_one_cpu_both_are_the_limit(void **state)
{
	(void)state;
	plan.placement.kind = PLACEMENT_SHARED;
	assert_false(conclude()->limited);
	plan.placement.kind = PLACEMENT_FREE;
	assert_false(conclude()->limited);
}

static void
who_waited_for_a_cpu_is_full_if_it_used_the_rest(void **state)
{
	(void)state;
	tally.counted.cpu_ns = WALL_NS / 2;
	assert_false(conclude()->limited);
	tally.counted.wait_ns = WALL_NS * 45 / 100;
	assert_int_equal(conclude()->verdict, INVALID);
	tally.counted.cpu_ns = WALL_NS * 4 / 10;
	assert_int_not_equal(conclude()->verdict, INVALID);
	tally.counted.wait_ns = WALL_NS * 4 / 100; /* as good as none */
	tally.counted.cpu_ns = WALL_NS * 84 / 100;
	assert_int_not_equal(conclude()->verdict, INVALID);
}

/* Nobody knows what the server could have done: not even at least. */
static void
a_client_that_got_no_cpu_gives_no_lower_bound(void **state)
{
	const struct finding *found;

	(void)state;
	tally.counted.cpu_ns = WALL_NS / 2;
	tally.counted.wait_ns = WALL_NS * 45 / 100;
	found = conclude();
	assert_false(found->limited);
	assert_int_equal(found->verdict, INVALID);
	assert_non_null(
	    strstr(found->reason, "did not get its CPU for 45 % of the time"));
	assert_null(strstr(found->reason, "lower bound"));
}

static void
what_others_did_is_the_first_reason(void **state)
{
	const struct finding *found;

	(void)state;
	tally.kept = 10;
	tally.dropped = 10;
	found = conclude();
	assert_int_equal(found->verdict, INVALID);
	assert_string_equal(found->reason,
	    "other work on this machine disturbed 50 % of the slices");
	assert_true(found->limited); /* in those that were left */
	tally.dropped = 0;
	strcpy(tally.trouble, "died");
	assert_string_equal(conclude()->reason, "died");
}

/* Of no slice that counts, nothing is known. */
static void
who_has_no_slice_was_not_limited(void **state)
{
	const struct finding *found;

	(void)state;
	memset(&tally.counted, 0, sizeof(tally.counted));
	tally.dropped = 20;
	found = conclude();
	assert_false(found->limited);
	assert_non_null(strstr(found->reason, "disturbed 100 %"));
}

static void
at_a_rate_a_full_client_is_late_itself(void **state)
{
	const struct finding *found;

	(void)state;
	load.rate = 1000;
	found = conclude();
	assert_true(found->limited);
	assert_int_equal(found->verdict, INVALID);
	assert_non_null(strstr(found->reason, "some of the delay is its own"));
}

/* ---- what else it says ---- */

/* The value and the service time, each a median, say, of blocks of which the
 * other knows nothing, could lie either way. */
static void
the_service_time_is_of_the_blocks_of_the_value(void **state)
{
	struct finding *found = &outcome.points[0].findings[0];

	(void)state;
	found->blocks = 8;
	for (size_t b = 0; b < found->blocks; b++) {
		found->values[b] = 100 + (double)b;
		tally.service[b] = 90 + (double)b;
	}
	found->values[7] = NAN;
	tally.service[7] = 1000;
	conclude();
	assert_near(found->value.value, 103, 1e-9);
	assert_near(found->service_value, 93, 1e-9);
	memset(tally.service, 0, sizeof(tally.service));
	found->service_value = NAN;
	conclude();
	assert_true(isnan(found->service_value));
}

static void
counts_are_whole_though_their_median_is_not(void **state)
{
	const struct cost *cost;

	(void)state;
	tally.memory_count = 2;
	for (size_t b = 0; b < 2; b++) {
		double more = (double)b;

		tally.memory[b] = (struct cost){.connections = 63 + more,
		    .processes = 64 + more,
		    .threads = 65 + more,
		    .mappings = 1300 + more,
		    .pss_kib = 900 + more};
	}
	cost = &conclude()->cost;
	assert_near(cost->connections, 64, 0);
	assert_near(cost->processes, 65, 0);
	assert_near(cost->threads, 66, 0);
	assert_near(cost->mappings, 1301, 0);
	assert_near(cost->pss_kib, 900.5, 0); /* no count */
}

/* ---- whether all is well ---- */

static void
a_scenario_that_was_not_measured_is_not_well(void **state)
{
	static struct comparison all;

	(void)state;
	comparison_init(&all);
	all.server_count = 1;
	assert_true(comparison_clean(&all));
	all.scenario_count = 1;
	all.scenarios[0].points = outcome.points;
	assert_false(comparison_clean(&all));
	all.scenarios[0].point_count = 1;
	assert_true(comparison_clean(&all));
	outcome.points[0].findings[0].verdict = INVALID;
	assert_false(comparison_clean(&all));
	outcome.points[0].findings[0].verdict = UNDECIDED;
	outcome.points[0].findings[1].errors = 1;
	assert_false(comparison_clean(&all));
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    FRESH(a_backlog_that_was_full_once_in_a_while_is_told_and_judged),
	    FRESH(a_backlog_that_was_full_often_is_why_there_is_no_verdict),
	    FRESH(a_full_client_is_the_limit_of_a_server_that_has_room),
	    FRESH(requests_that_were_sent_twice_are_counted),
	    FRESH(both_are_asked_for_the_same_requests),
	    FRESH(a_server_of_which_nothing_is_known_may_have_had_room),
	    FRESH(on_one_cpu_both_are_the_limit),
	    FRESH(who_waited_for_a_cpu_is_full_if_it_used_the_rest),
	    FRESH(a_client_that_got_no_cpu_gives_no_lower_bound),
	    FRESH(what_others_did_is_the_first_reason),
	    FRESH(who_has_no_slice_was_not_limited),
	    FRESH(at_a_rate_a_full_client_is_late_itself),
	    FRESH(the_service_time_is_of_the_blocks_of_the_value),
	    FRESH(counts_are_whole_though_their_median_is_not),
	    FRESH(a_scenario_that_was_not_measured_is_not_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
