/* SPDX-License-Identifier: MIT */
/*
 * source: how many live workers each client address has, for --max-per-source.
 *
 * A hash table with open addressing, made once for the largest number of
 * workers, so that a flood of addresses can neither grow it nor fill it. Its
 * hash is keyed with a random number: a client cannot aim at one chain. The
 * accept loop alone uses it.
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

/* MEMORY is zeroed, of that size, and stays the caller's. */
void
source_table_init(struct source_table *table, void *memory, size_t workers_max);

/* Live workers of SOURCE. */
uint64_t
source_live(const struct source_table *table, uint64_t source);

void
source_add(struct source_table *table, uint64_t source);

/* Undoes one source_add(). */
void
source_remove(struct source_table *table, uint64_t source);

#endif
