/* SPDX-License-Identifier: MIT */
/* foreign: /proc/stat, less what is ours. */
#include "common/sysinfo/cpu_contention.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/sysinfo/procfs.h"
#include "common/sysinfo/proc_tree.h"

#define ROOTS (sizeof(((struct watch *)0)->roots) / sizeof(pid_t))

/* ---- a server ---- */

static void
add_process(pid_t pid, void *context)
{
	struct watch *watch = context;
	clockid_t clock, *more;

	if (clock_getcpuclockid(pid, &clock) != 0)
		return;
	/* Twice as many whenever the count is a power of two. */
	if ((watch->count & (watch->count - 1)) == 0) {
		more = realloc(watch->clocks,
		    (watch->count ? 2 * watch->count : 1) * sizeof(clock));
		if (!more)
			return;
		watch->clocks = more;
	}
	watch->clocks[watch->count++] = clock;
	if (watch->root_count < ROOTS)
		watch->roots[watch->root_count++] = pid;
}

void
watch_open(struct watch *watch, pid_t pid, bool change)
{
	watch_close(watch);
	if (change)
		watch->walked = pid;
	else
		procs_walk(pid, add_process, watch);
}

void
watch_close(struct watch *watch)
{
	free(watch->clocks);
	*watch = (struct watch){0};
}

static uint64_t
watch_ns(const struct watch *watch)
{
	uint64_t sum = 0;

	if (watch->walked)
		return procs_cpu_ns(watch->walked);
	for (size_t i = 0; i < watch->count; i++)
		sum += clock_ns(watch->clocks[i]);
	for (size_t i = 0; i < watch->root_count; i++)
		sum += procs_reaped_ns(watch->roots[i]);
	return sum;
}

/* ---- the machine ---- */

static bool
ours(const struct placement *placement, unsigned cpu)
{
	return cpu < CPU_SETSIZE && (CPU_ISSET(cpu, &placement->client) ||
					CPU_ISSET(cpu, &placement->server));
}

/* proc_stat(5). Returns of how many CPUs. */
static unsigned
ask_cpus(struct foreign *foreign, const struct placement *placement)
{
	char line[512];
	unsigned count = 0;
	FILE *in = fopen("/proc/stat", "re");

	while (in && fgets(line, sizeof(line), in)) {
		unsigned cpu;
		unsigned long long idle, waiting, softirq, stolen;

		if (sscanf(line, "cpu%u %*u %*u %*u %llu %llu %*u %llu %llu",
			&cpu, &idle, &waiting, &softirq, &stolen) != 5)
			continue;
		if (!ours(placement, cpu))
			continue;
		foreign->idle_ns += (idle + waiting) * proc_tick_ns();
		foreign->softirq_ns += softirq * proc_tick_ns();
		foreign->stolen_ns += stolen * proc_tick_ns();
		count++;
	}
	if (in)
		fclose(in);
	return count;
}

static unsigned
ask(struct foreign *foreign, const struct placement *placement,
    const struct watch *watch)
{
	unsigned cpus;

	*foreign = (struct foreign){.placement = placement};
	cpus = ask_cpus(foreign, placement);
	foreign->client_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	foreign->server_ns = watch_ns(watch);
	foreign->at_ns = now_ns();
	return cpus;
}

void
foreign_begin(struct foreign *foreign, const struct placement *placement,
    const struct watch *watch)
{
	ask(foreign, placement, watch);
}

/* A less B, which may have been rounded up. */
static double
less(uint64_t a, uint64_t b)
{
	return a > b ? (double)(a - b) : 0;
}

double
foreign_share(const struct foreign *before, const struct watch *watch)
{
	struct foreign now;
	unsigned cpus = ask(&now, before->placement, watch);
	double all = (double)cpus * less(now.at_ns, before->at_ns);
	double busy = all - less(now.idle_ns, before->idle_ns);
	double others = busy - less(now.client_ns, before->client_ns) -
			less(now.server_ns, before->server_ns) -
			less(now.softirq_ns, before->softirq_ns);
	double stolen = less(now.stolen_ns, before->stolen_ns);

	if (all <= 0)
		return 0;
	others = (stolen > others ? stolen : others) - (double)proc_tick_ns();
	if (others < 0)
		return 0;
	return others < all ? others / all : 1;
}
