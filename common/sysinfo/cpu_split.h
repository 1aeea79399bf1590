/* SPDX-License-Identifier: MIT */
/*
 * cpu_split: which CPUs the client gets, and which the server.
 *
 * By default the server gets half of the physical cores, and the client the
 * others; the CPUs of a core (SMT siblings) are never on both sides. The server
 * is on one NUMA node if one has enough cores, or on as few as can be; then the
 * client. The server gets the high numbers: on two CPUs the client has the
 * first and the server the second. With a quota of Q CPUs, both together get Q
 * at most, but one each.
 *
 * A wish for a number takes CPUs of different cores first; a wish for a list is
 * taken as it is. The side without a wish gets its half of the cores, or what
 * is left of it. Only where there are not enough cores for both, as on one core
 * with two CPUs, are the CPUs of a core divided.
 *
 * Pure: what it needs is in its arguments. Safe in any thread.
 */
#ifndef COMMON_SYSINFO_CPU_SPLIT_H
#define COMMON_SYSINFO_CPU_SPLIT_H

#include <stddef.h>

#include "common/sysinfo/cpu_topology.h"

struct cpu_split {
	struct cpu_list client, server;
};

/*
 * Fills SPLIT. Returns 0; or -1 with the reason in WHY (SIZE bytes), which
 * names the option. Without wishes it fails only if there is but one CPU.
 */
int
cpu_split_choose(struct cpu_split *split, const struct cpu_topology *topology,
    const struct cpu_wish *client, const struct cpu_wish *server, char *why,
    size_t size);

/*
 * Fills ORDER with the CPUs of LIST in the order in which a server that gets
 * more and more of them takes them: one of each core before the second of any.
 */
void
cpu_split_order(const struct cpu_list *list,
    const struct cpu_topology *topology, struct cpu_list *order);

#endif
