/* SPDX-License-Identifier: MIT */
/* cpu_quota: from this process's group up to the mount point. */
#include "common/sysinfo/cpu_quota.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "common/base/cgroup.h"
#include "common/base/procfs.h"

/* The quota of GROUP, in CPUs; 0: none. */
static double
cpus_of(const struct cgroup *group)
{
	uint64_t quota = cgroup_number(group, "cpu.cfs_quota_us");
	uint64_t period = cgroup_number(group, "cpu.cfs_period_us");
	double most, each;
	char text[64];

	/* "50000 100000", or "max 100000" */
	if (procfs_read(text, sizeof(text), "%s/cpu.max", group->path) > 0)
		return sscanf(text, "%lf %lf", &most, &each) == 2 && each > 0
			   ? most / each
			   : 0;
	/* Version 1; -1 is no quota, and reads as a very large number. */
	return quota < INT64_MAX && period && period < INT64_MAX
		   ? (double)quota / (double)period
		   : 0;
}

static void
add_group(struct cpu_quota *quota, const struct cgroup *group)
{
	char stat[CGROUP_PATH_MAX + sizeof("/cpu.stat")];
	double cpus = cpus_of(group);
	int fd;

	if (cpus <= 0)
		return;
	if (quota->cpus <= 0 || cpus < quota->cpus)
		quota->cpus = cpus;
	snprintf(stat, sizeof(stat), "%s/cpu.stat", group->path);
	if (quota->count < CPU_QUOTA_GROUPS_MAX &&
	    (fd = open(stat, O_RDONLY | O_CLOEXEC)) >= 0)
		quota->stats[quota->count++] = fd;
}

static void
add_groups(struct cpu_quota *quota, const char *controller)
{
	struct cgroup group;
	bool ok;

	for (ok = cgroup_find(&group, controller, 0); ok;
	     ok = cgroup_up(&group))
		add_group(quota, &group);
}

void
cpu_quota_open(struct cpu_quota *quota)
{
	*quota = (struct cpu_quota){0};
	add_groups(quota, NULL);
	add_groups(quota, "cpu");
}

void
cpu_quota_read(const struct cpu_quota *quota, uint64_t *times, uint64_t *ns)
{
	char text[1024];
	uint64_t number;

	*times = *ns = 0;
	for (int i = 0; i < quota->count; i++) {
		ssize_t n = pread(quota->stats[i], text, sizeof(text) - 1, 0);

		text[n > 0 ? n : 0] = '\0';
		if (procfs_number(text, "nr_throttled", &number))
			*times += number;
		if (procfs_number(text, "throttled_usec", &number))
			*ns += number * 1000;
		else if (procfs_number(text, "throttled_time", &number))
			*ns += number;
	}
}

void
cpu_quota_close(struct cpu_quota *quota)
{
	while (quota->count > 0)
		close(quota->stats[--quota->count]);
}
