/* SPDX-License-Identifier: MIT */
/*
 * cpu_quota: how much CPU time the control groups of this process may have, and
 * how often they had no more.
 *
 * Who has used up its quota stands still, whole, until the next period (0.1 s
 * as a rule), whatever it is in the middle of. That is `cpu.max` of version 2,
 * `cpu.cfs_quota_us` of version 1, of the group or of any above it that can be
 * seen; `cpu.stat` counts it.
 *
 *	cpu_quota_open(&quota);
 *	cpu_quota_read(&quota, &times, &ns);
 *	cpu_quota_close(&quota);
 *
 * One thread at a time.
 */
#ifndef COMMON_SYSINFO_CPU_QUOTA_H
#define COMMON_SYSINFO_CPU_QUOTA_H

#include <stdint.h>

#define CPU_QUOTA_GROUPS_MAX 8

struct cpu_quota {
	double cpus; /* of the tightest, as so many CPUs; 0: there is none */
	int count;   /* of groups that have one: their cpu.stat */
	int stats[CPU_QUOTA_GROUPS_MAX];
};

/* As it is now. What cannot be read has no quota. */
void
cpu_quota_open(struct cpu_quota *quota);

/* Since the groups began: how many periods were cut short, and for how long,
 * in all. 0 without a quota. */
void
cpu_quota_read(const struct cpu_quota *quota, uint64_t *times, uint64_t *ns);

/* Harmless if it is zeroed. */
void
cpu_quota_close(struct cpu_quota *quota);

#endif
