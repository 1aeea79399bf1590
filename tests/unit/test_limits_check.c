/* SPDX-License-Identifier: MIT */
/* limits_check: with limits of child processes and of made /proc and cgroups.
 */
#include "tests/unit/unit.h"

#include "tests/unit/pretend.h"

#include <inttypes.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "common/sysinfo/limits_check.h"

static char why[400];

/* A process with a low limit of descriptors that waits. */
static pid_t
start_limited(rlim_t descriptors)
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
check(struct limits_check_plan plan)
{
	snprintf(why, sizeof(why), "untouched");
	return limits_check(&plan, why, sizeof(why));
}

TEST(small_plans_pass_without_a_warning)
{
	assert_int_equal(
	    check((struct limits_check_plan){
		.connections = 10, .ports = true, .server = getpid()}),
	    0);
	assert_string_equal(why, "untouched");
	assert_int_equal(
	    check((struct limits_check_plan){.connections = 0}), 0);
}

TEST(ports_are_counted_for_each_source)
{
	struct limits_check_plan plan = {
	    .connections = 100000, .sources = 1, .ports = true};

	assert_int_equal(check(plan), -1);
	assert_non_null(strstr(why, "net.ipv4.ip_local_port_range"));
	assert_non_null(strstr(why, "100000 connections"));
	plan.sources = 0; /* means 1 */
	assert_int_equal(check(plan), -1);
	plan.sources = 100000;
	check(plan);
	assert_null(strstr(why, "ip_local_port_range"));
	plan = (struct limits_check_plan){.connections = 100000};
	check(plan);
	assert_null(strstr(why, "ip_local_port_range"));
}

/* Whether there are too few ports. */
static bool
lacks_ports(uint64_t connections, uint64_t sources)
{
	check((struct limits_check_plan){
	    .connections = connections, .sources = sources, .ports = true});
	return strstr(why, "ip_local_port_range") != NULL;
}

/* In a network namespace with 100 ports, of which 12 are reserved. */
TEST_PRETENDING(reserved_ports_are_not_counted)
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

TEST_IN_CHILD(the_descriptor_limit_is_raised_or_reported)
{
	struct rlimit limit = {50, 120};
	struct limits_check_plan plan = {.connections = 200};

	child_assert(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	child_assert(limits_check(&plan, why, sizeof(why)) == -1);
	child_assert(strstr(why, "RLIMIT_NOFILE"));
	child_assert(strstr(why, "200 connections"));
	child_assert(strstr(why, "the limit is 120"));
	plan.connections = 80; /* above the soft limit */
	child_assert(limits_check(&plan, why, sizeof(why)) == 0);
	child_assert(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	child_assert(limit.rlim_cur == 120);
}

TEST(a_limit_of_the_server_is_a_warning)
{
	pid_t limited = start_limited(60);

	assert_int_equal(check((struct limits_check_plan){
			     .connections = 100, .server = limited}),
	    1);
	assert_non_null(strstr(why, "it has 60 descriptors"));
	assert_int_equal(check((struct limits_check_plan){
			     .connections = 50, .server = limited}),
	    0);
	stop(limited);
	assert_int_equal(check((struct limits_check_plan){
			     .connections = 100, .server = limited}),
	    0); /* it has ended: its limits are unknown */
}

TEST(a_burst_above_the_accept_queue_is_a_warning)
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
	assert_int_equal(check(plan), 1);
	assert_non_null(strstr(why, "net.core.somaxconn"));
	plan.burst = false;
	assert_int_equal(check(plan), 0);
}

static bool
may_have(uint64_t tasks)
{
	return limits_check_group_tasks(getpid()) == tasks;
}

TEST_PRETENDING(the_lowest_limit_of_the_groups_counts)
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
	/* In a container, the root is the container's own group. */
	pretend_write(root, "20\n");
	child_assert(may_have(20));
}

RUN_TESTS(NULL, NULL)
