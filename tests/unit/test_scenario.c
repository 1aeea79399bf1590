/* SPDX-License-Identifier: MIT */
#include "tests/unit/pretend.h"
#include "tests/unit/unit.h"

#include <sys/resource.h>

#include "common/compare/scenario_points.h"
#include "common/compare/scenario_table.h"
#include "common/compare/slice_csv.h"
#include "common/launch/launch.h"
#include "common/load/protocol_table.h"

static struct load_point points[POINTS_MAX];
static char note[400];
static struct cpu_placement placement; /* one CPU */

static size_t
expand(const char *name, size_t instances)
{
	return scenario_expand(scenario_find(name), &placement, instances,
	    points, note, sizeof(note));
}

TEST(each_scenario_is_whole)
{
	for (const struct scenario *s = SCENARIOS; s->name; s++) {
		size_t count = expand(s->name, 3);

		assert_ptr_equal(scenario_find(s->name), s);
		assert_non_null(s->measure);
		assert_non_null(protocol_find(s->protocol));
		assert_true(s->question && s->load && s->metric && s->unit);
		assert_true(strlen(s->question) <
			    sizeof((struct scenario_result *)0)->question);
		assert_true(strlen(s->load) <
			    sizeof((struct scenario_result *)0)->load);
		assert_true(strlen(s->metric) <
			    sizeof((struct scenario_result *)0)->metric);
		assert_true(count >= 1 && count <= POINTS_MAX);
		for (size_t p = 0; p < count; p++)
			assert_true(points[p].connections > 0);
	}
	assert_null(scenario_find("gossip"));
}

TEST(points_are_told_apart_by_their_settings)
{
	char a[100], b[100];

	for (const struct scenario *s = SCENARIOS; s->name; s++) {
		size_t count = expand(s->name, 3);

		for (size_t p = 1; p < count; p++) {
			load_point_format(&points[p - 1], a, sizeof(a));
			load_point_format(&points[p], b, sizeof(b));
			assert_string_not_equal(a, b);
		}
	}
	expand("steady", 3);
	assert_string_equal(
	    load_point_format(&points[0], a, sizeof(a)), "connections=64");
	expand("linking", 3);
	assert_string_equal(
	    load_point_format(&points[0], a, sizeof(a)), "image=static");
	assert_string_equal(points[1].options, "--image dynamic");
	expand("parent", 3);
	assert_string_equal(load_point_format(&points[0], a, sizeof(a)),
	    "parent_mib=1;remedy=none");
	assert_string_equal(points[0].options, "--ballast 1MiB");
}

TEST(what_does_not_fit_is_smaller_and_said)
{
	struct rlimit files;
	size_t count;

	getrlimit(RLIMIT_NOFILE, &files);
	/* A limit once lowered stays so: more instances make it bind, too. */
	count = expand("held", (size_t)(files.rlim_max / 4000) + 1);
	assert_true(count >= 2 && count <= 4);
	assert_int_equal(points[0].held, 0);
	assert_true(points[count - 1].held < 15000);
	assert_non_null(strstr(note, "15000 idle connections"));
	expand("steady", 3);
	assert_string_equal(note, "");
}

/* A server's idle connections in the largest point of "held", where there are
 * WANTED at most. */
static uint32_t
held_at_most(uint32_t wanted)
{
	struct rlimit files;
	size_t count;

	getrlimit(RLIMIT_NOFILE, &files);
	if (files.rlim_max < 2 * wanted) /* that would be the limit */
		_exit(PRETEND_NOT);
	count = expand("held", 1);
	return points[count - 1].held;
}

TEST_PRETENDING(groups_leave_fewer_processes)
{
	pretend_begin();
	pretend_groups();
	pretend_write("/sys/fs/cgroup/a/b/pids.max", "2000\n");
	/* Half of them, less 32 that come and go. */
	child_assert(held_at_most(2000) == 960);
	child_assert(strstr(note, "need more processes than there are: 960"));
	/* Each of three has a third of it. */
	expand("held", 3);
	child_assert(strstr(note, "than there are: 300"));
}

TEST_PRETENDING(memory_that_there_is_not_holds_no_connections)
{
	pretend_begin();
	pretend_groups();
	pretend_file("/proc/meminfo",
	    "MemTotal: 16777216 kB\nMemAvailable: 524288 kB\n");
	/* Of 128 KiB in a half of it, less 32 that come and go. */
	child_assert(held_at_most(2048) == 2000);
	child_assert(strstr(note, "need more memory than there is: 2000"));
}

/* 16 workers with 16 MiB each in a third of half of it: 4 MiB are left. */
TEST_PRETENDING(state_that_does_not_fit_is_smaller_and_said_once)
{
	static const char words[] = "16384 KiB of memory for 16 workers for "
				    "each server does not fit into memory: "
				    "4096";
	char text[100];
	const char *said;
	size_t count;

	pretend_begin();
	pretend_groups();
	pretend_file("/proc/meminfo",
	    "MemTotal: 16777216 kB\nMemAvailable: 524288 kB\n");
	count = expand("state", 3);
	child_assert(count == 7);
	said = strstr(note, words);
	child_assert(said && !strstr(said + 1, words));
	child_assert(strcmp(points[count - 1].options,
			 "--service state:4096KiB:1MiB") == 0);
	load_point_format(&points[1], text, sizeof(text));
	child_assert(strcmp(text, "state_kib=64;pieces=4KiB") == 0);
}

TEST_PRETENDING(without_huge_pages_there_are_no_points_in_them)
{
	size_t with, without;

	pretend_begin();
	pretend_file(
	    "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "2097152\n");
	pretend_file("/sys/kernel/mm/transparent_hugepage/enabled",
	    "always [madvise] never\n");
	with = expand("working-set", 1);
	child_assert(!strstr(note, "huge pages"));
	pretend_file("/sys/kernel/mm/transparent_hugepage/enabled",
	    "always madvise [never]\n");
	without = expand("working-set", 1);
	child_assert(strstr(note, "no points in huge pages"));
	child_assert(with > without && without > 1);
	for (size_t p = 0; p < without; p++)
		child_assert(!strstr(points[p].options, "huge"));
}

TEST_IN_CHILD(where_nothing_fits_one_connection_fails_with_its_reason)
{
	const struct rlimit none = {16, 16};

	child_assert(setrlimit(RLIMIT_NOFILE, &none) == 0);
	child_assert(expand("steady", 3) == 1);
	child_assert(points[0].connections == 1);
	child_assert(strstr(note, "need more descriptors than there are: 1"));
}

TEST(options_are_filled_in_wherever_they_stand)
{
	char buf[64];

	assert_int_equal(launch_fill_options(
			     buf, sizeof(buf), "a {options} {address}", "-x 1"),
	    0);
	assert_string_equal(buf, "a -x 1 {address}");
	launch_fill_options(buf, sizeof(buf), "{options}{options}", "y");
	assert_string_equal(buf, "yy");
	launch_fill_options(buf, sizeof(buf), "none", "y");
	assert_string_equal(buf, "none");
	launch_fill_options(buf, sizeof(buf), "a {options}", "");
	assert_string_equal(buf, "a ");
	assert_int_equal(launch_fill_options(buf, 5, "none", ""), 0);
	assert_int_equal(launch_fill_options(buf, 4, "none", ""), -1);
	assert_int_equal(launch_fill_options(buf, 5, "{options}", "12345"), -1);
}

TEST(a_row_quotes_what_has_a_comma)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct slice_row row = {.scenario = "churn",
			     .point = "connections=32",
			     .block = 1,
			     .round = 2,
			     .step = 3,
			     .server = "a,\"b\"",
			     .state = "kept",
			     .begin_s = 0.5,
			     .seconds = 0.05,
			     .begun = 7,
			     .ok = 6,
			     .rate = 120,
			     .p50_us = NAN,
			     .p99_us = 2,
			     .client_cpu_us = 3,
			     .contention = 0,
			     .stretch = 1},
			 whole = {.scenario = "idle",
			     .point = "connections=200",
			     .block = 1,
			     .step = 2,
			     .server = "a",
			     .state = "kept",
			     .begin_s = 1,
			     .seconds = 2,
			     .figure = 32.5};

	slice_csv_head(out);
	slice_csv_row(out, &row);
	slice_csv_row(out, &whole);
	fclose(out);
	assert_string_equal(text,
	    "scenario,point,block,quad,step,server,state,begin_s,seconds,"
	    "begun,ok,rate,p50_us,p99_us,client_cpu_us,foreign,stretch,figure\n"
	    "churn,connections=32,1,2,3,\"a,\"\"b\"\"\",kept,0.5,0.05,7,6,120,"
	    ",2,3,0,1,\n"
	    "idle,connections=200,1,,2,a,kept,1,2,,,,,,,,,32.5\n");
	free(text);
}

RUN_TESTS(NULL, NULL)
