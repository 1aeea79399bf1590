/* SPDX-License-Identifier: MIT */
/*
 * abba_rounds: real blocks of short slices. The figures of the slices are made
 * up, so that the number of rounds does not depend on the machine; the servers
 * are this program.
 */
#include "tests/unit/toy.h"

#include <signal.h>
#include <sys/time.h>

#include "common/base/clock.h"
#include "common/compare/abba_rounds.h"
#include "common/compare/instance.h"
#include "common/compare/metric.h"
#include "common/compare/scenario_table.h"
#include "common/verdict/block_estimate.h"

#define PLANNED 8 /* rounds that shall count */
#define MOST BLOCK_ROUNDS_MOST(PLANNED)
#define SERVERS 3

static char command[600];
static struct compare_plan plan;
static struct comparison result;
static struct load_point point;
static struct instance instances[SERVERS + 1];
static struct accumulator accumulators[SERVERS + 1];
static struct server_result results[SERVERS + 1];
static uint64_t numbers;
static struct block_run run;

/* ---- made-up values ---- */

static size_t calls; /* of the values of this block */

static size_t
quad_of_call(void)
{
	return calls++ / run.count;
}

static void
steady(struct load_result *there, struct load_result *back, double value[2],
    double *service)
{
	(void)service;
	(void)there;
	(void)back;
	quad_of_call();
	value[0] = value[1] = 1;
}

/* After four rounds. The service is that of the round there is. */
static void
steady_late(struct load_result *there, struct load_result *back,
    double value[2], double *service)
{
	size_t round = quad_of_call();

	(void)there;
	(void)back;
	value[0] = value[1] = round < 4 ? 0 : 1;
	*service = round < 4 ? 9 : 0.01 * (double)(round - 4);
}

/* Each step is a third of the one before. */
static void
never_steady(struct load_result *there, struct load_result *back,
    double value[2], double *service)
{
	(void)service;
	(void)there;
	(void)back;
	value[0] = value[1] = pow(3, (double)MOST - (double)quad_of_call());
}

/* ---- blocks ---- */

static int
set_up(void **state)
{
	static const char *const names[] = {"a", "b", "c"};

	(void)state;
	numbers = 1;
	plan = (struct compare_plan){.server_count = SERVERS,
	    .keep_disturbed = true,
	    .rounds = PLANNED,
	    .delta = 0.03};
	cpu_placement_choose(&plan.placement, CPU_PLACEMENT_FREE);
	memset(accumulators, 0, sizeof(accumulators));
	for (size_t i = 0; i <= SERVERS; i++) {
		if (i < SERVERS)
			plan.servers[i] = (struct contender){names[i], command};
		instances[i] =
		    (struct instance){.contender = &plan.servers[i % SERVERS]};
		if (load_result_init(&instances[i].slice) < 0 ||
		    load_result_init(&accumulators[i].counted) < 0)
			return -1;
	}
	point = (struct load_point){.connections = 1,
	    .slice_ns = NS_PER_MS,
	    .setting_count = 1,
	    .settings = {{"connections", "", 1}}};
	run = (struct block_run){
	    .plan = &plan,
	    .scenario = scenario_find("steady"),
	    .point = &point,
	    .placement = plan.placement,
	    .count = SERVERS + 1,
	    .at = instances,
	    .accumulators = accumulators,
	    .results = results,
	    .result = &result,
	    .random = &numbers,
	};
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i <= SERVERS; i++) {
		load_result_release(&instances[i].slice);
		load_result_release(&accumulators[i].counted);
	}
	return 0;
}

/* The next one; the first would choose the length of slices. */
static void
run_block(abba_rounds_value *value)
{
	run.block++;
	calls = 0;
	abba_rounds_block(&run, value, 1);
	for (size_t i = 0; i < run.count; i++)
		assert_string_equal(accumulators[i].trouble, "");
}

static void
few_servers(void)
{
	plan.server_count = 1;
	run.count = 2;
	instances[1].contender = &plan.servers[0];
}

/* Of rounds, since there are two slices in each. */
static void
has_counted(size_t kept, size_t warm_up)
{
	for (size_t i = 0; i < run.count; i++) {
		assert_int_equal(accumulators[i].kept, 2 * kept);
		assert_int_equal(accumulators[i].warm_up, 2 * warm_up);
	}
}

#define FRESH_TEST(name) TEST_WITH(name, set_up, tear_down)

FRESH_TEST(who_is_steady_at_once_has_the_planned_quads)
{
	few_servers();
	run_block(steady);
	has_counted(PLANNED, 1);
	assert_false(accumulators[0].unsettled);
}

/* No block takes the others' time to warm up. */
FRESH_TEST(each_block_has_its_own_time_to_warm_up)
{
	few_servers();
	for (size_t b = 1; b <= 3; b++) {
		run_block(steady_late);
		has_counted(b * PLANNED, b * 4);
	}
	assert_false(accumulators[0].unsettled);
}

FRESH_TEST(who_is_never_steady_has_the_same_in_each_block)
{
	few_servers();
	for (size_t b = 1; b <= 3; b++) {
		run_block(never_steady);
		assert_int_equal(calls, run.count * MOST);
		has_counted(b * (MOST - (MOST + 1) / 2), b * ((MOST + 1) / 2));
	}
	assert_true(accumulators[0].unsettled && accumulators[1].unsettled);
}

/* Both figures have to be of the same rounds. */
FRESH_TEST(the_service_time_is_of_the_quads_that_count)
{
	size_t block;

	few_servers();
	run_block(steady_late);
	block = run.block;
	has_counted(PLANNED, 4);
	for (size_t i = 0; i < run.count; i++)
		assert_near(accumulators[i].service[block],
		    exp(0.01 * (PLANNED - 1) / 2.0), 1e-9);
	run_block(steady);
	assert_true(isnan(accumulators[0].service[run.block]));
}

/* ---- what counts ---- */

/* Longer than any slice may take. */
static void
freeze(int number)
{
	struct timespec span = {.tv_nsec = 4 * NS_PER_MS};

	(void)number;
	nanosleep(&span, NULL);
}

/* Somebody keeps the client from its work, now and then, in six rounds. */
static void
disturbed(struct load_result *there, struct load_result *back, double value[2],
    double *service)
{
	size_t round = calls / run.count;
	struct itimerval often = {{0, 10000}, {0, 10000}},
			 never = {{0, 0}, {0, 0}};

	if (round == 2)
		setitimer(ITIMER_REAL, &often, NULL);
	if (round == 8)
		setitimer(ITIMER_REAL, &never, NULL);
	steady(there, back, value, service);
}

/* What rows that are STATE have of the server NAME, in requests; how many in
 * COUNT. */
static uint64_t
sum_of_rows(
    const char *text, const char *name, const char *state, size_t *count)
{
	uint64_t sum = 0;

	for (*count = 0; *text; text = strchr(text, '\n') + 1) {
		char whose[16], what[24];
		unsigned begun;

		assert_int_equal(
		    sscanf(text,
			"%*[^,],%*[^,],%*u,%*u,%*u,%15[^,],%23[^,],"
			"%*[^,],%*[^,],%u",
			whose, what, &begun),
		    3);
		if (strcmp(whose, name) == 0 &&
		    strncmp(what, state, strlen(state)) == 0) {
			sum += begun;
			++*count;
		}
	}
	return sum;
}

static void
counts_what_is_kept(const char *text, size_t i)
{
	const struct accumulator *accumulator = &accumulators[i];
	size_t count;
	uint64_t sum =
	    sum_of_rows(text, block_run_name(&run, i), "kept", &count);

	assert_int_equal(count, accumulator->kept);
	assert_int_equal(sum, accumulator->counted.begun);
	assert_int_equal(sum, accumulator->counted.latency.total);
	assert_true(accumulator->sending_ns >= count * point.slice_ns);
	assert_true(count || !accumulator->sending_ns);
	sum_of_rows(text, block_run_name(&run, i), "dropped", &count);
	assert_int_equal(count, accumulator->dropped);
	assert_int_not_equal(count, 0);
	sum_of_rows(text, block_run_name(&run, i), "warm-up", &count);
	assert_int_equal(count, accumulator->warm_up);
}

/* One set of slices, whatever is asked of it. */
FRESH_TEST(what_is_dropped_is_in_no_figure)
{
	struct sigaction old,
	    action = {.sa_handler = freeze, .sa_flags = SA_RESTART};
	char *text;
	size_t size;

	few_servers();
	plan.keep_disturbed = false;
	plan.csv = open_memstream(&text, &size);
	sigaction(SIGALRM, &action, &old);
	run_block(disturbed);
	sigaction(SIGALRM, &old, NULL);
	fclose(plan.csv);
	for (size_t i = 0; i < run.count; i++)
		counts_what_is_kept(text, i);
	free(text);
}

/* ---- in which order ---- */

/* The servers of the first round there, "acb" and "-" for the control, from the
 * rows of one block in TEXT; the way back is the same. */
static void
order_of(const char *text, char *order)
{
	size_t n = SERVERS + 1;
	char all[4 * (SERVERS + 1) + 1] = "";

	for (size_t at = 0; at < 4 * n; at++) {
		char name[16];

		assert_int_equal(
		    sscanf(text, "%*[^,],%*[^,],%*u,%*u,%*u,%15[^,]", name), 1);
		all[at] = name[1] ? '-' : name[0];
		text = strchr(text, '\n') + 1;
	}
	for (size_t at = 0; at < n; at++) {
		assert_int_equal(all[at], all[2 * n - 1 - at]);
		/* The next round, from the other end. */
		assert_int_equal(all[2 * n + at], all[n - 1 - at]);
	}
	memcpy(order, all, n);
}

static bool
are_neighbours(const char *order, char one, char other)
{
	const char *at = strchr(order, one), *to = strchr(order, other);

	return at - to == 1 || to - at == 1;
}

FRESH_TEST(no_server_has_always_the_same_neighbour)
{
	size_t together[SERVERS] = {0}, blocks = 8;

	plan.rounds = 1;
	for (size_t b = 0; b < blocks; b++) {
		char order[SERVERS + 2] = "", *text;
		size_t size;

		plan.csv = open_memstream(&text, &size);
		run_block(steady);
		fclose(plan.csv);
		order_of(text, order);
		free(text);
		for (size_t i = 0; i < SERVERS; i++)
			together[i] +=
			    are_neighbours(order, "abc"[i], "bc-"[i]);
	}
	for (size_t i = 0; i < SERVERS; i++)
		assert_in_range(together[i], 1, blocks - 1);
}

/* ---- what runs ---- */

static const char *
image_seen(size_t block)
{
	run.block = block;
	assert_true(instance_start(&run, 0));
	instance_stop(&run, 0);
	return result.servers[0].image;
}

/* A point's options may choose one; the first block is at each of them. */
FRESH_TEST(each_image_that_ran_is_named_once)
{
	char *image = result.servers[0].image, own[96], both[96];

	few_servers();
	image[0] = '\0';
	if (!image_seen(1)[0])
		skip(); /* we may not look */
	memcpy(own, image, sizeof(own));
	snprintf(both, sizeof(both), "other; %.40s", own);
	assert_string_equal(image_seen(0), own);
	strcpy(image, "other");
	assert_string_equal(image_seen(1), "other");
	assert_string_equal(image_seen(0), both);
	assert_string_equal(image_seen(0), both);
	/* What is only a part of its name is another. */
	snprintf(image, sizeof(both), "%.40s, and more", own);
	snprintf(both, sizeof(both), "%.40s, and more; %.40s", own, own);
	assert_string_equal(image_seen(0), both);
}

/* ---- CPU of the servers ---- */

static const struct metric *const throughput = &METRIC_THROUGHPUT;
static const struct metric *const cpu = &METRIC_CPU;

/* Servers that use 1 and 3 ms of CPU for each request, and a control. */
static void
burners(void)
{
	static char burns[2][sizeof(command) + 40];

	for (size_t i = 0; i < 2; i++) {
		snprintf(burns[i], sizeof(burns[i]), "TOY_BURN_US=%d exec %s",
		    i ? 3000 : 1000, command);
		plan.servers[i].command = burns[i];
	}
	plan.server_count = 2;
	plan.rounds = 1;
	run.count = 3;
	run.block = 1;
	instances[2].contender = &plan.servers[0];
	for (size_t i = 0; i < run.count; i++)
		results[i].cpu_us[1] = NAN;
}

/* A request costs a little more than what is burnt for it, even under a
 * sanitizer; much less than a millisecond. */
static void
is_known(double us, double burnt)
{
	assert_true(us >= burnt);
	assert_true(us < burnt + 1000);
}

FRESH_TEST(the_cpu_for_each_request_is_known_for_each_block)
{
	burners();
	point.slice_ns = 10 * NS_PER_MS;
	throughput->block(&run);
	is_known(results[0].cpu_us[1], 1000);
	is_known(results[1].cpu_us[1], 3000);
	is_known(results[2].cpu_us[1], 1000);
}

/* At a rate that both reach, and where a microsecond counts as two of the
 * unit. */
FRESH_TEST(a_figure_of_cpu_is_that_of_the_server)
{
	struct scenario scenario = *scenario_find("steady");

	burners();
	scenario.per_request = 2;
	run.scenario = &scenario;
	point.rate = 200;
	point.slice_ns = 25 * NS_PER_MS;
	cpu->block(&run);
	is_known(results[0].values[1] / 2, 1000);
	is_known(results[1].values[1] / 2, 3000);
	assert_near(results[1].ratios[1],
	    log(results[0].values[1] / results[1].values[1]), 1e-9);
	assert_true(results[1].ratios[1] < log(0.7)); /* less is better */
	assert_true(isnan(accumulators[1].ratios_all[1]));
}

static char said[400];

static void
hear(struct block_run *heard, const char *words)
{
	(void)heard;
	snprintf(said, sizeof(said), "%s", words);
}

FRESH_TEST(all_get_a_share_of_what_the_slowest_can_do)
{
	struct load_point points[1] = {{.connections = 1,
	    .share = 0.5,
	    .slice_ns = NS_PER_MS,
	    .setting_count = 1,
	    .settings = {{"share", "", 0.5}}}};

	burners();
	few_servers();
	run.remark = hear; /* and no note: it needs no warning */
	cpu->prepare(&run, points, 1);
	assert_true(points[0].rate >= 1 && points[0].rate < 500);
	assert_true(points[0].counts_cpu);
	assert_true((double)points[0].slice_ns * points[0].rate >= 50e9 ||
		    points[0].slice_ns == 100 * NS_PER_MS);
	assert_non_null(strstr(said, "without a schedule: a "));
	assert_non_null(strstr(said, ", 50 % of the least"));
}

/* ---- a rate that nobody can do ---- */

static const struct metric *const response = &METRIC_LATENCY;

FRESH_TEST(who_fails_in_the_search_for_rates_keeps_its_trouble)
{
	struct load_point points[1] = {{.connections = 1, .share = 0.5}};

	few_servers();
	plan.servers[0].command = "exit 3; : {port}";
	response->prepare(&run, points, 1);
	assert_non_null(strstr(accumulators[0].trouble, "ended with status 3"));
	run.point = points;
	response->block(&run);
	assert_non_null(strstr(accumulators[0].trouble, "ended with status 3"));
}

/* As a server: the word "serve", and its address. */
int
main(int argc, char **argv)
{
	if (!toy_command(argc, argv, command, sizeof(command)))
		return 1;
	return unit_run(__FILE__, NULL, NULL);
}
