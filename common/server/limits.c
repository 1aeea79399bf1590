/* SPDX-License-Identifier: MIT */
/* limits: the least of what rlimits, sysctls, cgroup and memory allow. */
#include "common/server/limits.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Listeners and the accept loop's own, opened after the limit is computed. */
#define OWN_DESCRIPTORS 8

#define OWN_SPACE_KIB 65536

/* Descriptors kept back; set once by limits_compute(). */
static rlim_t reserved;

/* The number in FILE, or UINT64_MAX if there is none ("max", no such file). */
static uint64_t
read_number(const char *path)
{
	uint64_t number = UINT64_MAX;
	FILE *in = fopen(path, "re");

	if (!in)
		return number;
	if (fscanf(in, "%" SCNu64, &number) != 1)
		number = UINT64_MAX;
	fclose(in);
	return number;
}

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

/*
 * What READ finds in the file NAME of this process's own cgroup: version 2, or
 * the version 1 hierarchy of CONTROLLER. UINT64_MAX if there is none.
 */
static uint64_t
cgroup_number(const char *controller, const char *v1_name, const char *v2_name,
    uint64_t (*read)(const char *path))
{
	char line[512], path[700];
	uint64_t least = UINT64_MAX, number;
	FILE *in = fopen("/proc/self/cgroup", "re");

	if (!in)
		return least;
	while (fgets(line, sizeof(line), in)) {
		char *names = strchr(line, ':'), *group;

		if (!names || !(group = strchr(names + 1, ':')))
			continue;
		*group++ = '\0';
		group[strcspn(group, "\n")] = '\0';
		names++;
		if (*names == '\0')
			snprintf(path, sizeof(path), "/sys/fs/cgroup%s/%s",
			    group, v2_name);
		else if (strcmp(names, controller) == 0)
			snprintf(path, sizeof(path), "/sys/fs/cgroup/%s%s/%s",
			    controller, group, v1_name);
		else
			continue;
		number = read(path);
		if (number < least)
			least = number;
	}
	fclose(in);
	return least;
}

static uint64_t
cgroup_limit(const char *controller, const char *v1_name, const char *v2_name)
{
	return cgroup_number(controller, v1_name, v2_name, read_number);
}

static uint64_t
meminfo_available_kib(void)
{
	char line[128];
	uint64_t kib = UINT64_MAX;
	FILE *in = fopen("/proc/meminfo", "re");

	if (!in)
		return kib;
	while (fgets(line, sizeof(line), in)) {
		if (sscanf(line, "MemAvailable: %" SCNu64, &kib) == 1)
			break;
	}
	fclose(in);
	return kib;
}

static uint64_t
memory_available_kib(void)
{
	uint64_t kib = meminfo_available_kib();
	uint64_t group =
	    cgroup_limit("memory", "memory.limit_in_bytes", "memory.max");

	return group / 1024 < kib ? group / 1024 : kib;
}

/*
 * Bytes of files that the kernel keeps as long as nobody needs the room, in
 * memory.stat. (Version 1 has the group's own first, then the totals.)
 */
static uint64_t
read_file_cache(const char *path)
{
	char line[128];
	uint64_t active = 0, inactive = 0;
	FILE *in = fopen(path, "re");

	if (!in)
		return UINT64_MAX;
	while (fgets(line, sizeof(line), in)) {
		const char *at =
		    strncmp(line, "total_", 6) == 0 ? line + 6 : line;

		sscanf(at, "active_file %" SCNu64, &active);
		sscanf(at, "inactive_file %" SCNu64, &inactive);
	}
	fclose(in);
	return active + inactive;
}

static void
narrow(struct limit *limit, uint64_t have, uint64_t each, const char *what)
{
	if (each && have / each < limit->workers)
		*limit = (struct limit){have / each, what};
}

static uint64_t
less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

uint64_t
limits_memory_available(void)
{
	uint64_t kib = meminfo_available_kib();
	uint64_t bytes = kib == UINT64_MAX ? kib : kib * 1024;
	uint64_t limit =
	    cgroup_limit("memory", "memory.limit_in_bytes", "memory.max");
	uint64_t used =
	    cgroup_limit("memory", "memory.usage_in_bytes", "memory.current");
	uint64_t cache = cgroup_number(
	    "memory", "memory.stat", "memory.stat", read_file_cache);

	if (used == UINT64_MAX || cache == UINT64_MAX)
		used = cache = 0;
	limit = less(limit, less(used, cache));
	return limit < bytes ? limit : bytes;
}

/* The system's tables are everybody's: an eighth of them is left alone. */
static uint64_t
share_of(uint64_t whole)
{
	return whole - whole / 8;
}

/*
 * The hard limit is asked anew: somebody may have changed it meanwhile. A
 * quarter of it is the most that is kept back: serving comes first.
 */
static uint64_t
set_descriptors(rlim_t kept_back)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	if (kept_back > limit.rlim_max / 4)
		kept_back = limit.rlim_max / 4;
	limit.rlim_cur = limit.rlim_max - kept_back;
	setrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_cur;
}

struct limit
limits_compute(const struct worker_cost *cost, uint64_t reserve)
{
	struct limit limit = {UINT64_MAX, "nothing"};
	struct rlimit processes, space;
	uint64_t descriptors = set_descriptors(reserve);

	reserved = reserve;
	narrow(&limit, less(descriptors, open_descriptors() + OWN_DESCRIPTORS),
	    cost->descriptors, "open descriptors");
	getrlimit(RLIMIT_AS, &space);
	narrow(&limit, less(share_of(space.rlim_cur) / 1024, OWN_SPACE_KIB),
	    cost->address_kib, "address space");
	getrlimit(RLIMIT_NPROC, &processes);
	if (geteuid() != 0) /* the kernel does not hold root to it */
		narrow(&limit, less(processes.rlim_cur, 2), cost->tasks,
		    "processes of this user");
	narrow(&limit, share_of(read_number("/proc/sys/kernel/pid_max")),
	    cost->tasks, "process numbers");
	narrow(&limit, share_of(read_number("/proc/sys/kernel/threads-max")),
	    cost->tasks, "threads of the system");
	narrow(&limit, less(cgroup_limit("pids", "pids.max", "pids.max"), 2),
	    cost->tasks, "processes of the cgroup");
	narrow(&limit, less(read_number("/proc/sys/vm/max_map_count"), 128),
	    cost->mappings, "memory mappings");
	narrow(&limit, share_of(memory_available_kib()), cost->memory_kib,
	    "memory");
	if (limit.workers == 0)
		limit.workers = 1;
	return limit;
}

void
limits_spend_reserve(bool on)
{
	set_descriptors(on ? 0 : reserved);
}
