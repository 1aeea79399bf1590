/* SPDX-License-Identifier: MIT */
/* core_points: doubles the CPUs up to what there is. */
#include "common/compare/core_points.h"

#include <stdio.h>

#define KEPT "kept connections"
#define NEW "new connections"
/* With fewer connections than that, a CPU of the server could be idle. */
#define KEPT_LEAST 64
#define KEPT_EACH 4
#define NEW_LEAST 32
#define NEW_EACH 2

struct list {
	struct variation *at;
	size_t count;
};

static uint32_t
cpus_of(const struct cpu_placement *placement)
{
	uint32_t count = placement->server_order.count;

	return count ? count : 1;
}

static uint32_t
connections_for(uint32_t cpus, uint32_t each, uint32_t least)
{
	return each * cpus > least ? each * cpus : least;
}

static void
add(struct list *list, struct variation variation)
{
	if (list->count < POINTS_MAX)
		list->at[list->count++] = variation;
}

static void
add_sizes(struct list *list, struct variation load, uint32_t all)
{
	for (uint32_t cpus = 1;; cpus *= 2) {
		load.cpus = cpus < all ? cpus : all;
		add(list, load);
		if (cpus >= all)
			break;
	}
}

void
core_points(struct variation *variations, const struct cpu_placement *placement)
{
	uint32_t all = cpus_of(placement);
	struct list list = {variations, 0};
	struct variation kept = {.key = "load",
	    .text = KEPT,
	    .connections = connections_for(all, KEPT_EACH, KEPT_LEAST)};
	struct variation fresh = {.key = "load",
	    .text = NEW,
	    .churn = true,
	    .connections = connections_for(all, NEW_EACH, NEW_LEAST)};

	add_sizes(&list, kept, all);
	add_sizes(&list, fresh, all);
	fresh.cpus = all;
	fresh.options = "--reuse-port";
	for (fresh.servers = 2; fresh.servers <= 4; fresh.servers *= 2) {
		if (fresh.servers == 2 || fresh.servers <= all)
			add(&list, fresh);
	}
	variations[list.count] = (struct variation){0};
}

char *
core_points_note(const struct cpu_placement *placement, char *buf, size_t size)
{
	buf[0] = '\0';
	if (placement->kind != CPU_PLACEMENT_SPLIT)
		snprintf(buf, size,
		    "with --placement %s, client and server share CPUs: this "
		    "shows that it works, not what more CPUs give",
		    cpu_placement_name(placement->kind));
	else if (cpus_of(placement) == 1)
		snprintf(buf, size,
		    "the server has one CPU here, so there is no speed-up to "
		    "see: that takes 4 CPUs or more, half of them for the "
		    "client");
	return buf;
}
