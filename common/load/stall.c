/* SPDX-License-Identifier: MIT */
/* stall: what the clocks say, less what they explain. */
#include "common/load/stall.h"

#include "common/sysinfo/proc_tree.h"

/* A look costs some microseconds. */
#define LOOK_NS (20 * NS_PER_MS)
/* Of a quota, as a rule; what is cut from it is no longer. */
#define PERIOD_NS (100 * NS_PER_MS)

/* For how long the machine has slept, plus the same number each time: a time
 * namespace shifts either clock, and it may be below 0. The clocks cannot be
 * read at once: as often as it takes to be nearly so. */
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
note(struct stall *stall, uint64_t ns)
{
	stall->ns += ns;
	stall->times += ns > 0;
}

/* How much of LATE is more than EXPLAINED, and enough to be told. */
static uint64_t
unexplained(uint64_t late, uint64_t explained)
{
	return late > explained + STALL_LEAST_NS ? late - explained : 0;
}

/* What the clocks say, from now on. */
static void
look(struct stall *stall, uint64_t now)
{
	stall->ran_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	stall->waited_ns = proc_tree_waited_ns();
	stall->asleep_ns = asleep_ns();
	stall->look_ns = now + LOOK_NS;
	cpu_quota_read(&stall->quota, &stall->cuts, &stall->cut_ns);
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
	look(stall, now_ns());
	cpu_quota_read(&stall->quota, &stall->throttled, &stall->throttled_ns);
}

uint64_t
stall_look(struct stall *stall, uint64_t due, uint64_t now)
{
	struct stall before = *stall;
	uint64_t late = now > due ? now - due : 0, ran, waited, cut;
	int64_t slept;

	look(stall, now);
	ran = stall->ran_ns - before.ran_ns;
	waited = stall->waited_ns - before.waited_ns;
	/* Who gets what others have left is not counted, but timed. */
	cut = PERIOD_NS * (stall->cuts - before.cuts) + stall->cut_ns -
	      before.cut_ns;
	slept = stall->asleep_ns - before.asleep_ns;
	/* What a quota took is told as that. Some kernels count it as time in
	 * which we waited for a CPU, but it was not others who had that. */
	note(stall, unexplained(late, ran + (cut > waited ? cut : waited)));
	note(stall, unexplained(slept > 0 ? (uint64_t)slept : 0, 0));
	return unexplained(late, ran + (cut ? 0 : waited));
}

void
stall_end(struct stall *stall, struct load_result *result)
{
	uint64_t times, ns, now = now_ns();

	stall_look(stall, now, now);
	cpu_quota_read(&stall->quota, &times, &ns);
	result->stall_ns += stall->ns;
	result->stills += stall->times;
	result->throttled += times - stall->throttled;
	result->throttled_ns += ns - stall->throttled_ns;
	stall->ns = stall->times = 0;
	stall->throttled = times;
	stall->throttled_ns = ns;
}
