/* SPDX-License-Identifier: MIT */
/* memory: the system's, and the control groups'. */
#include "common/base/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "common/base/cgroup.h"

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
	char line[128];
	uint64_t kib = UINT64_MAX;
	FILE *in = fopen("/proc/meminfo", "re");

	if (!in)
		return free_in_the_system();
	while (fgets(line, sizeof(line), in)) {
		if (sscanf(line, "MemAvailable: %" SCNu64, &kib) == 1)
			break;
	}
	fclose(in);
	return kib == UINT64_MAX ? free_in_the_system() : kib * 1024;
}

/*
 * Bytes of files that the kernel keeps as long as nobody needs the room, in
 * memory.stat. (Version 1 has the group's own first, then the totals.)
 */
static uint64_t
file_cache(const struct cgroup *group)
{
	char line[128], path[CGROUP_PATH_MAX + 16];
	uint64_t active = 0, inactive = 0;
	FILE *in;

	snprintf(path, sizeof(path), "%s/memory.stat", group->path);
	in = fopen(path, "re");
	while (in && fgets(line, sizeof(line), in)) {
		const char *at =
		    strncmp(line, "total_", 6) == 0 ? line + 6 : line;

		sscanf(at, "active_file %" SCNu64, &active);
		sscanf(at, "inactive_file %" SCNu64, &inactive);
	}
	if (in)
		fclose(in);
	return active + inactive;
}

/* Above memory.high the group is only slowed down, but to a crawl. */
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
