/* SPDX-License-Identifier: MIT */
/* still: what the clocks say, less what they explain. */
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
note(struct still *still, uint64_t ns)
{
	still->ns += ns;
	still->times += ns > 0;
}

/* How much of LATE is more than EXPLAINED, and enough to be told. */
static uint64_t
unexplained(uint64_t late, uint64_t explained)
{
	return late > explained + STILL_LEAST_NS ? late - explained : 0;
}

/* What the clocks say, from now on. */
static void
look(struct still *still, uint64_t now)
{
	still->ran_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	still->waited_ns = procs_waited_ns();
	still->asleep_ns = asleep_ns();
	still->look_ns = now + LOOK_NS;
	quota_ask(&still->quota, &still->cuts, &still->cut_ns);
}

void
still_open(struct still *still)
{
	*still = (struct still){0};
	quota_open(&still->quota);
	still_begin(still);
}

void
still_close(struct still *still)
{
	quota_close(&still->quota);
}

void
still_begin(struct still *still)
{
	still->ns = still->times = 0;
	look(still, now_ns());
	quota_ask(&still->quota, &still->throttled, &still->throttled_ns);
}

uint64_t
still_look(struct still *still, uint64_t due, uint64_t now)
{
	struct still before = *still;
	uint64_t late = now > due ? now - due : 0, ran, waited, cut;
	int64_t slept;

	look(still, now);
	ran = still->ran_ns - before.ran_ns;
	waited = still->waited_ns - before.waited_ns;
	/* Who gets what others have left is not counted, but timed. */
	cut = PERIOD_NS * (still->cuts - before.cuts) + still->cut_ns -
	      before.cut_ns;
	slept = still->asleep_ns - before.asleep_ns;
	/* What a quota took is told as that. Some kernels count it as time in
	 * which we waited for a CPU, but it was not others who had that. */
	note(still, unexplained(late, ran + (cut > waited ? cut : waited)));
	note(still, unexplained(slept > 0 ? (uint64_t)slept : 0, 0));
	return unexplained(late, ran + (cut ? 0 : waited));
}

void
still_end(struct still *still, struct load_result *result)
{
	uint64_t times, ns, now = now_ns();

	still_look(still, now, now);
	quota_ask(&still->quota, &times, &ns);
	result->still_ns += still->ns;
	result->stills += still->times;
	result->throttled += times - still->throttled;
	result->throttled_ns += ns - still->throttled_ns;
	still->ns = still->times = 0;
	still->throttled = times;
	still->throttled_ns = ns;
}
