/* SPDX-License-Identifier: MIT */
/*
 * ballast: memory that a server holds without using it, like a program with a
 * large heap.
 *
 * Threads do not notice it. A fork copies the page tables of all private
 * memory, 8 bytes for each page: the larger the parent, the more a child costs,
 * unless a remedy is chosen. Unless a rate is given (ballast_writer.h), the
 * memory is not written again, so the page tables are the only cost.
 *
 * Only the accept loop's thread uses it, before there are workers.
 */
#ifndef COMMON_SERVER_BALLAST_H
#define COMMON_SERVER_BALLAST_H

#include <stdint.h>

#include "common/server/ballast_writer.h"

struct ballast {
	uint64_t size; /* bytes; 0: none */
	enum ballast_remedy {
		/* Pages of the smallest size, whatever the system's setting for
		 * huge pages: so the cost is the same everywhere. */
		BALLAST_PLAIN,
		BALLAST_DONTFORK, /* children do not get it */
		BALLAST_SHARED,	  /* a child faults in its pages */
		BALLAST_HUGE,	  /* in transparent huge pages */
	} remedy;
	uint64_t rate;		       /* pages written in a second; 0: none */
	const char *text;	       /* as it was given */
	struct ballast_writer *writer; /* made by ballast_load(); NULL: none */
};

#define BALLAST_LEAST (4ULL << 10)
#define BALLAST_MOST (65536ULL << 30)

/* For the error line about a wrong value. */
#define BALLAST_ALLOWED                                                       \
	"SIZE, SIZE:dontfork, SIZE:shared or SIZE:huge, or with the rate of " \
	"writes SIZE:none:1000/s, with a SIZE such as "                       \
	"64MiB, from 4KiB to 65536GiB"

/* Parses "1GiB", "1GiB:dontfork" or "1GiB:none:1000/s"; TEXT is kept. Returns
 * 0; or -1, and *OUT is unchanged. */
int
ballast_parse(const char *text, struct ballast *out);

/*
 * Allocates the memory until exit, writes to each page, and logs that. Returns
 * 0; or -1 after an error line: the memory or its kind is not available, or
 * less than an eighth of the available memory would be left.
 */
int
ballast_load(struct ballast *ballast);

/* KiB of page tables for it in a forked child. */
uint64_t
ballast_tables_kib(const struct ballast *ballast);

#endif
