/* SPDX-License-Identifier: MIT */
/*
 * summary: one server that was measured alone, on a CPU of its own for a
 * second, and what its figures are worth.
 */
#include "tests/unit/unit.h"

#include "common/base/clock.h"
#include "common/compare/scenario.h"
#include "common/compare/summary.h"
#include "common/verdict/verdict.h"

#define WALL_NS NS_PER_S

static struct compare_plan plan;
static struct scenario_result result;
static struct accumulator accumulator;
static struct load_point load;

/* A client that is full, and a server that is not: over all of the 2,000
 * requests, of which the second half count. */
static int
set_up(void **state)
{
	(void)state;
	plan = (struct compare_plan){.server_count = 1, .delta = 0.03};
	plan.placement.kind = CPU_PLACEMENT_SPLIT;
	load = (struct load_point){.connections = 64, .churn = true};
	memset(&accumulator, 0, sizeof(accumulator));
	accumulator.counted.begun = accumulator.counted.ok = 1000;
	accumulator.counted.wall_ns = WALL_NS;
	accumulator.counted.cpu_ns = WALL_NS * 9 / 10;
	accumulator.begun = accumulator.sums_requests = 2000;
	accumulator.sums.user_ns = accumulator.sums.system_ns = WALL_NS / 2;
	return scenario_result_init(&result);
}

static int
tear_down(void **state)
{
	(void)state;
	free(result.points);
	return 0;
}

/* Afresh each time: a finding that is invalid stays so. */
static const struct server_result *
summarize(void)
{
	static struct accumulator accumulators[2];

	for (size_t i = 0; i < 2; i++) {
		struct server_result *found = &result.points[0].results[i];

		found->verdict = UNDECIDED;
		found->client_bound = false;
		found->basis = BASIS_METRIC;
	}
	accumulators[0] = accumulators[1] = accumulator;
	summary_of_point(&result.points[0], accumulators, &plan, &load);
	return &result.points[0].results[0];
}

#define FRESH_TEST(name) TEST_WITH(name, set_up, tear_down)

/* ---- who was the limit ---- */

FRESH_TEST(a_full_client_is_the_limit_of_a_server_that_has_room)
{
	const struct server_result *found = summarize();

	assert_true(found->client_bound);
	assert_int_not_equal(found->verdict, INVALID);
	assert_int_equal(found->basis, BASIS_SERVER_CPU);
}

/* ---- whose backlog was full ---- */

/* In FULL of 40 slices, of a client that is not the limit. */
static const struct server_result *
with_full_backlog(size_t full)
{
	accumulator.counted.cpu_ns = WALL_NS / 10;
	accumulator.kept = 40;
	accumulator.backlog = 5;
	accumulator.full = 7 * full;
	accumulator.full_slices = full;
	return summarize();
}

FRESH_TEST(a_backlog_that_was_full_once_in_a_while_is_told_and_judged)
{
	const struct server_result *found = with_full_backlog(2);

	assert_int_not_equal(found->verdict, INVALID);
	assert_int_equal(found->backlog, 5);
	assert_int_equal(found->backlog_overflows, 14);
}

FRESH_TEST(a_backlog_that_was_full_often_is_why_there_is_no_verdict)
{
	const struct server_result *found = with_full_backlog(3);

	assert_int_equal(found->verdict, INVALID);
	assert_non_null(strstr(found->reason, "its backlog of 5 was full 21"));
}

FRESH_TEST(requests_that_were_sent_twice_are_counted)
{
	accumulator.retries = 7;
	assert_int_equal(summarize()->retries, 7);
}

/* What a server has used is known from the first request on, what the client
 * has from the first that counts. */
FRESH_TEST(both_are_asked_for_the_same_requests)
{
	accumulator.sums.user_ns = WALL_NS * 9 / 10;
	accumulator.sums.system_ns =
	    WALL_NS * 4 / 10; /* 0.65 for those that count */
	assert_true(summarize()->client_bound);
	accumulator.sums.user_ns = WALL_NS * 16 / 10; /* 1 */
	assert_false(summarize()->client_bound);
	accumulator.sums_requests = 1000; /* all count */
	accumulator.sums.user_ns = WALL_NS * 5 / 10;
	assert_true(summarize()->client_bound);
	accumulator.sums.user_ns = WALL_NS * 6 / 10;
	assert_false(summarize()->client_bound);
}

FRESH_TEST(a_server_of_which_nothing_is_known_may_have_had_room)
{
	accumulator.sums.user_ns = accumulator.sums.system_ns = WALL_NS;
	assert_false(summarize()->client_bound);
	accumulator.sums.lost_cpu = true;
	assert_true(summarize()->client_bound);
	accumulator.sums.lost_cpu = false;
	accumulator.sums_requests = 0;
	assert_true(summarize()->client_bound);
}

/* 0.65 of a CPU of its own, or of two: what is left is not for its loop. */
FRESH_TEST(a_server_that_is_limited_by_its_accept_loop_had_no_room)
{
	const struct server_result *found;

	accumulator.loop_requests = 2000;
	accumulator.loop_wall_ns = 2 * WALL_NS;
	accumulator.loop_ns = WALL_NS * 18 / 10;
	found = summarize();
	assert_true(found->client_bound);
	assert_near(found->loop_busy, 0.9, 1e-9);
	assert_near(found->loop_us, 900, 1e-9);
	accumulator.loop_ns = WALL_NS * 19 / 10;
	CPU_SET(0, &plan.placement.server);
	CPU_SET(1, &plan.placement.server);
	found = summarize();
	assert_false(found->client_bound);
	assert_int_not_equal(found->verdict, INVALID);
	accumulator.loop_ns = 3 * WALL_NS; /* a part of it after the slices */
	assert_near(summarize()->loop_busy, 1, 1e-9);
}

FRESH_TEST(on_one_cpu_both_are_the_limit)
{
	plan.placement.kind = CPU_PLACEMENT_SHARED;
	assert_false(summarize()->client_bound);
	plan.placement.kind = CPU_PLACEMENT_FREE;
	assert_false(summarize()->client_bound);
}

FRESH_TEST(who_waited_for_a_cpu_is_full_if_it_used_the_rest)
{
	accumulator.counted.cpu_ns = WALL_NS / 2;
	assert_false(summarize()->client_bound);
	accumulator.counted.wait_ns = WALL_NS * 45 / 100;
	assert_int_equal(summarize()->verdict, INVALID);
	accumulator.counted.cpu_ns = WALL_NS * 4 / 10;
	assert_int_not_equal(summarize()->verdict, INVALID);
	accumulator.counted.wait_ns = WALL_NS * 4 / 100; /* as good as none */
	accumulator.counted.cpu_ns = WALL_NS * 84 / 100;
	assert_int_not_equal(summarize()->verdict, INVALID);
}

/* Nobody knows what the server could have done: not even at least. */
FRESH_TEST(a_client_that_got_no_cpu_gives_no_lower_bound)
{
	const struct server_result *found;

	accumulator.counted.cpu_ns = WALL_NS / 2;
	accumulator.counted.wait_ns = WALL_NS * 45 / 100;
	found = summarize();
	assert_false(found->client_bound);
	assert_int_equal(found->verdict, INVALID);
	assert_non_null(
	    strstr(found->reason, "had the client's CPU for 45 % of the time"));
	assert_null(strstr(found->reason, "lower bound"));
}

FRESH_TEST(what_others_did_is_the_first_reason)
{
	const struct server_result *found;

	accumulator.kept = 10;
	accumulator.dropped = 10;
	found = summarize();
	assert_int_equal(found->verdict, INVALID);
	assert_string_equal(found->reason,
	    "other work on this machine disturbed 50 % of the slices");
	assert_true(found->client_bound); /* in those that were left */
	accumulator.dropped = 0;
	strcpy(accumulator.trouble, "died");
	assert_string_equal(summarize()->reason, "died");
}

/* Of no slice that counts, nothing is known. */
FRESH_TEST(who_has_no_slice_was_not_limited)
{
	const struct server_result *found;

	memset(&accumulator.counted, 0, sizeof(accumulator.counted));
	accumulator.dropped = 20;
	found = summarize();
	assert_false(found->client_bound);
	assert_non_null(strstr(found->reason, "disturbed 100 %"));
}

FRESH_TEST(at_a_rate_a_full_client_is_late_itself)
{
	const struct server_result *found;

	load.rate = 1000;
	found = summarize();
	assert_true(found->client_bound);
	assert_int_equal(found->basis, BASIS_SERVER_CPU);
	accumulator.counted.unsent = 500; /* which moves percentiles alone */
	assert_int_not_equal(summarize()->verdict, INVALID);
	accumulator.counted.cpu_ns = WALL_NS / 10;
	assert_string_equal(summarize()->cause, CAUSE_RATE);
}

/* A client that is full tells the server's CPU as well as any. */
FRESH_TEST(a_figure_of_cpu_has_no_client_for_its_limit)
{
	load.counts_cpu = true;
	assert_false(summarize()->client_bound);
	assert_int_equal(summarize()->basis, BASIS_METRIC);
}

FRESH_TEST(a_figure_of_cpu_needs_a_server_whose_cpu_is_known)
{
	const struct server_result *found;

	load.counts_cpu = true;
	accumulator.sums.lost_cpu = true;
	found = summarize();
	assert_int_equal(found->verdict, INVALID);
	assert_non_null(strstr(found->reason, "its CPU time is not known"));
}

/* ---- what is compared then ---- */

#define BLOCKS 8

/* By server, and of the control: requests/s, and the server's CPU for each. */
struct made {
	double rate, us;
	bool limited; /* by the client */
	bool lost;    /* nobody has waited for its children */
};

static struct accumulator many[SERVERS_MAX + 1];

/* Of COUNT servers and the control. Afresh each time. */
static const struct server_result *
summarize_all(const struct made *made, size_t count)
{
	struct server_result *results;

	tear_down(NULL);
	scenario_result_init(&result);
	results = result.points[0].results;
	plan.server_count = count - 1;
	result.point_count = 1;
	for (size_t i = 0; i < count; i++) {
		many[i] = accumulator;
		many[i].sums.lost_cpu = made[i].lost;
		if (!made[i].limited)
			many[i].counted.cpu_ns = WALL_NS / 10;
		results[i].blocks = BLOCKS;
		for (size_t b = 0; b < BLOCKS; b++) {
			double noise = 1 + 0.001 * (double)((b + i) % 3);

			results[i].values[b] = made[i].rate * noise;
			results[i].ratios[b] =
			    log(results[i].values[b] / results[0].values[b]);
			if (!made[i].lost)
				results[i].cpu_us[b] = made[i].us * noise;
		}
	}
	summary_of_point(&result.points[0], many, &plan, &load);
	verdict_of_scenario(&result, plan.server_count, plan.delta);
	return results;
}

/* The same rate, since it is the client's; and 1.31 times the CPU. */
FRESH_TEST(where_the_client_is_the_limit_cpu_is_compared)
{
	const struct made alike[] = {{1e5, 10, true, false},
	    {1e5, 13.1, true, false}, {1e5, 10, true, false}};
	const struct server_result *f = summarize_all(alike, 3);

	assert_int_equal(f[1].verdict, SLOWER);
	assert_int_equal(f[1].basis, BASIS_SERVER_CPU);
	assert_near(f[1].ratio.value, 1 / 1.31, 2e-3);
	assert_true(f[1].ratio.low < 1 / 1.31 && f[1].ratio.high > 1 / 1.31);
	assert_non_null(strstr(f[1].reason, "% of CPU time for each request"));
	assert_near(strtod(f[1].reason + strlen("by "), NULL), 31, 0.2);
	assert_near(f[1].value.value, 1e5, 200);   /* as it was measured */
	assert_true(isnan(f[1].difference.value)); /* of what says nothing */
	assert_true(isnan(f[1].with_dropped));
	assert_near(f[2].ratio.value, 1, 1e-3);
	assert_int_equal(f[2].basis, BASIS_SERVER_CPU);
}

FRESH_TEST(equal_cpu_is_equivalent_whatever_the_rates_are)
{
	const struct made alike[] = {{1e5, 10, true, false},
	    {8e4, 10, false, false}, {1e5, 10, true, false}};
	const struct server_result *f = summarize_all(alike, 3);

	assert_int_equal(f[1].verdict, EQUIVALENT);
	assert_int_equal(f[1].basis, BASIS_SERVER_CPU);
}

FRESH_TEST(a_control_that_differs_in_cpu_leaves_no_verdict)
{
	const struct made odd[] = {{1e5, 10, true, false},
	    {1e5, 13.1, true, false}, {1e5, 11, true, false}};
	const struct server_result *f = summarize_all(odd, 3);

	assert_int_equal(f[1].verdict, INVALID);
	assert_string_equal(f[1].cause, CAUSE_CONTROL);
	assert_non_null(strstr(f[1].reason, " in CPU ["));
}

/* The pair keeps its verdict by rate beside a server that the client limits. */
FRESH_TEST(of_several_servers_those_that_were_not_limited_have_their_rates)
{
	const struct made some[] = {{1e5, 10, false, false},
	    {8e4, 13.1, false, false}, {2e5, 5, true, false},
	    {1e5, 10, false, false}};
	const struct server_result *f = summarize_all(some, 4);

	assert_int_equal(f[1].basis, BASIS_METRIC);
	assert_int_equal(f[1].verdict, SLOWER);
	assert_near(f[1].ratio.value, 0.8, 2e-3);
	assert_int_equal(f[2].basis, BASIS_SERVER_CPU);
	assert_int_equal(f[2].verdict, FASTER);
	assert_near(f[2].ratio.value, 2, 5e-3);
	assert_int_equal(f[3].basis, BASIS_METRIC);
}

/* As one that was killed for it is. */
FRESH_TEST(a_server_in_trouble_limits_nobody)
{
	const struct made some[] = {{1e5, 10, false, false},
	    {8e4, 13.1, false, false}, {1e5, 10, true, false}};

	summarize_all(some, 3);
	assert_int_equal(result.points[0].results[1].basis, BASIS_SERVER_CPU);
	strcpy(accumulator.trouble, "died");
	assert_int_equal(summarize_all(some, 3)[1].basis, BASIS_METRIC);
}

FRESH_TEST(without_its_cpu_nothing_is_left_to_compare)
{
	const struct made own[] = {{1e5, 10, true, false},
	    {1e5, 13.1, true, true}, {1e5, 10, true, false}};
	const struct made base[] = {{1e5, 10, false, true},
	    {8e4, 13.1, false, false}, {2e5, 5, true, false},
	    {1e5, 10, false, true}};
	const struct server_result *f = summarize_all(own, 3);

	assert_int_equal(f[0].verdict, UNDECIDED); /* as baselines are */
	assert_int_equal(f[1].verdict, INVALID);
	assert_string_equal(f[1].cause, CAUSE_CLIENT);
	assert_string_equal(f[1].reason,
	    "the client was the limit, not the server: the figure is a lower "
	    "bound; the CPU time of this server, which would be compared "
	    "instead, is not known: it does not wait for processes that it "
	    "starts");
	f = summarize_all(base, 4);
	assert_int_equal(f[1].verdict, SLOWER); /* by the rates */
	assert_int_equal(f[2].verdict, INVALID);
	assert_non_null(strstr(f[2].reason, "the CPU time of the baseline, "));
}

/* ---- what else it says ---- */

/* The value and the service time, each a median, say, of blocks of which the
 * other knows nothing, could lie either way. */
FRESH_TEST(the_service_time_is_of_the_blocks_of_the_value)
{
	struct server_result *found = &result.points[0].results[0];

	found->blocks = 8;
	for (size_t b = 0; b < found->blocks; b++) {
		found->values[b] = 100 + (double)b;
		accumulator.service[b] = 90 + (double)b;
	}
	found->values[7] = NAN;
	accumulator.service[7] = 1000;
	summarize();
	assert_near(found->value.value, 103, 1e-9);
	assert_near(found->service_value, 93, 1e-9);
	memset(accumulator.service, 0, sizeof(accumulator.service));
	found->service_value = NAN;
	summarize();
	assert_true(isnan(found->service_value));
}

FRESH_TEST(counts_are_whole_though_their_median_is_not)
{
	const struct usage *usage;

	accumulator.memory_count = 2;
	for (size_t b = 0; b < 2; b++) {
		double more = (double)b;

		accumulator.memory[b] = (struct usage){.connections = 63 + more,
		    .processes = 64 + more,
		    .threads = 65 + more,
		    .mappings = 1300 + more,
		    .pss_kib = 900 + more};
	}
	usage = &summarize()->usage;
	assert_near(usage->connections, 64, 0);
	assert_near(usage->processes, 65, 0);
	assert_near(usage->threads, 66, 0);
	assert_near(usage->mappings, 1301, 0);
	assert_near(usage->pss_kib, 900.5, 0); /* no count */
}

/* ---- whether all is well ---- */

FRESH_TEST(a_scenario_that_was_not_measured_is_not_well)
{
	static struct comparison all;

	comparison_init(&all);
	all.server_count = 1;
	assert_true(comparison_clean(&all));
	all.scenario_count = 1;
	all.scenarios[0].points = result.points;
	assert_false(comparison_clean(&all));
	all.scenarios[0].point_count = 1;
	assert_true(comparison_clean(&all));
	result.points[0].results[0].verdict = INVALID;
	assert_false(comparison_clean(&all));
	result.points[0].results[0].verdict = UNDECIDED;
	result.points[0].results[1].errors = 1;
	assert_false(comparison_clean(&all));
}

RUN_TESTS(NULL, NULL)
