/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "tests/unit/pretend.h"

#include <inttypes.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "common/sysinfo/limits_check.h"

static char why[400];

/* A process that has few descriptors and stays. */
static pid_t
start_poor(rlim_t descriptors)
{
	const struct rlimit few = {descriptors, descriptors};
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	assert_int_equal(prlimit(pid, RLIMIT_NOFILE, &few, NULL), 0);
	return pid;
}

static void
stop(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static int
ask(struct limits_check_plan plan)
{
	snprintf(why, sizeof(why), "untouched");
	return limits_check(&plan, why, sizeof(why));
}

TEST(small_plans_pass_without_a_word)
{
	assert_int_equal(
	    ask((struct limits_check_plan){
		.connections = 10, .ports = true, .server = getpid()}),
	    0);
	assert_string_equal(why, "untouched");
	assert_int_equal(ask((struct limits_check_plan){.connections = 0}), 0);
}

TEST(ports_are_counted_for_each_source)
{
	struct limits_check_plan plan = {
	    .connections = 100000, .sources = 1, .ports = true};

	assert_int_equal(ask(plan), -1);
	assert_non_null(strstr(why, "net.ipv4.ip_local_port_range"));
	assert_non_null(strstr(why, "100000 connections"));
	plan.sources = 0; /* is one */
	assert_int_equal(ask(plan), -1);
	plan.sources = 100000;
	ask(plan);
	assert_null(strstr(why, "ip_local_port_range"));
	plan = (struct limits_check_plan){.connections = 100000};
	ask(plan);
	assert_null(strstr(why, "ip_local_port_range"));
}

/* Whether ports are what is too few. */
static bool
lacks_ports(uint64_t connections, uint64_t sources)
{
	ask((struct limits_check_plan){
	    .connections = connections, .sources = sources, .ports = true});
	return strstr(why, "ip_local_port_range") != NULL;
}

/* In a network of its own: 100 ports, of which 12 are reserved. */
TEST_PRETENDING(as_many_connections_as_ports_that_are_not_reserved_fit)
{
	pretend_begin();
	if (unshare(CLONE_NEWNET) < 0)
		_exit(PRETEND_NOT);
	pretend_write(
	    "/proc/sys/net/ipv4/ip_local_port_range", "40000 40099\n");
	pretend_write("/proc/sys/net/ipv4/ip_local_reserved_ports",
	    "8080,39998-40001,40010,40020-40023,40095-41000\n");
	child_assert(!lacks_ports(88, 1));
	child_assert(lacks_ports(89, 1));
	child_assert(!lacks_ports(3 * 88, 3));
	child_assert(lacks_ports(3 * 88 + 1, 3));
	pretend_write("/proc/sys/net/ipv4/ip_local_reserved_ports", "\n");
	child_assert(!lacks_ports(100, 1));
	child_assert(lacks_ports(101, 1));
}

TEST_IN_CHILD(descriptors_are_raised_or_named)
{
	struct rlimit limit = {50, 120};
	struct limits_check_plan plan = {.connections = 200};

	child_assert(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	child_assert(limits_check(&plan, why, sizeof(why)) == -1);
	child_assert(strstr(why, "RLIMIT_NOFILE"));
	child_assert(strstr(why, "200 connections"));
	child_assert(strstr(why, "the limit is 120"));
	plan.connections = 80; /* more than the soft limit, which is raised */
	child_assert(limits_check(&plan, why, sizeof(why)) == 0);
	child_assert(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	child_assert(limit.rlim_cur == 120);
}

TEST(what_a_server_may_run_into_is_a_warning)
{
	pid_t poor = start_poor(60);

	assert_int_equal(
	    ask((struct limits_check_plan){.connections = 100, .server = poor}),
	    1);
	assert_non_null(strstr(why, "it has 60 descriptors"));
	assert_int_equal(
	    ask((struct limits_check_plan){.connections = 50, .server = poor}),
	    0);
	stop(poor);
	assert_int_equal(
	    ask((struct limits_check_plan){.connections = 100, .server = poor}),
	    0); /* it is no more: nothing is known */
}

TEST(bursts_are_held_against_the_accept_queue)
{
	FILE *in = fopen("/proc/sys/net/core/somaxconn", "r");
	struct limits_check_plan plan = {.burst = true};
	unsigned long long queue;
	struct rlimit limit;

	if (!in)
		skip();
	assert_int_equal(fscanf(in, "%llu", &queue), 1);
	fclose(in);
	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max < queue + 100)
		skip();
	plan.connections = queue + 1;
	assert_int_equal(ask(plan), 1);
	assert_non_null(strstr(why, "net.core.somaxconn"));
	plan.burst = false;
	assert_int_equal(ask(plan), 0);
}

static bool
may_have(uint64_t tasks)
{
	return limits_check_group_tasks(getpid()) == tasks;
}

TEST_PRETENDING(the_tightest_group_counts)
{
	const char *const root = "/sys/fs/cgroup/pids.max";
	const char *const outer = "/sys/fs/cgroup/a/pids.max";
	const char *const inner = "/sys/fs/cgroup/a/b/pids.max";
	struct limits_check_plan plan = {.connections = 50, .server = getpid()};

	pretend_begin();
	pretend_groups();
	child_assert(may_have(UINT64_MAX));
	pretend_write(inner, "max\n");
	child_assert(may_have(UINT64_MAX));
	pretend_write(outer, "40\n");
	child_assert(may_have(40));
	child_assert(limits_check(&plan, why, sizeof(why)) == 1);
	child_assert(strstr(why, "it has 40 tasks of its cgroup (pids.max)"));
	pretend_write(inner, "30\n");
	child_assert(may_have(30));
	pretend_write(inner, "50\n");
	child_assert(may_have(40));
	/* All that a container may see of who contains it. */
	pretend_write(root, "20\n");
	child_assert(may_have(20));
}

RUN_TESTS(NULL, NULL)
