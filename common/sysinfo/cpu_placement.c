/* SPDX-License-Identifier: MIT */
/* cpu_placement: sched_setaffinity(2). */
#include "common/sysinfo/cpu_placement.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "common/sysinfo/cpu_split.h"
#include "common/sysinfo/proc_tree.h"

const char *
cpu_placement_name(enum cpu_placement_kind kind)
{
	static const char *const names[] = {"split", "shared", "free"};

	return names[kind];
}

/* Sets the masks to the lists. */
static void
set_lists(struct cpu_placement *p, const struct cpu_topology *topology,
    const struct cpu_list *client, const struct cpu_list *server)
{
	p->client_cpus = *client;
	p->server_cpus = *server;
	cpu_split_order(server, topology, &p->server_order);
	cpu_list_to_set(client, &p->client);
	cpu_list_to_set(server, &p->server);
}

/* Both on the first CPU that this process may use. */
static void
share(struct cpu_placement *p, const struct cpu_topology *topology)
{
	struct cpu_list first = topology->usable;

	p->kind = CPU_PLACEMENT_SHARED;
	first.count = first.count ? 1 : 0;
	set_lists(p, topology, &first, &first);
}

void
cpu_placement_choose(struct cpu_placement *p, enum cpu_placement_kind kind)
{
	const struct cpu_wish none = {0};
	struct cpu_topology topology;
	char why[200];

	*p = (struct cpu_placement){.kind = kind, .quota = NAN};
	if (kind == CPU_PLACEMENT_SPLIT &&
	    cpu_placement_split(p, &none, &none, why, sizeof(why)) == 0)
		return;
	cpu_topology_here(&topology);
	p->quota = topology.quota > 0 ? topology.quota : NAN;
	p->client = p->server = topology.allowed;
	cpu_split_order(&topology.usable, &topology, &p->server_order);
	if (kind != CPU_PLACEMENT_FREE)
		share(p, &topology);
}

int
cpu_placement_split(struct cpu_placement *p, const struct cpu_wish *client,
    const struct cpu_wish *server, char *why, size_t size)
{
	struct cpu_topology topology;
	struct cpu_split split;

	*p = (struct cpu_placement){.kind = CPU_PLACEMENT_SPLIT, .quota = NAN};
	cpu_topology_here(&topology);
	if (topology.quota > 0)
		p->quota = topology.quota;
	if (cpu_split_choose(&split, &topology, client, server, why, size) < 0)
		return -1;
	set_lists(p, &topology, &split.client, &split.server);
	return 0;
}

void
cpu_placement_take(struct cpu_placement *p, uint32_t cpus)
{
	if (!cpus || cpus >= p->server_order.count)
		return;
	p->server_order.count = cpus;
	cpu_list_to_set(&p->server_order, &p->server);
	p->server_cpus = p->server_order;
}

void
cpu_placement_pin_client(const struct cpu_placement *p)
{
	sched_setaffinity(0, sizeof(p->client), &p->client);
}

struct pinning {
	const cpu_set_t *set;
	int error;
};

static void
pin_thread(pid_t pid, pid_t tid, void *context)
{
	struct pinning *pinning = context;

	(void)pid;
	if (sched_setaffinity(tid, sizeof(*pinning->set), pinning->set) < 0)
		pinning->error = errno;
}

static void
pin(pid_t pid, void *context)
{
	proc_tree_tasks(pid, pin_thread, context);
}

void
cpu_placement_pin_self(const struct cpu_placement *p)
{
	sched_setaffinity(0, sizeof(p->server), &p->server);
}

int
cpu_placement_pin_server(struct cpu_placement *p, pid_t pid)
{
	struct pinning pinning = {&p->server, 0};

	if (sched_getaffinity(pid, sizeof(p->before), &p->before) < 0)
		return -1;
	p->placed = pid;
	p->placed_start = proc_tree_start(pid);
	proc_tree_walk(pid, pin, &pinning);
	errno = pinning.error;
	return pinning.error ? -1 : 0;
}

void
cpu_placement_undo(const struct cpu_placement *p)
{
	struct pinning pinning = {&p->before, 0};

	if (p->placed && proc_tree_start(p->placed) == p->placed_start)
		proc_tree_walk(p->placed, pin, &pinning);
}

/* "CPU 3" or "CPUs 4-7". */
static const char *
name_cpus(const struct cpu_list *list, char *buf, size_t size)
{
	char text[60];

	snprintf(buf, size, "CPU%s %s", list->count == 1 ? "" : "s",
	    cpu_list_format(list, text, sizeof(text)));
	return buf;
}

char *
cpu_placement_format(const struct cpu_placement *p, char *buf, size_t size)
{
	char client[80], server[80];

	name_cpus(&p->client_cpus, client, sizeof(client));
	name_cpus(&p->server_cpus, server, sizeof(server));
	if (p->kind == CPU_PLACEMENT_FREE)
		snprintf(buf, size, "free (the kernel chooses the CPUs)");
	else if (p->kind == CPU_PLACEMENT_SHARED)
		snprintf(buf, size, "shared (client and server on %s)", client);
	else
		snprintf(buf, size, "split (client on %s, server on %s)",
		    client, server);
	return buf;
}
