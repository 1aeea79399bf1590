/* SPDX-License-Identifier: MIT */
/* memory: of the system, and of the control groups. */
#include "common/base/memory.h"

#include <sys/sysinfo.h>

#include "common/base/cgroup.h"
#include "common/base/procfs.h"

#define STAT_MAX 8192 /* of memory.stat */

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t
less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static uint64_t
free_in_the_system(void)
{
	struct sysinfo info;

	if (sysinfo(&info) < 0)
		return 0;
	return ((uint64_t)info.freeram + info.bufferram) * info.mem_unit;
}

static uint64_t
available_in_the_system(void)
{
	char text[4096];
	uint64_t kib;

	procfs_read(text, sizeof(text), "/proc/meminfo");
	return procfs_number(text, "MemAvailable:", &kib)
		   ? kib * 1024
		   : free_in_the_system();
}

/* The number behind KEY in memory.stat. Version 1 has the group's own number,
 * and the total with all groups below it. */
static uint64_t
stat_number(const char *text, const char *key, const char *total)
{
	uint64_t number = 0;

	if (!procfs_number(text, total, &number))
		procfs_number(text, key, &number);
	return number;
}

/* Bytes of cached files, which the kernel gives up when memory is needed. */
static uint64_t
file_cache(const struct cgroup *group)
{
	char text[STAT_MAX];

	procfs_read(text, sizeof(text), "%s/memory.stat", group->path);
	return stat_number(text, "active_file", "total_active_file") +
	       stat_number(text, "inactive_file", "total_inactive_file");
}

/* memory.high counts as a limit: above it, the kernel slows the group down to a
 * crawl. */
static uint64_t
left_in(const struct cgroup *group)
{
	uint64_t limit = least(cgroup_number(group, "memory.limit_in_bytes"),
	    least(cgroup_number(group, "memory.max"),
		cgroup_number(group, "memory.high")));
	uint64_t used = least(cgroup_number(group, "memory.usage_in_bytes"),
	    cgroup_number(group, "memory.current"));

	if (limit == UINT64_MAX || used == UINT64_MAX)
		return limit;
	return less(limit, less(used, file_cache(group)));
}

uint64_t
memory_available(void)
{
	return least(
	    available_in_the_system(), cgroup_least("memory", 0, left_in));
}
