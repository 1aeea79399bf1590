/* SPDX-License-Identifier: MIT */
/*
 * cpu_topology: the CPUs that this process may use: which share a core, and
 * which belong to one NUMA node.
 *
 * From /sys/devices/system/cpu and node (Linux
 * Documentation/ABI/stable/sysfs-devices-system-cpu), the affinity mask, and
 * the CPU quota of the control group (cpu_quota.h). Where a file is missing, as
 * in a bare chroot, each CPU is a core of its own, on node 0.
 *
 *	cpu_topology_read(&topology, CPU_TOPOLOGY_ROOT, &mask, quota);
 *	cpu_topology_here(&topology);	with the mask and quota of this process
 *
 * Reads files under ROOT only; safe in any thread. CPUs from number 1,024 on
 * are left out.
 */
#ifndef COMMON_SYSINFO_CPU_TOPOLOGY_H
#define COMMON_SYSINFO_CPU_TOPOLOGY_H

#include <stdint.h>

#include "common/sysinfo/cpu_list.h"

#define CPU_TOPOLOGY_ROOT "/sys/devices/system"

struct cpu_topology {
	cpu_set_t online, allowed; /* allowed: by the affinity mask */
	struct cpu_list usable;	   /* online and allowed, ascending */
	/* Of each usable CPU, by its number: the lowest CPU of its core, usable
	 * or not, and its node. */
	uint16_t core[CPU_LIST_MAX], node[CPU_LIST_MAX];
	double quota; /* in CPUs; 0: none */
};

void
cpu_topology_read(struct cpu_topology *topology, const char *root,
    const cpu_set_t *mask, double quota);

/* That of this thread. */
void
cpu_topology_here(struct cpu_topology *topology);

#endif
