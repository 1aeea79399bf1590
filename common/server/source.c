/* SPDX-License-Identifier: MIT */
/* source: linear probing, with deletion that leaves no tombstones. */
#include "common/server/source.h"

#include <sys/random.h>

static size_t
slots_for(size_t workers_max)
{
	size_t slots = 16;

	while (slots < 2 * workers_max) /* at most half full */
		slots *= 2;
	return slots;
}

size_t
source_table_size(size_t workers_max)
{
	return slots_for(workers_max) * sizeof(struct source_count);
}

void
source_table_init(struct source_table *table, void *memory, size_t workers_max)
{
	table->at = memory;
	table->mask = slots_for(workers_max) - 1;
	/* Before the kernel's pool is ready, the key stays 0: the hash is
	 * weaker, but the server starts. */
	if (getrandom(table->key, sizeof(table->key), GRND_NONBLOCK) < 0)
		table->key[0] = table->key[1] = 0;
}

/* Two rounds of keyed multiply and fold. A client sees neither the key nor the
 * table, so it cannot find colliding addresses. */
static size_t
home_of(const struct source_table *table, uint64_t source)
{
	__extension__ typedef unsigned __int128 wide;
	wide x = (wide)(source ^ table->key[0]) *
		 (0x9e3779b97f4a7c15ULL ^ table->key[1]);
	uint64_t h = (uint64_t)x ^ (uint64_t)(x >> 64);

	x = (wide)(h ^ table->key[1]) * 0xd6e8feb86659fd93ULL;
	return (size_t)((uint64_t)x ^ (uint64_t)(x >> 64)) & table->mask;
}

/* The place of SOURCE, or the free place where it would go. */
static size_t
find(const struct source_table *table, uint64_t source)
{
	size_t i = home_of(table, source);

	while (table->at[i].live && table->at[i].source != source)
		i = (i + 1) & table->mask;
	return i;
}

uint64_t
source_live(const struct source_table *table, uint64_t source)
{
	return table->at[find(table, source)].live;
}

void
source_add(struct source_table *table, uint64_t source)
{
	struct source_count *place = &table->at[find(table, source)];

	place->source = source;
	place->live++;
}

void
source_remove(struct source_table *table, uint64_t source)
{
	size_t hole = find(table, source), i = hole;

	if (table->at[hole].live == 0 || --table->at[hole].live > 0)
		return;
	/* Move entries back that probing would no longer reach across the hole
	 * (Knuth, TAOCP 3, 6.4, algorithm R). */
	for (;;) {
		size_t home;

		i = (i + 1) & table->mask;
		if (!table->at[i].live)
			return;
		home = home_of(table, table->at[i].source);
		if (((i - home) & table->mask) < ((i - hole) & table->mask))
			continue;
		table->at[hole] = table->at[i];
		table->at[i].live = 0;
		hole = i;
	}
}
