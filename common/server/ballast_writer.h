/* SPDX-License-Identifier: MIT */
/*
 * ballast_writer: a server that goes on writing to its ballast, like a program
 * that works beside its children.
 *
 * After a fork, the first write to each page is a page fault, and copies the
 * page while a child lives. So the parent pays as well, not only the fork.
 * Page after page is written at a steady rate, from the first to the last and
 * again. The writer itself lies in loop memory. Only the accept loop uses it.
 */
#ifndef COMMON_SERVER_BALLAST_WRITER_H
#define COMMON_SERVER_BALLAST_WRITER_H

#include <stdint.h>

#define BALLAST_RATE_MOST 10000000 /* pages a second */

struct ballast_writer {
	char *memory;
	uint64_t size, next; /* bytes; where the next write goes */
	uint64_t rate;	     /* pages a second */
	uint64_t since_ns;   /* written so far: all that was due until then */
	uint64_t written, faults;
};

/* NULL with errno. MEMORY stays where it is until exit. */
struct ballast_writer *
ballast_writer_new(char *memory, uint64_t size, uint64_t rate);

/* When the next writes are due. WRITER may be NULL: never. */
uint64_t
ballast_writer_due(const struct ballast_writer *writer);

/* Writes what is due at NOW_NS, and counts the page faults. A late writer
 * catches up with a tenth of a second at most. WRITER may be NULL. */
void
ballast_writer_run(struct ballast_writer *writer, uint64_t now_ns);

#endif
