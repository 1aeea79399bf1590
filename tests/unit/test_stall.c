/* SPDX-License-Identifier: MIT */
/* still: what counts as standing still; quota: whose it is. */
#include "tests/unit/unit.h"

#include "tests/unit/pretend.h"

#include <signal.h>
#include <sys/wait.h>

#include "common/load/stall.h"

/* In a child that is stopped from outside for 300 ms. */
static void
is_stopped(void *arg)
{
	struct stall stall;
	uint64_t since;

	(void)arg;
	stall_open(&stall);
	since = now_ns();
	raise(SIGSTOP);
	child_assert(stall_note(&stall, since, since + 50 * NS_PER_MS,
			 now_ns()) >= 150 * NS_PER_MS);
	child_assert(stall.times == 1 && stall.ns >= 150 * NS_PER_MS);
	stall_close(&stall);
	_exit(0);
}

TEST(who_is_stopped_stood_still)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		is_stopped(NULL);
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
	clock_wait_ns(300 * NS_PER_MS);
	kill(pid, SIGCONT);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* A long handshake, say. */
TEST(who_was_busy_did_not_stand_still)
{
	struct stall stall;
	uint64_t since;

	stall_open(&stall);
	since = now_ns();
	while (
	    clock_ns(CLOCK_THREAD_CPUTIME_ID) - stall.ran_ns < 100 * NS_PER_MS)
		continue;
	/* What others had of the CPU explains the rest. */
	assert_true(
	    stall_note(&stall, since, since, now_ns()) < 60 * NS_PER_MS);
	stall_close(&stall);
}

TEST(who_waits_as_long_as_it_wanted_did_not_stand_still)
{
	struct stall stall;
	uint64_t since;

	stall_open(&stall);
	since = now_ns();
	clock_wait_ns(100 * NS_PER_MS);
	assert_int_equal(
	    stall_note(&stall, since, since + 10 * NS_PER_S, now_ns()), 0);
	assert_int_equal(stall.ns, 0);
	stall_close(&stall);
}

/* As if we had been 300 ms late, and ready to run all the while, and a quota
 * had been used up so OFTEN. Returns how much more time that gives. */
static uint64_t
excused_for(uint64_t often)
{
	struct stall stall;
	uint64_t now, excused;

	stall_open(&stall);
	stall.waited_ns -= 300 * NS_PER_MS;
	stall.throttle_count -= often;
	now = now_ns();
	excused = stall_check(&stall, now - 300 * NS_PER_MS, now);
	assert_int_equal(stall.ns, 0); /* others, or the quota: not told */
	stall_close(&stall);
	return excused;
}

/* Some kernels count it as time without a CPU. */
TEST(what_a_quota_took_is_excused_and_what_others_took_is_not)
{
	assert_int_equal(excused_for(0), 0);
	assert_in_range(excused_for(1), 250 * NS_PER_MS, 300 * NS_PER_MS);
	assert_in_range(excused_for(3), 250 * NS_PER_MS, 300 * NS_PER_MS);
}

/* As if the machine had slept for NS since the latest look. Returns how long
 * it slept, as it is told. */
static uint64_t
told_of_sleep(int64_t ns)
{
	struct load_result result = {0};
	struct stall stall;
	uint64_t since;

	stall_open(&stall);
	stall.asleep_ns -= ns;
	since = now_ns();
	/* By the monotonic clock nothing is late, so nothing gets more time. */
	assert_int_equal(stall_check(&stall, since + NS_PER_S, since), 0);
	stall_end(&stall, &result);
	assert_int_equal(result.stalls, result.stall_ns > 0);
	stall_close(&stall);
	return result.stall_ns;
}

TEST(a_machine_that_slept_is_told_of_and_excuses_nothing)
{
	uint64_t told = told_of_sleep(3600 * NS_PER_S);

	assert_in_range(told, 3600 * NS_PER_S - 2 * NS_PER_MS,
	    3600 * NS_PER_S + 2 * NS_PER_MS);
	assert_int_equal(told_of_sleep(10 * NS_PER_MS), 0);
	assert_int_equal(told_of_sleep(0), 0);
	/* The clocks are never read at once. */
	assert_int_equal(told_of_sleep(-(int64_t)NS_PER_MS), 0);
}

static void
cpu_quota_of(double cpus, uint64_t want_times, uint64_t want_ns)
{
	struct cpu_quota quota;
	uint64_t times, ns;

	cpu_quota_open(&quota);
	child_assert(quota.cpus > cpus - 0.001 && quota.cpus < cpus + 0.001);
	cpu_quota_read(&quota, &times, &ns);
	child_assert(times == want_times && ns == want_ns);
	cpu_quota_close(&quota);
}

/* Of the group itself and of the one above it; the tightest is told. */
TEST_PRETENDING(a_quota_of_version_2_is_found_in_all_groups_above)
{
	pretend_begin();
	pretend_groups();
	pretend_write("/sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
	pretend_write("/sys/fs/cgroup/a/cpu.max", "50000 100000\n");
	pretend_write("/sys/fs/cgroup/cpu.max", "150000 100000\n");
	pretend_write("/sys/fs/cgroup/a/b/cpu.stat",
	    "nr_throttled 9\nthrottled_usec 9\n");
	pretend_write("/sys/fs/cgroup/a/cpu.stat",
	    "usage_usec 5\nnr_periods 99\nnr_throttled 37\n"
	    "throttled_usec 1850000\n");
	pretend_write(
	    "/sys/fs/cgroup/cpu.stat", "nr_throttled 1\nthrottled_usec 2\n");
	cpu_quota_of(0.5, 38, 1850002000);
}

TEST_PRETENDING(a_quota_of_version_1_is_found)
{
	pretend_begin();
	pretend_tree("3:cpu,cpuacct:/a\n0::/\n",
	    "1 2 0:1 / /sys/fs/cgroup rw - cgroup cgroup rw,cpu,cpuacct\n");
	pretend_write("/sys/fs/cgroup/a/cpu.cfs_period_us", "100000\n");
	pretend_write("/sys/fs/cgroup/a/cpu.cfs_quota_us", "25000\n");
	pretend_write("/sys/fs/cgroup/cpu.cfs_period_us", "100000\n");
	pretend_write("/sys/fs/cgroup/cpu.cfs_quota_us", "-1\n");
	pretend_write("/sys/fs/cgroup/a/cpu.stat",
	    "nr_periods 99\nnr_throttled 4\nthrottled_time 123456\n");
	cpu_quota_of(0.25, 4, 123456);
}

RUN_TESTS(NULL, NULL)
