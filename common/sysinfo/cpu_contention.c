/* SPDX-License-Identifier: MIT */
/* cpu_contention: /proc/stat, minus the CPU clocks of client and server. */
#include "common/sysinfo/cpu_contention.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/procfs.h"
#include "common/sysinfo/proc_tree.h"

#define ROOTS \
	(sizeof(((struct cpu_contention_watch *)0)->roots) / sizeof(pid_t))

/* ---- a server ---- */

static void
add_process(pid_t pid, void *context)
{
	struct cpu_contention_watch *watch = context;
	clockid_t clock, *more;

	if (clock_getcpuclockid(pid, &clock) != 0)
		return;
	/* The array doubles when the count is a power of two. */
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
cpu_contention_open(struct cpu_contention_watch *watch, pid_t pid, bool change)
{
	cpu_contention_close(watch);
	if (change)
		watch->walked = pid;
	else
		proc_tree_walk(pid, add_process, watch);
}

void
cpu_contention_close(struct cpu_contention_watch *watch)
{
	free(watch->clocks);
	*watch = (struct cpu_contention_watch){0};
}

static uint64_t
watch_ns(const struct cpu_contention_watch *watch)
{
	uint64_t sum = 0;

	if (watch->walked)
		return proc_tree_cpu_ns(watch->walked);
	for (size_t i = 0; i < watch->count; i++)
		sum += clock_ns(watch->clocks[i]);
	for (size_t i = 0; i < watch->root_count; i++)
		sum += proc_tree_reaped_ns(watch->roots[i]);
	return sum;
}

/* ---- the machine ---- */

static bool
is_in_placement(const struct cpu_placement *placement, unsigned cpu)
{
	return cpu < CPU_SETSIZE && (CPU_ISSET(cpu, &placement->client) ||
					CPU_ISSET(cpu, &placement->server));
}

/* proc_stat(5). Returns the number of CPUs. */
static unsigned
read_cpus(
    struct cpu_contention *contention, const struct cpu_placement *placement)
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
		if (!is_in_placement(placement, cpu))
			continue;
		contention->idle_ns += (idle + waiting) * procfs_tick_ns();
		contention->softirq_ns += softirq * procfs_tick_ns();
		contention->stolen_ns += stolen * procfs_tick_ns();
		count++;
	}
	if (in)
		fclose(in);
	return count;
}

static unsigned
read_all(struct cpu_contention *contention,
    const struct cpu_placement *placement,
    const struct cpu_contention_watch *watch)
{
	unsigned cpus;

	*contention = (struct cpu_contention){.placement = placement};
	cpus = read_cpus(contention, placement);
	contention->client_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	contention->server_ns = watch_ns(watch);
	contention->at_ns = now_ns();
	return cpus;
}

void
cpu_contention_begin(struct cpu_contention *contention,
    const struct cpu_placement *placement,
    const struct cpu_contention_watch *watch)
{
	read_all(contention, placement, watch);
}

/* A - B, or 0 if B was rounded up above A. */
static double
minus(uint64_t a, uint64_t b)
{
	return a > b ? (double)(a - b) : 0;
}

double
cpu_contention_share(const struct cpu_contention *before,
    const struct cpu_contention_watch *watch)
{
	struct cpu_contention now;
	unsigned cpus = read_all(&now, before->placement, watch);
	double all = (double)cpus * minus(now.at_ns, before->at_ns);
	double busy = all - minus(now.idle_ns, before->idle_ns);
	double others = busy - minus(now.client_ns, before->client_ns) -
			minus(now.server_ns, before->server_ns) -
			minus(now.softirq_ns, before->softirq_ns);
	double stolen = minus(now.stolen_ns, before->stolen_ns);

	if (all <= 0)
		return 0;
	others = (stolen > others ? stolen : others) - (double)procfs_tick_ns();
	if (others < 0)
		return 0;
	return others < all ? others / all : 1;
}
