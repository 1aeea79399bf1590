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

const char *const USAGE_MEMORY_WORDS[] = {
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
	    .tlb_misses = NAN,
	    .pss_kib = NAN,
	    .connections = NAN,
	    .processes = NAN,
	    .threads = NAN,
	    .mappings = NAN,
	    .kept_kib = NAN,
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

/* Below this share of the CPU time, what ended tasks did is neglected. */
#define DEAD_SHARE_MIN 0.01

/* ---- one reading of a tree ---- */

static void
add_task(pid_t pid, pid_t tid, void *context)
{
	struct usage_totals *totals = context;
	char text[PROCFS_STATUS_MAX];
	uint64_t number, involuntary;

	procfs_read(
	    text, sizeof(text), "/proc/%d/task/%d/status", (int)pid, (int)tid);
	if (procfs_number(text, "voluntary_ctxt_switches:", &number) &&
	    procfs_number(text, "nonvoluntary_ctxt_switches:", &involuntary)) {
		totals->voluntary += number;
		totals->involuntary += involuntary;
	} else if (text[0]) { /* else it has just ended */
		totals->lost_switches = true;
	}
	if (pid == tid && proc_tree_ignores_children(text))
		totals->loses_children = true;
	/* The process's clock minus the time of all its living threads is that
	 * of its ended threads. */
	procfs_read(text, sizeof(text), "/proc/%d/task/%d/schedstat", (int)pid,
	    (int)tid);
	if (sscanf(text, "%" SCNu64, &number) == 1)
		totals->dead_ns -= number;
}

static void
add_process(pid_t pid, void *context)
{
	struct usage_totals *totals = context;
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
	totals->total_ns += own + reaped;
	totals->dead_ns += own + reaped;
	totals->reaped_ns += reaped;
	totals->user += stat.user + stat.reaped_user;
	totals->system += stat.system + stat.reaped_system;
	totals->faults += stat.minor_faults + stat.major_faults +
			  stat.reaped_minor_faults + stat.reaped_major_faults;
	proc_tree_tasks(pid, add_task, totals);
}

/* The number after KEY in FILE of the group; KEY "": the file is a number. */
static bool
read_group_file(const struct usage_group *group, const char *file,
    const char *key, uint64_t *value)
{
	char text[4096];

	procfs_read(text, sizeof(text), "%s/%s", group->cpu, file);
	return key[0] ? procfs_number(text, key, value)
		      : sscanf(text, "%" SCNu64, value) == 1;
}

/* Replaces the CPU time by the group's, which counts all ended processes. */
static void
read_group(struct usage_totals *totals, const struct usage_group *group)
{
	bool v2 = group->cpu_unified;
	uint64_t total, user, system;

	if (!read_group_file(group, v2 ? "cpu.stat" : "cpuacct.usage",
		v2 ? "usage_usec" : "", &total) ||
	    !read_group_file(group, v2 ? "cpu.stat" : "cpuacct.usage_user",
		v2 ? "user_usec" : "", &user) ||
	    !read_group_file(group, v2 ? "cpu.stat" : "cpuacct.usage_sys",
		v2 ? "system_usec" : "", &system))
		return;
	if (v2)
		total *= NS_PER_US;
	/* Only this sum has processes that were not waited for. */
	totals->dead_ns += total - totals->total_ns;
	totals->total_ns = total;
	totals->user = user;
	totals->system = system;
	totals->has_all_cpu = true;
}

static void
read_totals(
    struct usage_totals *totals, pid_t pid, const struct usage_group *group)
{
	*totals = (struct usage_totals){0};
	proc_tree_walk(pid, add_process, totals);
	if (group && group->cpu[0])
		read_group(totals, group);
}

/* ---- between two readings ---- */

void
usage_begin(
    struct usage_meter *meter, pid_t pid, const struct usage_group *group)
{
	meter->pid = pid;
	meter->group = group;
	read_totals(&meter->before, pid, group);
}

/* AFTER - BEFORE. Negative: a process ended without being waited for. */
static uint64_t
difference(uint64_t before, uint64_t after, bool *lost)
{
	if (after >= before)
		return after - before;
	*lost = true;
	return 0;
}

/* Whether AFTER - BEFORE is a significant part of TOTAL. Both are differences
 * themselves and may be below 0. */
static bool
is_significant(uint64_t before, uint64_t after, uint64_t total)
{
	return (double)(int64_t)(after - before) >
	       DEAD_SHARE_MIN * (double)total;
}

void
usage_end(const struct usage_meter *meter, struct usage_sums *sums)
{
	const struct usage_totals *before = &meter->before;
	struct usage_totals after;
	uint64_t total, user, system;

	read_totals(&after, meter->pid, meter->group);
	if (after.loses_children || before->loses_children) {
		sums->lost_cpu |= !after.has_all_cpu;
		sums->lost_faults = true;
		sums->lost_switches |= !after.has_all_cpu;
	}
	sums->lost_switches |= before->lost_switches || after.lost_switches;
	total = difference(before->total_ns, after.total_ns, &sums->lost_cpu);
	user = difference(before->user, after.user, &sums->lost_cpu);
	system = difference(before->system, after.system, &sums->lost_cpu);
	/* The sum is exact; the kernel samples its parts. */
	user = user + system ? (uint64_t)((double)total * (double)user /
					  (double)(user + system))
			     : total;
	sums->user_ns += user;
	sums->system_ns += total - user;
	sums->faults +=
	    difference(before->faults, after.faults, &sums->lost_faults);
	sums->voluntary += difference(
	    before->voluntary, after.voluntary, &sums->lost_switches);
	sums->involuntary += difference(
	    before->involuntary, after.involuntary, &sums->lost_switches);
	if (is_significant(before->dead_ns, after.dead_ns, total))
		sums->lost_switches = true;
	if (!after.has_all_cpu &&
	    is_significant(before->reaped_ns, after.reaped_ns, total))
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
per_request(uint64_t sum, bool lost, double unit, uint64_t requests)
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
	    per_request(usage_cpu_ns(sums), lost, NS_PER_US, requests);
	lost |= sums->lost_split;
	usage->user_us = per_request(sums->user_ns, lost, NS_PER_US, requests);
	usage->system_us =
	    per_request(sums->system_ns, lost, NS_PER_US, requests);
	usage->voluntary =
	    per_request(sums->voluntary, sums->lost_switches, 1, requests);
	usage->involuntary =
	    per_request(sums->involuntary, sums->lost_switches, 1, requests);
	usage->faults =
	    per_request(sums->faults, sums->lost_faults, 1, requests);
	usage->tlb_misses =
	    per_request(sums->tlb_misses, !sums->has_tlb_misses, 1, requests);
}
