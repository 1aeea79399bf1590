/* SPDX-License-Identifier: MIT */
/* engines: loads in several threads, and how their results are merged. */
#include "tests/unit/toy.h"

#include "common/base/clock.h"
#include "common/load/engines.h"
#include "common/load/interval_merge.h"
#include "common/load/protocol_table.h"

/* An engine on each; the test's own CPU so often. */
static struct cpu_list cpus;
static struct engines engines;
static struct load_result result;

static struct load_plan
plan_of(const struct address *address, uint32_t connections, double rate)
{
	struct load_plan plan = {.protocol = protocol_find("echo"),
	    .connections = connections,
	    .rate = rate,
	    .size = 64,
	    .timeout_ns = 10 * NS_PER_S,
	    .cpus = &cpus};

	plan.target.kind = TARGET_STREAM;
	plan.target.address = *address;
	return plan;
}

static void
list_own_cpu(uint32_t threads)
{
	cpu_set_t allowed;
	unsigned cpu = 0;

	assert_int_equal(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
	while (!CPU_ISSET(cpu, &allowed))
		cpu++;
	cpus.count = 0;
	for (uint32_t i = 0; i < threads; i++)
		cpu_list_append(&cpus, cpu);
}

static void
begin(const struct load_plan *plan, uint32_t threads)
{
	char why[200];

	list_own_cpu(threads);
	assert_int_equal(engines_open(&engines, plan, why, sizeof(why)), 0);
	assert_int_equal(load_result_init(&result), 0);
	assert_int_equal(engines_connect(&engines, &result), 0);
}

static void
end(void)
{
	engines_close(&engines);
	load_result_release(&result);
}

/* ---- loads ---- */

/* 103 is no multiple of the threads. */
TEST(requests_are_dealt_out_and_none_is_lost)
{
	static const uint32_t threads[] = {1, 2, 4, 7};
	struct toy toy;

	toy_start(&toy, TOY_THREADS, "127.0.0.1:0");
	for (size_t i = 0; i < COUNT_OF(threads); i++) {
		for (double rate = 0; rate <= 10000; rate += 10000) {
			struct load_plan plan = plan_of(&toy.address, 7, rate);
			struct fairness fairness;

			begin(&plan, threads[i]);
			assert_int_equal(engines.count, threads[i]);
			engines_run(&engines, NEVER, 103, &result);
			assert_int_equal(result.begun, 103);
			assert_int_equal(result.ok, 103);
			assert_int_equal(result.latency.total, 103);
			assert_int_equal(result.connect.total, 7);
			assert_true(result.span_ns > 0);
			assert_true(result.span_ns <=
				    result.wall_ns + NS_PER_S / 10000);
			assert_int_equal(
			    engines_fairness(&engines, &fairness), 0);
			assert_true(fairness.min >= 1 || rate > 0);
			assert_true(fairness.max <= 103);
			engines_finish(&engines, &result);
			assert_int_equal(result.begun, 103);
			assert_int_equal(result.ok, 103);
			assert_int_equal(result.unclosed, 0);
			end();
		}
	}
	toy_stop(&toy);
}

TEST(there_are_no_more_engines_than_connections)
{
	struct toy toy;
	struct load_plan plan;

	toy_start(&toy, TOY_THREADS, "127.0.0.1:0");
	plan = plan_of(&toy.address, 3, 0);
	begin(&plan, 8);
	assert_int_equal(engines.count, 3);
	engines_run(&engines, NEVER, 2, &result);
	assert_int_equal(result.ok, 2);
	engines_finish(&engines, &result);
	end();
	toy_stop(&toy);
}

/* Each request of the schedule is sent once, whatever thread has it: so N
 * requests take N intervals, and all lags count from the same start. */
TEST(threads_keep_one_schedule)
{
	struct toy toy;
	struct load_plan plan;

	toy_start(&toy, TOY_THREADS, "127.0.0.1:0");
	plan = plan_of(&toy.address, 16, 1000);
	begin(&plan, 4);
	engines_run(&engines, NEVER, 50, &result);
	assert_int_equal(result.ok, 50);
	assert_int_equal(result.send_lag.total, 50);
	/* From the first send, which may be late, to 50 ms after the start. */
	assert_true(result.span_ns + result.send_lag.max >= 50 * NS_PER_MS);
	assert_true(result.wall_ns >= 49 * NS_PER_MS);
	end();
	toy_stop(&toy);
}

TEST(results_of_several_runs_add_up)
{
	struct toy toy;
	struct load_plan plan;
	uint64_t spans = 0;

	toy_start(&toy, TOY_THREADS, "127.0.0.1:0");
	plan = plan_of(&toy.address, 4, 0);
	begin(&plan, 2);
	for (uint64_t run = 1; run <= 3; run++) {
		engines_run(&engines, NEVER, 10, &result);
		assert_int_equal(result.ok, 10 * run);
		assert_true(result.span_ns > spans);
		assert_true(engines.sending_ns > 0);
		spans = result.span_ns;
	}
	end();
	toy_stop(&toy);
}

/* One that has gone since the plan was made. */
TEST(a_cpu_that_is_not_there_is_an_error_with_its_number)
{
	static const uint32_t places[] = {0, 1, 3};
	struct address none = {0};
	struct load_plan plan = plan_of(&none, 4, 0);
	char why[200];

	for (size_t i = 0; i < COUNT_OF(places); i++) {
		list_own_cpu(4);
		cpus.cpus[places[i]] = CPU_LIST_MAX - 1;
		assert_int_equal(
		    engines_open(&engines, &plan, why, sizeof(why)), -1);
		assert_non_null(strstr(why, "CPU 1023 is offline"));
	}
}

TEST_IN_CHILD(a_thread_that_cannot_be_made_is_an_error_with_what_to_do)
{
	struct address none = {0};
	struct load_plan plan = plan_of(&none, 4, 0);
	pthread_attr_t attr;
	char why[200];

	list_own_cpu(4);
	/* No machine has room for such a stack. */
	pthread_attr_init(&attr);
	child_assert(pthread_attr_setstacksize(&attr, (size_t)1 << 50) == 0);
	child_assert(pthread_setattr_default_np(&attr) == 0);
	child_assert(engines_open(&engines, &plan, why, sizeof(why)) < 0);
	child_assert(strstr(why, "thread 2 of 4 of the client cannot be"));
	child_assert(strstr(why, "fewer --client-cpus"));
}

TEST(a_stop_reaches_all_threads)
{
	const volatile int stop = 1;
	struct toy toy;
	struct load_plan plan;

	toy_start(&toy, TOY_THREADS, "127.0.0.1:0");
	plan = plan_of(&toy.address, 4, 0);
	begin(&plan, 4);
	engines.stop = &stop;
	engines_run(&engines, NEVER, UINT64_MAX, &result);
	assert_int_equal(result.begun, 0);
	engines_finish(&engines, &result);
	end();
	toy_stop(&toy);
}

struct series {
	uint64_t begun, ok, lines, until_ns;
};

static void
note_interval(void *context, const struct load_result *part, uint64_t from_ns,
    uint64_t to_ns)
{
	struct series *series = context;

	assert_true(from_ns == series->until_ns);
	series->until_ns = to_ns;
	series->begun += part->begun;
	series->ok += part->ok;
	series->lines++;
}

TEST(intervals_of_threads_are_one_series)
{
	struct toy toy;
	struct load_plan plan;
	struct series series = {0};

	toy_start(&toy, TOY_THREADS, "127.0.0.1:0");
	plan = plan_of(&toy.address, 4, 2000);
	begin(&plan, 3);
	engines.interval_ns = 10 * NS_PER_MS;
	engines.interval = note_interval;
	engines.interval_context = &series;
	engines_run(&engines, NEVER, 200, &result);
	engines_finish(&engines, &result);
	assert_int_equal(series.begun, 200);
	assert_int_equal(series.ok, 200);
	assert_true(series.lines >= 10);
	end();
	toy_stop(&toy);
}

/* ---- merging ---- */

TEST(an_interval_is_passed_on_when_all_have_told_their_part)
{
	struct series series = {0};
	struct interval_merge merge;
	struct load_result part;

	assert_int_equal(load_result_init(&part), 0);
	part.begun = 5;
	part.ok = 4;
	interval_merge_open(&merge, 2, note_interval, &series);
	interval_merge_add(&merge, &part, 0, 10);
	interval_merge_add(&merge, &part, 10, 20);
	interval_merge_add(&merge, &part, 20, 29);
	assert_int_equal(series.lines, 0);
	interval_merge_add(&merge, &part, 0, 10);
	assert_int_equal(series.lines, 1);
	assert_int_equal(series.begun, 10);
	interval_merge_add(&merge, &part, 10, 20);
	interval_merge_flush(&merge);
	assert_int_equal(series.lines, 3);
	assert_int_equal(series.ok, 20);
	assert_int_equal(series.until_ns, 29);
	interval_merge_close(&merge);
	load_result_release(&part);
}

static struct load_result
thread_result(uint64_t cpu_ns, uint64_t wait_ns)
{
	struct load_result r;

	assert_int_equal(load_result_init(&r), 0);
	r.ok = r.begun = 10;
	r.wall_ns = 100;
	r.cpu_ns = cpu_ns;
	r.wait_ns = wait_ns;
	return r;
}

/* In any order, of three threads of which one is NEAR its limit. */
static void
check_limit(uint64_t near_cpu, uint64_t near_wait, bool own_cpu)
{
	for (int at = 0; at < 3; at++) {
		struct load_result sum = thread_result(0, 0), slices;

		sum.ok = sum.begun = 0;
		for (int i = 0; i < 3; i++) {
			struct load_result one =
			    i == at ? thread_result(near_cpu, near_wait)
				    : thread_result(20, 3);

			load_result_join(&sum, &one);
			load_result_release(&one);
		}
		assert_int_equal(sum.ok, 30);
		assert_int_equal(sum.wall_ns, 100);
		assert_int_equal(sum.cpu_ns, near_cpu + 40);
		assert_true(fabs(load_result_busy(&sum) -
				 (double)near_cpu / 100) < 1e-9);
		assert_true(load_result_is_client_bound(&sum, own_cpu));
		/* So it is for several slices. */
		slices = thread_result(0, 0);
		slices.wall_ns = 0;
		load_result_add(&slices, &sum);
		load_result_add(&slices, &sum);
		assert_true(load_result_is_client_bound(&slices, own_cpu));
		load_result_release(&slices);
		load_result_release(&sum);
	}
}

TEST(one_thread_at_its_limit_is_enough)
{
	struct load_result a = thread_result(60, 0), b = thread_result(70, 0);

	check_limit(90, 0, false);
	check_limit(50, 45, true);
	/* Two that are not make no limit together. */
	load_result_join(&a, &b);
	assert_false(load_result_is_client_bound(&a, true));
	assert_int_equal(a.cpu_ns, 130);
	load_result_release(&a);
	load_result_release(&b);
}

/* Not that of the first thread: the earliest one. */
TEST(the_first_wrong_reply_of_all_threads_is_described)
{
	static const uint64_t times[] = {0, 30, 10, 20};
	struct load_result sum = thread_result(0, 0);

	for (size_t i = 0; i < COUNT_OF(times); i++) {
		struct load_result one = thread_result(0, 0);

		one.first_wrong_ns = one.first_failed_ns = times[i];
		if (times[i]) {
			snprintf(one.first_wrong, sizeof(one.first_wrong),
			    "wrong %d", (int)times[i]);
			snprintf(one.first_failed, sizeof(one.first_failed),
			    "failed %d", (int)times[i]);
		}
		load_result_join(&sum, &one);
		load_result_release(&one);
	}
	assert_string_equal(sum.first_wrong, "wrong 10");
	assert_string_equal(sum.first_failed, "failed 10");
	assert_int_equal(sum.first_wrong_ns, 10);
	load_result_release(&sum);
}

TEST(what_all_threads_see_counts_once)
{
	struct load_result a = thread_result(1, 0), b = thread_result(1, 0);

	a.throttled = b.throttled = 3;
	a.stall_ns = 7;
	b.stall_ns = 9;
	load_result_join(&a, &b);
	assert_int_equal(a.throttled, 3);
	assert_int_equal(a.stall_ns, 9);
	load_result_release(&a);
	load_result_release(&b);
}

RUN_TESTS(NULL, NULL)
