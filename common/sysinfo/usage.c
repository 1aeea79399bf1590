/* SPDX-License-Identifier: MIT */
/* usage: CPU, switches and faults of a tree of processes, by difference. */
#include "common/sysinfo/usage.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/base/procfs.h"
#include "common/sysinfo/proc_tree.h"

const char *const MEMORY_KIND_WORDS[] = {
    [MEMORY_ANONYMOUS] = "anonymous",
    [MEMORY_FILE] = "files",
    [MEMORY_PAGE_TABLES] = "page tables",
    [MEMORY_KERNEL_STACKS] = "kernel stacks",
    [MEMORY_SLAB] = "slab",
};

void
usage_init(struct usage *usage)
{
	*usage = (struct usage){
	    .cpu_us = NAN,
	    .user_us = NAN,
	    .system_us = NAN,
	    .voluntary = NAN,
	    .involuntary = NAN,
	    .faults = NAN,
	    .pss_kib = NAN,
	    .connections = NAN,
	    .processes = NAN,
	    .threads = NAN,
	    .mappings = NAN,
	};
	for (int kind = 0; kind < MEMORY_KINDS; kind++)
		usage->memory_kib[kind] = NAN;
}

double
usage_memory_kib(const struct usage *usage)
{
	double sum = NAN;

	for (int kind = 0; kind < MEMORY_KINDS; kind++) {
		if (!isnan(usage->memory_kib[kind]))
			sum = isnan(sum) ? usage->memory_kib[kind]
					 : sum + usage->memory_kib[kind];
	}
	return sum;
}

/* A share of the CPU below which it does not matter what the dead did. */
#define DEAD_MATTER 0.01

/* ---- one look at a tree ---- */

static void
add_task(pid_t pid, pid_t tid, void *context)
{
	struct usage_totals *accumulator = context;
	char text[PROCFS_STATUS_MAX];
	uint64_t number, involuntary;

	procfs_read(
	    text, sizeof(text), "/proc/%d/task/%d/status", (int)pid, (int)tid);
	if (procfs_number(text, "voluntary_ctxt_switches:", &number) &&
	    procfs_number(text, "nonvoluntary_ctxt_switches:", &involuntary)) {
		accumulator->voluntary += number;
		accumulator->involuntary += involuntary;
	} else if (text[0]) { /* else it has just ended */
		accumulator->lost_switches = true;
	}
	if (pid == tid && proc_tree_ignores_children(text))
		accumulator->loses_children = true;
	/* What it ran: what is missing of its process's clock in the end was
	 * used by threads that have died. */
	procfs_read(text, sizeof(text), "/proc/%d/task/%d/schedstat", (int)pid,
	    (int)tid);
	if (sscanf(text, "%" SCNu64, &number) == 1)
		accumulator->dead_ns -= number;
}

static void
add_process(pid_t pid, void *context)
{
	struct usage_totals *accumulator = context;
	struct procfs_stat stat;
	char text[1024];
	clockid_t clock;
	uint64_t own = 0, reaped;

	procfs_read(text, sizeof(text), "/proc/%d/stat", (int)pid);
	if (!procfs_stat_parse(text, &stat))
		return; /* it has just ended */
	if (clock_getcpuclockid(pid, &clock) == 0)
		own = clock_ns(clock);
	reaped = (stat.reaped_user + stat.reaped_system) * procfs_tick_ns();
	accumulator->total_ns += own + reaped;
	accumulator->dead_ns += own + reaped;
	accumulator->reaped_ns += reaped;
	accumulator->user += stat.user + stat.reaped_user;
	accumulator->system += stat.system + stat.reaped_system;
	accumulator->faults += stat.minor_faults + stat.major_faults +
			       stat.reaped_minor_faults +
			       stat.reaped_major_faults;
	proc_tree_tasks(pid, add_task, accumulator);
}

/* The number in FILE of the group, behind KEY (empty: there is no other). */
static bool
ask_file(const struct usage_group *group, const char *file, const char *key,
    uint64_t *value)
{
	char text[4096];

	procfs_read(text, sizeof(text), "%s/%s", group->cpu, file);
	return key[0] ? procfs_number(text, key, value)
		      : sscanf(text, "%" SCNu64, value) == 1;
}

/* The group's CPU instead, which forgets nobody. */
static void
ask_group(struct usage_totals *accumulator, const struct usage_group *group)
{
	bool v2 = group->cpu_unified;
	uint64_t total, user, system;

	if (!ask_file(group, v2 ? "cpu.stat" : "cpuacct.usage",
		v2 ? "usage_usec" : "", &total) ||
	    !ask_file(group, v2 ? "cpu.stat" : "cpuacct.usage_user",
		v2 ? "user_usec" : "", &user) ||
	    !ask_file(group, v2 ? "cpu.stat" : "cpuacct.usage_sys",
		v2 ? "system_usec" : "", &system))
		return;
	if (v2)
		total *= NS_PER_US;
	/* What died without being waited for is in this sum alone. */
	accumulator->dead_ns += total - accumulator->total_ns;
	accumulator->total_ns = total;
	accumulator->user = user;
	accumulator->system = system;
	accumulator->has_all_cpu = true;
}

static void
tally_ask(struct usage_totals *accumulator, pid_t pid,
    const struct usage_group *group)
{
	*accumulator = (struct usage_totals){0};
	proc_tree_walk(pid, add_process, accumulator);
	if (group && group->cpu[0])
		ask_group(accumulator, group);
}

/* ---- between two looks ---- */

void
usage_begin(
    struct usage_meter *meter, pid_t pid, const struct usage_group *group)
{
	meter->pid = pid;
	meter->group = group;
	tally_ask(&meter->before, pid, group);
}

/* AFTER - BEFORE. Less than nothing: somebody has died unnoticed. */
static uint64_t
since(uint64_t before, uint64_t after, bool *lost)
{
	if (after >= before)
		return after - before;
	*lost = true;
	return 0;
}

/* Whether the dead had a part of TOTAL that matters. These figures are sums and
 * differences that may pass below zero. */
static bool
matters(uint64_t before, uint64_t after, uint64_t total)
{
	return (double)(int64_t)(after - before) > DEAD_MATTER * (double)total;
}

void
usage_end(const struct usage_meter *meter, struct usage_sums *sums)
{
	const struct usage_totals *before = &meter->before;
	struct usage_totals after;
	uint64_t total, user, system;

	tally_ask(&after, meter->pid, meter->group);
	if (after.loses_children || before->loses_children) {
		sums->lost_cpu |= !after.has_all_cpu;
		sums->lost_faults = true;
		sums->lost_switches |= !after.has_all_cpu;
	}
	sums->lost_switches |= before->lost_switches || after.lost_switches;
	total = since(before->total_ns, after.total_ns, &sums->lost_cpu);
	user = since(before->user, after.user, &sums->lost_cpu);
	system = since(before->system, after.system, &sums->lost_cpu);
	/* The sum is exact, its parts are sampled. */
	user = user + system ? (uint64_t)((double)total * (double)user /
					  (double)(user + system))
			     : total;
	sums->user_ns += user;
	sums->system_ns += total - user;
	sums->faults += since(before->faults, after.faults, &sums->lost_faults);
	sums->voluntary +=
	    since(before->voluntary, after.voluntary, &sums->lost_switches);
	sums->involuntary +=
	    since(before->involuntary, after.involuntary, &sums->lost_switches);
	if (matters(before->dead_ns, after.dead_ns, total))
		sums->lost_switches = true;
	if (!after.has_all_cpu &&
	    matters(before->reaped_ns, after.reaped_ns, total))
		sums->lost_split = true;
}

static uint64_t
ns_of(struct timeval time)
{
	return (uint64_t)time.tv_sec * NS_PER_S +
	       (uint64_t)time.tv_usec * NS_PER_US;
}

void
usage_add_life(struct usage_sums *sums, const struct rusage *used)
{
	sums->lost_split = true;
	sums->user_ns += ns_of(used->ru_utime);
	sums->system_ns += ns_of(used->ru_stime);
	sums->voluntary += (uint64_t)used->ru_nvcsw;
	sums->involuntary += (uint64_t)used->ru_nivcsw;
	sums->faults += (uint64_t)(used->ru_minflt + used->ru_majflt);
}

static double
each(uint64_t sum, bool lost, double unit, uint64_t requests)
{
	return lost || requests == 0 ? NAN
				     : (double)sum / unit / (double)requests;
}

void
usage_of_requests(
    const struct usage_sums *sums, uint64_t requests, struct usage *usage)
{
	bool lost = sums->lost_cpu;

	usage->cpu_us =
	    each(sums->user_ns + sums->system_ns, lost, NS_PER_US, requests);
	lost |= sums->lost_split;
	usage->user_us = each(sums->user_ns, lost, NS_PER_US, requests);
	usage->system_us = each(sums->system_ns, lost, NS_PER_US, requests);
	usage->voluntary =
	    each(sums->voluntary, sums->lost_switches, 1, requests);
	usage->involuntary =
	    each(sums->involuntary, sums->lost_switches, 1, requests);
	usage->faults = each(sums->faults, sums->lost_faults, 1, requests);
}
