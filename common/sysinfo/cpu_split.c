/* SPDX-License-Identifier: MIT */
/* cpu_split: the cores of lists, then those of one side, then of the other. */
#include "common/sysinfo/cpu_split.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum side { FREE, CLIENT, SERVER };

static const char *const OPTIONS[] = {
    [CLIENT] = "--client-cpus", [SERVER] = "--server-cpus"};
static const char *const NAMES[] = {[CLIENT] = "client", [SERVER] = "server"};

struct choice {
	const struct cpu_topology *topology;
	const struct cpu_wish *wishes[SERVER + 1];
	uint16_t core[CPU_LIST_MAX]; /* of each CPU; see divide_cores() */
	uint8_t side[CPU_LIST_MAX];  /* of each core, by its number */
	char *why;
	size_t size;
};

/* ---- checks ---- */

/* Says why not, and what there is. Returns -1. */
static int __attribute__((format(printf, 2, 3)))
fail(const struct choice *c, const char *format, ...)
{
	char why[300], usable[200];
	va_list args;

	va_start(args, format);
	/* NOLINTNEXTLINE(*-valist.*): va_start() is in the line before */
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	cpu_list_format(&c->topology->usable, usable, sizeof(usable));
	snprintf(c->why, c->size, "%s; this process may use %s %s", why,
	    c->topology->usable.count == 1 ? "CPU" : "CPUs", usable);
	return -1;
}

static int
check_list(const struct choice *c, enum side side)
{
	const struct cpu_topology *t = c->topology;
	const struct cpu_wish *wish = c->wishes[side];

	for (uint32_t i = 0; i < wish->list.count; i++) {
		unsigned cpu = wish->list.cpus[i];
		bool online = CPU_ISSET(cpu, &t->online);

		if (online && CPU_ISSET(cpu, &t->allowed))
			continue;
		return fail(c, "%s %.100s: CPU %u is not %s", OPTIONS[side],
		    wish->text, cpu,
		    online ? "in the affinity mask" : "online");
	}
	return 0;
}

static int
check_overlap(const struct choice *c)
{
	const struct cpu_wish *client = c->wishes[CLIENT],
			      *server = c->wishes[SERVER];
	cpu_set_t set;

	cpu_list_to_set(&client->list, &set);
	for (uint32_t i = 0; i < server->list.count; i++) {
		if (!CPU_ISSET(server->list.cpus[i], &set))
			continue;
		snprintf(c->why, c->size,
		    "--client-cpus %.100s, --server-cpus %.100s: CPU %u is in "
		    "both; for one CPU for both, use --placement shared",
		    client->text, server->text, server->list.cpus[i]);
		return -1;
	}
	return 0;
}

static int
check_wishes(const struct choice *c)
{
	double quota = c->topology->quota;

	for (enum side side = CLIENT; side <= SERVER; side++) {
		if (!c->wishes[side]->text)
			continue;
		if (quota > 0 && quota < 1) {
			snprintf(c->why, c->size,
			    "%s %.100s: the CPU quota of this control group is "
			    "%.2g CPUs, less than one: raise it, or leave the "
			    "option out",
			    OPTIONS[side], c->wishes[side]->text, quota);
			return -1;
		}
		if (check_list(c, side) < 0)
			return -1;
	}
	return check_overlap(c);
}

/* ---- cores ---- */

/* The usable CPU that stands for its core: its first. */
static bool
is_first_of_core(const struct choice *c, uint32_t i)
{
	const uint16_t *cpus = c->topology->usable.cpus;

	for (uint32_t k = 0; k < i; k++) {
		if (c->core[cpus[k]] == c->core[cpus[i]])
			return false;
	}
	return true;
}

/* Counts the cores of SIDE, by their node if COUNTS is set. */
static uint32_t
count_cores(const struct choice *c, enum side side, uint32_t *counts)
{
	const struct cpu_list *usable = &c->topology->usable;
	uint32_t count = 0;

	for (uint32_t i = 0; i < usable->count; i++) {
		unsigned cpu = usable->cpus[i];

		if (c->side[c->core[cpu]] != side || !is_first_of_core(c, i))
			continue;
		count++;
		if (counts)
			counts[c->topology->node[cpu]]++;
	}
	return count;
}

static uint32_t
all_cores(const struct choice *c)
{
	return count_cores(c, FREE, NULL) + count_cores(c, CLIENT, NULL) +
	       count_cores(c, SERVER, NULL);
}

/* From now on each CPU that no list names is a core of its own. */
static void
divide_cores(struct choice *c)
{
	const struct cpu_list *usable = &c->topology->usable;
	cpu_set_t lists[SERVER + 1];

	for (enum side side = CLIENT; side <= SERVER; side++)
		cpu_list_to_set(&c->wishes[side]->list, &lists[side]);
	memset(c->side, FREE, sizeof(c->side));
	for (uint32_t i = 0; i < usable->count; i++) {
		unsigned cpu = usable->cpus[i];

		c->core[cpu] = (uint16_t)cpu;
		c->side[cpu] = CPU_ISSET(cpu, &lists[CLIENT])	? CLIENT
			       : CPU_ISSET(cpu, &lists[SERVER]) ? SERVER
								: FREE;
	}
}

/* The smallest node with WANTED free cores; where there is none, the one with
 * the most. */
static unsigned
best_node(const struct choice *c, uint32_t wanted)
{
	uint32_t counts[CPU_LIST_MAX] = {0};
	unsigned best = 0;

	count_cores(c, FREE, counts);
	for (unsigned node = 1; node < CPU_LIST_MAX; node++) {
		bool enough = counts[node] >= wanted,
		     before = counts[best] >= wanted;

		if (enough != before ? enough
		    : enough	     ? counts[node] < counts[best]
				     : counts[node] > counts[best])
			best = node;
	}
	return best;
}

/* Takes up to WANTED free cores of NODE for SIDE. Returns how many. */
static uint32_t
take_from_node(struct choice *c, enum side side, unsigned node, uint32_t wanted)
{
	const struct cpu_list *usable = &c->topology->usable;
	uint32_t taken = 0;

	for (uint32_t i = 0; i < usable->count && taken < wanted; i++) {
		unsigned cpu = side == CLIENT
				   ? usable->cpus[i]
				   : usable->cpus[usable->count - 1 - i];

		if (c->side[c->core[cpu]] != FREE ||
		    c->topology->node[cpu] != node)
			continue;
		c->side[c->core[cpu]] = (uint8_t)side;
		taken++;
	}
	return taken;
}

/* WANTED is at most the number of free cores. */
static void
take_cores(struct choice *c, enum side side, uint32_t wanted)
{
	uint32_t taken;

	for (; wanted; wanted -= taken) {
		taken = take_from_node(c, side, best_node(c, wanted), wanted);
		if (!taken)
			break;
	}
}

/* ---- CPUs ---- */

/* All usable CPUs of the cores of SIDE. */
static void
list_all(const struct choice *c, enum side side, struct cpu_list *list)
{
	const struct cpu_list *usable = &c->topology->usable;

	for (uint32_t i = 0; i < usable->count; i++) {
		if (c->side[c->core[usable->cpus[i]]] == side)
			cpu_list_append(list, usable->cpus[i]);
	}
}

/* The CPUs of LIST that are not TAKEN, one of each core. */
static void
take_one_of_each_core(const struct cpu_list *list, const uint16_t *cores,
    cpu_set_t *taken, struct cpu_list *order)
{
	uint8_t used[CPU_LIST_MAX] = {0};

	for (uint32_t i = 0; i < list->count; i++) {
		unsigned cpu = list->cpus[i], core = cores[cpu];

		if (CPU_ISSET(cpu, taken) || used[core])
			continue;
		used[core] = 1;
		CPU_SET(cpu, taken);
		cpu_list_append(order, cpu);
	}
}

/* As cpu_split_order(); CORES: of each CPU. */
static void
order_by_cores(
    const struct cpu_list *list, const uint16_t *cores, struct cpu_list *order)
{
	cpu_set_t all, taken;

	cpu_list_to_set(list, &all);
	CPU_ZERO(&taken);
	order->count = 0;
	while (!CPU_EQUAL(&all, &taken))
		take_one_of_each_core(list, cores, &taken, order);
}

/* The first WANTED of LIST, one of each core before the second of any. */
static void
keep_some(const struct choice *c, struct cpu_list *list, uint32_t wanted)
{
	struct cpu_list order;
	cpu_set_t kept;

	order_by_cores(list, c->core, &order);
	if (order.count > wanted)
		order.count = wanted;
	cpu_list_to_set(&order, &kept);
	cpu_list_from_set(list, &kept);
}

/* The number of CPUs that SIDE is to get; 0: all of its cores. */
static uint32_t
wanted_cpus(const struct choice *c, enum side side)
{
	const struct cpu_topology *t = c->topology;
	uint32_t quota = t->quota < 2 ? 2 : (uint32_t)t->quota;

	if (c->wishes[side]->text)
		return c->wishes[side]->number;
	if (t->quota <= 0 || quota >= t->usable.count ||
	    c->wishes[CLIENT]->text || c->wishes[SERVER]->text)
		return 0;
	return side == SERVER ? quota / 2 : quota - quota / 2;
}

static int
fail_to_take(const struct choice *c, enum side side, uint32_t most)
{
	const struct cpu_wish *wish = c->wishes[side],
			      *other = c->wishes[CLIENT + SERVER - side];

	if (wish->number && most)
		return fail(c, "%s %.100s: only %u %s left for the %s",
		    OPTIONS[side], wish->text, most,
		    most == 1 ? "CPU is" : "CPUs are", NAMES[side]);
	if (other->text)
		return fail(c, "%s %.100s: leaves no CPU for the %s",
		    OPTIONS[CLIENT + SERVER - side], other->text, NAMES[side]);
	if (wish->number)
		return fail(c,
		    "%s %.100s: client and server need a CPU each, so leave "
		    "the option out",
		    OPTIONS[side], wish->text);
	return fail(c, "client and server need a CPU each");
}

/* What the user listed. A CPU named twice is two threads of the client, and
 * nothing to a server. */
static void
take_list(const struct choice *c, enum side side, struct cpu_list *list)
{
	const struct cpu_list *wanted = &c->wishes[side]->list;
	cpu_set_t taken;

	CPU_ZERO(&taken);
	for (uint32_t i = 0; i < wanted->count; i++) {
		if (side == CLIENT || !CPU_ISSET(wanted->cpus[i], &taken))
			cpu_list_append(list, wanted->cpus[i]);
		CPU_SET(wanted->cpus[i], &taken);
	}
}

/* LATER sides need a core after this one. */
static int
take_side(
    struct choice *c, enum side side, uint32_t later, struct cpu_list *list)
{
	uint32_t wanted = wanted_cpus(c, side), cores = all_cores(c), free;
	uint32_t half = side == SERVER ? cores / 2 : cores - cores / 2;

	list->count = 0;
	if (c->wishes[side]->list.count) {
		take_list(c, side, list);
		return 0;
	}
	free = count_cores(c, FREE, NULL);
	free = free > later ? free - later : 0;
	half = half ? half : 1;
	if (!wanted || wanted > free)
		take_cores(c, side, !wanted && half < free ? half : free);
	else
		take_cores(c, side, wanted);
	list_all(c, side, list);
	if (!list->count || list->count < wanted)
		return fail_to_take(c, side, list->count);
	if (wanted)
		keep_some(c, list, wanted);
	return 0;
}

/* ---- the choice ---- */

/* The cores of the lists are taken before all others. */
static void
take_lists(struct choice *c)
{
	for (enum side side = CLIENT; side <= SERVER; side++) {
		const struct cpu_list *list = &c->wishes[side]->list;

		for (uint32_t i = 0; i < list->count; i++)
			c->side[c->core[list->cpus[i]]] = (uint8_t)side;
	}
}

int
cpu_split_choose(struct cpu_split *split, const struct cpu_topology *topology,
    const struct cpu_wish *client, const struct cpu_wish *server, char *why,
    size_t size)
{
	struct choice c = {.topology = topology,
	    .wishes = {[CLIENT] = client, [SERVER] = server},
	    .why = why,
	    .size = size};
	/* A side that wants a number goes before one that takes what is left.
	 */
	enum side first = client->number && !server->text ? CLIENT : SERVER,
		  second = CLIENT + SERVER - first;
	uint32_t later = c.wishes[second]->list.count ? 0 : 1,
		 sides = later + (c.wishes[first]->list.count ? 0 : 1);
	struct cpu_list *lists[] = {
	    [CLIENT] = &split->client, [SERVER] = &split->server};

	memcpy(c.core, topology->core, sizeof(c.core));
	if (check_wishes(&c) < 0)
		return -1;
	take_lists(&c);
	if (count_cores(&c, FREE, NULL) < sides)
		divide_cores(&c);
	if (take_side(&c, first, later, lists[first]) < 0)
		return -1;
	return take_side(&c, second, 0, lists[second]);
}

void
cpu_split_order(const struct cpu_list *list,
    const struct cpu_topology *topology, struct cpu_list *order)
{
	order_by_cores(list, topology->core, order);
}
