/* SPDX-License-Identifier: MIT */
/*
 * speedup: of made-up servers: one that scales with its CPUs, one whose accept
 * loop is the limit, one that gets slower.
 */
#include "tests/unit/unit.h"

#include "common/verdict/speedup.h"

#define BLOCKS 8
#define SERVERS 2

static struct comparison comparison;
static struct scenario_result *result;

static int
set_up(void **state)
{
	(void)state;
	comparison_init(&comparison);
	comparison.server_count = SERVERS;
	comparison.scenario_count = 1;
	snprintf(comparison.servers[0].name, 8, "thread");
	snprintf(comparison.servers[1].name, 8, "fork");
	result = &comparison.scenarios[0];
	return scenario_result_init(result);
}

static int
tear_down(void **state)
{
	(void)state;
	comparison_release(&comparison);
	return 0;
}

#define ON_POINTS(name) TEST_WITH(name, set_up, tear_down)

/* A point with the values FIRST and SECOND of the servers, which in block B are
 * B % more: a drift that all points share. */
static struct point *
add_point(
    const char *load, double cpus, double servers, double first, double second)
{
	struct point *p = &result->points[result->point_count++];
	const double values[] = {first, second, first};

	p->setting_count = servers > 0 ? 3 : 2;
	p->settings[0] = (struct setting){.key = "load"};
	snprintf(p->settings[0].text, sizeof(p->settings[0].text), "%s", load);
	p->settings[1] = (struct setting){.key = "cpus", .number = cpus};
	p->settings[2] = (struct setting){.key = "servers", .number = servers};
	for (size_t i = 0; i <= SERVERS; i++) {
		struct server_result *f = &p->results[i];

		f->blocks = BLOCKS;
		f->usable = true;
		for (size_t b = 0; b < BLOCKS; b++)
			f->values[b] = values[i] * (1 + 0.01 * (double)b);
	}
	return p;
}

static void
add_all(void)
{
	add_point("kept", 1, 0, 1000, 1000);
	add_point("kept", 2, 0, 2000, 900);
	add_point("kept", 4, 0, 4000, 800);
	add_point("new", 1, 0, 100, 50);
	add_point("new", 2, 0, 120, 100);
	add_point("new", 4, 0, 120, 150);
	add_point("new", 4, 2, 240, 160);
	add_point("new", 4, 4, 390, 170);
}

ON_POINTS(each_server_is_compared_with_itself_on_one_cpu)
{
	static const double expected[][SERVERS] = {{NAN, NAN}, {2, 0.9},
	    {4, 0.8}, {NAN, NAN}, {1.2, 2}, {1.2, 3}, {2.4, 3.2}, {3.9, 3.4}};

	add_all();
	speedup_of_scenario(result, SERVERS);
	for (size_t p = 0; p < result->point_count; p++) {
		for (size_t i = 0; i < SERVERS; i++) {
			const struct estimate *e =
			    &result->points[p].results[i].speedup;

			if (isnan(expected[p][i])) {
				assert_true(isnan(e->value));
				continue;
			}
			assert_near(e->value, expected[p][i], 1e-9);
			assert_near(e->low, e->value, 1e-9);
			assert_near(e->high, e->value, 1e-9);
		}
		assert_true(isnan(expected[p][0]) ||
			    result->points[p].results[SERVERS].speedup.value ==
				result->points[p].results[0].speedup.value);
	}
}

ON_POINTS(a_client_that_was_the_limit_on_one_cpu_gives_no_speed_up)
{
	add_all();
	result->points[0].results[0].client_bound = true;
	result->points[5].results[0].client_bound = true;
	speedup_of_scenario(result, SERVERS);
	assert_true(isnan(result->points[1].results[0].speedup.value));
	assert_near(result->points[1].results[1].speedup.value, 0.9, 1e-9);
	assert_near(result->points[5].results[0].speedup.value, 1.2, 1e-9);
}

/* A server that died, or that other work kept from its CPU, has figures, but
 * they say nothing of its CPUs. */
ON_POINTS(an_invalid_figure_gives_no_speed_up)
{
	struct server_result *single, *all;

	add_all();
	single = &result->points[0].results[0];
	all = &result->points[5].results[1];
	single->verdict = all->verdict = INVALID;
	snprintf(single->cause, sizeof(single->cause), CAUSE_DISTURBED);
	snprintf(all->cause, sizeof(all->cause), CAUSE_SERVER);
	speedup_of_scenario(result, SERVERS);
	assert_true(isnan(result->points[1].results[0].speedup.value));
	assert_true(isnan(result->points[2].results[0].speedup.value));
	assert_near(result->points[2].results[1].speedup.value, 0.8, 1e-9);
	assert_true(isnan(all->speedup.value));
	assert_near(result->points[4].results[1].speedup.value, 2, 1e-9);
}

/* Only its ratio to other servers is invalid, not its rate. */
ON_POINTS(what_has_no_ratio_because_of_the_client_still_has_a_speed_up)
{
	struct server_result *f;

	add_all();
	f = &result->points[5].results[0];
	f->verdict = INVALID;
	f->client_bound = true;
	snprintf(f->cause, sizeof(f->cause), CAUSE_CLIENT);
	speedup_of_scenario(result, SERVERS);
	assert_near(f->speedup.value, 1.2, 1e-9);
}

ON_POINTS(blocks_that_one_point_lacks_do_not_count)
{
	add_all();
	for (size_t b = 1; b < BLOCKS; b++)
		result->points[0].results[0].values[b] = NAN;
	speedup_of_scenario(result, SERVERS);
	assert_near(result->points[2].results[0].speedup.value, 4, 1e-9);
	assert_true(isnan(result->points[2].results[0].speedup.low));
	result->points[0].results[0].values[0] = 0;
	result->points[2].results[0].speedup.value = NAN;
	speedup_of_scenario(result, SERVERS);
	assert_true(isnan(result->points[2].results[0].speedup.value));
}

ON_POINTS(points_without_cpus_have_none)
{
	add_point("kept", 1, 0, 1000, 1000);
	add_point("kept", 2, 0, 2000, 900);
	for (size_t p = 0; p < 2; p++)
		result->points[p].setting_count = 1;
	speedup_of_scenario(result, SERVERS);
	assert_true(isnan(result->points[1].results[0].speedup.value));
}

ON_POINTS(words_say_what_all_cpus_and_more_servers_give)
{
	char text[600];

	add_all();
	speedup_words(text, sizeof(text), &comparison, result, 0);
	assert_string_equal(text, "");
	result->points[5].results[0].client_bound = true;
	speedup_of_scenario(result, SERVERS);
	speedup_words(text, sizeof(text), &comparison, result, 0);
	assert_string_equal(text,
	    "thread, in times of its rate on 1 CPU: kept, 4 CPUs: 4.000 "
	    "(4.000 .. 4.000); new, 4 CPUs: at least 1.200 (1.200 .. 1.200); "
	    "new, 4 CPUs, 2 servers on one port: 2.400 (2.400 .. 2.400); new, "
	    "4 CPUs, 4 servers on one port: 3.900 (3.900 .. 3.900)");
}

RUN_TESTS(NULL, NULL)
