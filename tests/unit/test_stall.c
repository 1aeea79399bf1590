/* SPDX-License-Identifier: MIT */
/* stall: what counts as a stall; cpu_quota: in which cgroups it is found. */
#include "tests/unit/unit.h"

#include "tests/unit/pretend.h"

#include <signal.h>
#include <sys/wait.h>

#include "common/load/stall.h"

/* In a child that a parent stops for 300 ms. */
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

TEST(sigstop_is_a_stall)
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

/* As in a long TLS handshake. */
TEST(using_the_cpu_is_no_stall)
{
	struct stall stall;
	uint64_t since;

	stall_open(&stall);
	since = now_ns();
	while (
	    clock_ns(CLOCK_THREAD_CPUTIME_ID) - stall.ran_ns < 100 * NS_PER_MS)
		continue;
	/* Other processes may use the CPU for the rest. */
	assert_true(
	    stall_note(&stall, since, since, now_ns()) < 60 * NS_PER_MS);
	stall_close(&stall);
}

TEST(waiting_as_long_as_planned_is_no_stall)
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

/* As after a wake-up 300 ms late that waited for a CPU all the time, while a
 * quota was used up COUNT times. Returns the extension of deadlines. */
static uint64_t
extension_for(uint64_t count)
{
	struct stall stall;
	uint64_t now, extension;

	stall_open(&stall);
	stall.waited_ns -= 300 * NS_PER_MS;
	stall.throttle_count -= count;
	now = now_ns();
	extension = stall_check(&stall, now - 300 * NS_PER_MS, now);
	assert_int_equal(stall.ns, 0); /* it is no stall */
	stall_close(&stall);
	return extension;
}

/* Some kernels count throttling as run delay. */
TEST(throttling_extends_deadlines_and_run_delay_does_not)
{
	assert_int_equal(extension_for(0), 0);
	assert_in_range(extension_for(1), 250 * NS_PER_MS, 300 * NS_PER_MS);
	assert_in_range(extension_for(3), 250 * NS_PER_MS, 300 * NS_PER_MS);
}

/* As if the machine had slept for NS since the latest check. Returns the length
 * of the stall in the result. */
static uint64_t
stall_of_sleep(int64_t ns)
{
	struct load_result result = {0};
	struct stall stall;
	uint64_t since;

	stall_open(&stall);
	stall.asleep_ns -= ns;
	since = now_ns();
	/* The monotonic clock stood still, so no deadline is extended. */
	assert_int_equal(stall_check(&stall, since + NS_PER_S, since), 0);
	stall_end(&stall, &result);
	assert_int_equal(result.stalls, result.stall_ns > 0);
	stall_close(&stall);
	return result.stall_ns;
}

TEST(a_sleep_of_the_machine_is_a_stall_without_extension)
{
	uint64_t told = stall_of_sleep(3600 * NS_PER_S);

	assert_in_range(told, 3600 * NS_PER_S - 2 * NS_PER_MS,
	    3600 * NS_PER_S + 2 * NS_PER_MS);
	assert_int_equal(stall_of_sleep(10 * NS_PER_MS), 0);
	assert_int_equal(stall_of_sleep(0), 0);
	/* The two clocks are not read at exactly the same time. */
	assert_int_equal(stall_of_sleep(-(int64_t)NS_PER_MS), 0);
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

/* In the group itself and above it; the lowest quota counts. */
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
