/* SPDX-License-Identifier: MIT */
/*
 * cpu_quota: the CPU quota of this process's cgroups, and how often it was used
 * up.
 *
 * A group that has used up its quota is throttled: none of its tasks runs until
 * the next period, 0.1 s as a rule. The quota is `cpu.max` in version 2 and
 * `cpu.cfs_quota_us` in version 1, of the group or of any group above it that
 * can be seen; `cpu.stat` counts the throttling.
 *
 *	cpu_quota_open(&quota);
 *	cpu_quota_read(&quota, &times, &ns);
 *	cpu_quota_close(&quota);
 *
 * Not thread-safe.
 */
#ifndef COMMON_SYSINFO_CPU_QUOTA_H
#define COMMON_SYSINFO_CPU_QUOTA_H

#include <stdint.h>

#define CPU_QUOTA_GROUPS_MAX 8

struct cpu_quota {
	double cpus; /* the lowest quota, in CPUs; 0: no quota */
	int count;   /* groups with a quota */
	int stats[CPU_QUOTA_GROUPS_MAX]; /* descriptors of their cpu.stat */
};

/* A group that cannot be read counts as one without a quota. */
void
cpu_quota_open(struct cpu_quota *quota);

/* Since the groups exist: how many periods were throttled, and for how long in
 * all. 0 without a quota. */
void
cpu_quota_read(const struct cpu_quota *quota, uint64_t *times, uint64_t *ns);

/* Closes the descriptors. Harmless if QUOTA is zeroed or closed. */
void
cpu_quota_close(struct cpu_quota *quota);

#endif
