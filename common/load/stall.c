/* SPDX-License-Identifier: MIT */
/* stall: how late a wake-up is, minus the CPU time and run delay since. */
#include "common/load/stall.h"

#include "common/sysinfo/proc_tree.h"

/* A check takes some microseconds, so it is done only this often. */
#define CHECK_NS (20 * NS_PER_MS)
/* The usual period of a quota; no throttling is longer. */
#define PERIOD_NS (100 * NS_PER_MS)

/* How long the machine has slept, plus a constant that may be negative: a time
 * namespace shifts both clocks. Repeats until both are read within 1 ms. */
static int64_t
asleep_ns(void)
{
	uint64_t awake, all;

	do {
		awake = now_ns();
		all = clock_ns(CLOCK_BOOTTIME);
	} while (now_ns() - awake > NS_PER_MS);
	return (int64_t)(all - awake);
}

static void
add_stall(struct stall *stall, uint64_t ns)
{
	stall->ns += ns;
	stall->times += ns > 0;
}

/* LATE - EXPLAINED if that is long enough for a stall, else 0. */
static uint64_t
unexplained(uint64_t late, uint64_t explained)
{
	return late > explained + STALL_MIN_NS ? late - explained : 0;
}

static void
read_clocks(struct stall *stall, uint64_t now)
{
	stall->ran_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	stall->waited_ns = proc_tree_waited_ns();
	stall->asleep_ns = asleep_ns();
	stall->next_check_ns = now + CHECK_NS;
	cpu_quota_read(
	    &stall->quota, &stall->throttle_count, &stall->throttle_ns);
}

void
stall_open(struct stall *stall)
{
	*stall = (struct stall){0};
	cpu_quota_open(&stall->quota);
	stall_begin(stall);
}

void
stall_close(struct stall *stall)
{
	cpu_quota_close(&stall->quota);
}

void
stall_begin(struct stall *stall)
{
	stall->ns = stall->times = 0;
	read_clocks(stall, now_ns());
	cpu_quota_read(&stall->quota, &stall->throttled, &stall->throttled_ns);
}

uint64_t
stall_check(struct stall *stall, uint64_t due, uint64_t now)
{
	struct stall before = *stall;
	uint64_t late = now > due ? now - due : 0, ran, waited, throttled;
	int64_t slept;

	read_clocks(stall, now);
	ran = stall->ran_ns - before.ran_ns;
	waited = stall->waited_ns - before.waited_ns;
	/* A throttled period counts in full; a group that gets less than its
	 * share is not counted, but timed. */
	throttled =
	    PERIOD_NS * (stall->throttle_count - before.throttle_count) +
	    stall->throttle_ns - before.throttle_ns;
	slept = stall->asleep_ns - before.asleep_ns;
	/* Throttling is reported separately, so it is no stall. Some kernels
	 * count it as run delay, too; then it still extends deadlines. */
	add_stall(stall,
	    unexplained(late, ran + (throttled > waited ? throttled : waited)));
	add_stall(stall, unexplained(slept > 0 ? (uint64_t)slept : 0, 0));
	return unexplained(late, ran + (throttled ? 0 : waited));
}

void
stall_end(struct stall *stall, struct load_result *result)
{
	uint64_t times, ns, now = now_ns();

	stall_check(stall, now, now);
	cpu_quota_read(&stall->quota, &times, &ns);
	result->stall_ns += stall->ns;
	result->stalls += stall->times;
	result->throttled += times - stall->throttled;
	result->throttled_ns += ns - stall->throttled_ns;
	stall->ns = stall->times = 0;
	stall->throttled = times;
	stall->throttled_ns = ns;
}
