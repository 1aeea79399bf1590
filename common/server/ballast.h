/* SPDX-License-Identifier: MIT */
/*
 * ballast: memory that a server holds and does nothing with, as a program does
 * that has a big heap.
 *
 * A thread does not feel it. A fork copies the page tables of all private
 * memory, 8 bytes for each page of it, so that a child costs the more the
 * bigger its parent is; unless a remedy is taken. What that costs is then the
 * page tables' price alone, for nobody writes to the ballast again.
 *
 * Used by the accept loop's thread alone, before there are workers.
 */
#ifndef COMMON_SERVER_BALLAST_H
#define COMMON_SERVER_BALLAST_H

#include <stdint.h>

struct ballast {
	uint64_t size; /* bytes; 0: none */
	enum ballast_remedy {
		/* In pages of the least size, whatever the system's setting
		 * for huge ones is: so it costs the same everywhere. */
		BALLAST_PLAIN,
		BALLAST_DONTFORK, /* children do not have it */
		BALLAST_SHARED,	  /* one memory: a child faults it in anew */
		BALLAST_HUGE,	  /* in transparent huge pages */
	} remedy;
	const char *text; /* as it was given */
};

#define BALLAST_LEAST (4ULL << 10)
#define BALLAST_MOST (65536ULL << 30)

/* For the line about a value that ballast_parse() does not take. */
#define BALLAST_ALLOWED                                                       \
	"SIZE, SIZE:dontfork, SIZE:shared or SIZE:huge, with a SIZE such as " \
	"64MiB, from 4KiB to 65536GiB"

/* "1GiB", "1GiB:dontfork"; TEXT is kept. Returns 0, or -1 and leaves *OUT. */
int
ballast_parse(const char *text, struct ballast *out);

/*
 * Maps it, writes to each page, and logs that. Kept until exit. Returns 0; -1
 * if the memory, or its kind, cannot be had (after an error line). It is not
 * begun where it would take the last eighth of what is available.
 */
int
ballast_load(const struct ballast *ballast);

/* KiB of page tables of a process that was forked beside it. */
uint64_t
ballast_tables_kib(const struct ballast *ballast);

#endif
