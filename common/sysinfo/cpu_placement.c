/* SPDX-License-Identifier: MIT */
/* cpu_placement: sched_setaffinity(2). */
#include "common/sysinfo/cpu_placement.h"

#include <errno.h>
#include <stdio.h>

#include "common/sysinfo/proc_tree.h"

const char *
cpu_placement_name(enum cpu_placement_kind kind)
{
	static const char *const names[] = {"split", "shared", "free"};

	return names[kind];
}

void
cpu_placement_choose(struct cpu_placement *p, enum cpu_placement_kind kind)
{
	cpu_set_t allowed;
	int first = -1, second = -1;

	CPU_ZERO(&allowed);
	sched_getaffinity(0, sizeof(allowed), &allowed);
	for (int cpu = 0; cpu < CPU_SETSIZE && second < 0; cpu++) {
		if (!CPU_ISSET((size_t)cpu, &allowed))
			continue;
		if (first < 0)
			first = cpu;
		else
			second = cpu;
	}
	*p = (struct cpu_placement){
	    kind, -1, -1, allowed, allowed, 0, 0, allowed};
	if (kind == CPU_PLACEMENT_FREE)
		return;
	if (second < 0)
		p->kind = CPU_PLACEMENT_SHARED;
	p->client_cpu = p->server_cpu = first;
	if (p->kind == CPU_PLACEMENT_SPLIT)
		p->server_cpu = second;
	CPU_ZERO(&p->client);
	CPU_SET((size_t)p->client_cpu, &p->client);
	CPU_ZERO(&p->server);
	CPU_SET((size_t)p->server_cpu, &p->server);
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

char *
cpu_placement_format(const struct cpu_placement *p, char *buf, size_t size)
{
	if (p->kind == CPU_PLACEMENT_FREE)
		snprintf(buf, size, "free (the kernel chooses the CPUs)");
	else if (p->kind == CPU_PLACEMENT_SHARED)
		snprintf(buf, size, "shared (client and server on CPU %d)",
		    p->client_cpu);
	else
		snprintf(buf, size,
		    "split (client on CPU %d, server on CPU %d)", p->client_cpu,
		    p->server_cpu);
	return buf;
}
