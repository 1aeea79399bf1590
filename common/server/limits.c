/* SPDX-License-Identifier: MIT */
/* limits: the smallest of rlimits, sysctls, cgroups and memory. */
#include "common/server/limits.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/base/cgroup.h"
#include "common/base/memory.h"
#include "common/base/procfs.h"

/* Listeners and the loop's own descriptors, opened after the limit is
 * computed. */
#define OWN_DESCRIPTORS 8

/* For what this process maps later: an arena of malloc(3), say. */
#define OWN_SPACE ((uint64_t)64 << 20)

/* The kernel's default, if the limit cannot be read. */
#define DESCRIPTORS_UNKNOWN 1024

/* In thousandths of the memory, proc_pid_oom_score_adj(5). Workers are to go
 * before this process, but after a program that has taken most of the
 * memory. */
#define OOM_SCORE_MORE 200
#define OOM_SCORE_MAX 1000

/* The reserve of descriptors; set once by limits_compute(). */
static rlim_t reserved;

static uint64_t
open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	uint64_t count = 0;

	if (!dir)
		return 16;
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static void
narrow(
    struct worker_limit *limit, uint64_t have, uint64_t each, const char *what)
{
	if (each && have / each < limit->workers) {
		limit->workers = have / each;
		limit->binding = what;
	}
}

static uint64_t
less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* Leaves an eighth of a table of the system to other programs. */
static uint64_t
share_of(uint64_t whole)
{
	return whole - whole / 8;
}

/*
 * Reads the hard limit again, which may have changed since. The reserve is at
 * most a quarter of it: serving clients comes first.
 */
static uint64_t
set_descriptors(rlim_t kept_back)
{
	struct rlimit limit;
	rlim_t soft;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return DESCRIPTORS_UNKNOWN;
	soft = limit.rlim_cur;
	if (kept_back > limit.rlim_max / 4)
		kept_back = limit.rlim_max / 4;
	limit.rlim_cur = limit.rlim_max - kept_back;
	return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? soft : limit.rlim_cur;
}

/* UINT64_MAX if it cannot be read; then other limits apply. */
static uint64_t
soft_limit(unsigned resource)
{
	struct rlimit limit;

	return getrlimit(resource, &limit) < 0 ? UINT64_MAX : limit.rlim_cur;
}

/* Of this process, in bytes: what is mapped, what of it is resident, and what
 * is private and can be written; proc_pid_statm(5). 0 without /proc. */
struct own_memory {
	uint64_t mapped, resident, data;
};

static struct own_memory
own_memory(void)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct own_memory own = {0};
	char text[128];

	procfs_read(text, sizeof(text), "/proc/self/statm");
	sscanf(text, "%" SCNu64 " %" SCNu64 " %*u %*u %*u %" SCNu64,
	    &own.mapped, &own.resident, &own.data);
	return (struct own_memory){
	    own.mapped * page, own.resident * page, own.data * page};
}

/* What a process has for workers, beside what is mapped so far. */
static uint64_t
address_space_kib(void)
{
	struct own_memory own = own_memory();
	uint64_t space = less(share_of(soft_limit(RLIMIT_AS)), own.mapped);
	uint64_t data = less(share_of(soft_limit(RLIMIT_DATA)), own.data);

	space = less(space, OWN_SPACE);
	return (space < data ? space : data) / 1024;
}

struct worker_limit
limits_compute(const struct worker_cost *cost, uint64_t reserve)
{
	struct worker_limit limit = {
	    UINT64_MAX, "nothing", UINT64_MAX, UINT64_MAX};
	uint64_t descriptors = set_descriptors(reserve);
	uint64_t memory = share_of(memory_available() / 1024);
	uint64_t space = address_space_kib();

	reserved = reserve;
	narrow(&limit, less(descriptors, open_descriptors() + OWN_DESCRIPTORS),
	    cost->descriptors, "open descriptors");
	limit.in_space = cost->own_kib > space ? 0
			 : cost->address_kib   ? space / cost->address_kib
					       : UINT64_MAX;
	narrow(&limit, space, cost->address_kib, "address space");
	if (geteuid() != 0) /* the kernel exempts root */
		narrow(&limit, less(soft_limit(RLIMIT_NPROC), 2), cost->tasks,
		    "processes of this user");
	narrow(&limit,
	    share_of(procfs_value(32768, "/proc/sys/kernel/pid_max")),
	    cost->tasks, "process numbers");
	narrow(&limit,
	    share_of(procfs_value(UINT64_MAX, "/proc/sys/kernel/threads-max")),
	    cost->tasks, "threads of the system");
	narrow(&limit, cgroup_least("pids", 0, cgroup_tasks_left), cost->tasks,
	    "processes of the cgroup");
	narrow(&limit,
	    less(procfs_value(65530, "/proc/sys/vm/max_map_count"), 128),
	    cost->mappings, "memory mappings");
	limit.in_memory =
	    cost->memory_kib ? memory / cost->memory_kib : UINT64_MAX;
	narrow(&limit, memory, cost->memory_kib, "memory");
	if (limit.workers == 0)
		limit.workers = 1;
	return limit;
}

int
limits_oom_score_adj(void)
{
	uint64_t own = own_memory().resident;
	uint64_t share = own * 1000 / (own + memory_available() + 1);
	char text[16];
	int adj = 0;

	procfs_read(text, sizeof(text), "/proc/self/oom_score_adj");
	sscanf(text, "%d", &adj);
	adj += (int)share + OOM_SCORE_MORE;
	return adj < OOM_SCORE_MAX ? adj : OOM_SCORE_MAX;
}

void
limits_spend_reserve(bool on)
{
	set_descriptors(on ? 0 : reserved);
}
