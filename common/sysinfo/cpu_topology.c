/* SPDX-License-Identifier: MIT */
/* cpu_topology: the lists in /sys/devices/system. */
#include "common/sysinfo/cpu_topology.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/procfs.h"
#include "common/sysinfo/cpu_quota.h"

/* Room for a list of 1,024 CPUs without ranges. */
#define LIST_TEXT_MAX 8192

/* The list in the file FORMAT. False: there is no such file, or no list in it;
 * then LIST is empty. */
static bool __attribute__((format(printf, 2, 3)))
read_list(struct cpu_list *list, const char *format, ...)
{
	char path[512], text[LIST_TEXT_MAX];
	va_list args;

	va_start(args, format);
	/* NOLINTNEXTLINE(*-valist.*): va_start() is in the line before */
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	list->count = 0;
	if (procfs_read(text, sizeof(text), "%s", path) <= 0)
		return false;
	text[strcspn(text, "\n")] = '\0';
	return cpu_list_parse(list, text) == 0;
}

/* Without the file, all CPUs of the mask are taken to be online. */
static void
read_online(struct cpu_topology *t, const char *root)
{
	struct cpu_list list;

	if (read_list(&list, "%s/cpu/online", root))
		cpu_list_to_set(&list, &t->online);
	else
		t->online = t->allowed;
}

/* `core_cpus_list` is new in Linux 5.3; the other is its old name. */
static unsigned
core_of(const char *root, unsigned cpu)
{
	struct cpu_list list;

	if (read_list(
		&list, "%s/cpu/cpu%u/topology/core_cpus_list", root, cpu) ||
	    read_list(
		&list, "%s/cpu/cpu%u/topology/thread_siblings_list", root, cpu))
		return list.cpus[0];
	return cpu;
}

static void
read_nodes(struct cpu_topology *t, const char *root)
{
	struct cpu_list nodes, cpus;

	read_list(&nodes, "%s/node/online", root);
	for (uint32_t i = 0; i < nodes.count; i++) {
		read_list(&cpus, "%s/node/node%u/cpulist", root, nodes.cpus[i]);
		for (uint32_t k = 0; k < cpus.count; k++)
			t->node[cpus.cpus[k]] = nodes.cpus[i];
	}
}

void
cpu_topology_read(struct cpu_topology *t, const char *root,
    const cpu_set_t *mask, double quota)
{
	cpu_set_t usable;

	memset(t, 0, sizeof(*t));
	t->allowed = *mask;
	t->quota = quota;
	read_online(t, root);
	CPU_AND(&usable, &t->online, &t->allowed);
	cpu_list_from_set(&t->usable, &usable);
	for (uint32_t i = 0; i < t->usable.count; i++) {
		unsigned cpu = t->usable.cpus[i];

		t->core[cpu] = (uint16_t)core_of(root, cpu);
	}
	read_nodes(t, root);
}

void
cpu_topology_here(struct cpu_topology *t)
{
	struct cpu_quota quota;
	cpu_set_t mask;

	/* It fails where the kernel is built for more CPUs than the set has. */
	if (sched_getaffinity(0, sizeof(mask), &mask) < 0)
		memset(&mask, 0xff, sizeof(mask));
	cpu_quota_open(&quota);
	cpu_topology_read(t, CPU_TOPOLOGY_ROOT, &mask, quota.cpus);
	cpu_quota_close(&quota);
}
