/* SPDX-License-Identifier: MIT */
/*
 * source: counts the live workers of each client address, for --max-per-source.
 *
 * A hash table with open addressing, allocated once for the largest number of
 * workers: a flood of addresses can neither grow nor fill it. Its hash has a
 * random key, so a client cannot make addresses collide. Only the accept loop
 * uses it.
 */
#ifndef COMMON_SERVER_SOURCE_H
#define COMMON_SERVER_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source_table {
	struct source_count {
		uint64_t source;
		uint64_t live; /* 0: the place is free */
	} * at;
	size_t mask;
	uint64_t key[2];
};

/* Bytes of memory for WORKERS_MAX sources at once. */
size_t
source_table_size(size_t workers_max);

/* MEMORY is zeroed, has that size, and stays the caller's. */
void
source_table_init(struct source_table *table, void *memory, size_t workers_max);

/* The live workers of SOURCE. */
uint64_t
source_live(const struct source_table *table, uint64_t source);

void
source_add(struct source_table *table, uint64_t source);

/* Undoes one source_add(). */
void
source_remove(struct source_table *table, uint64_t source);

#endif
