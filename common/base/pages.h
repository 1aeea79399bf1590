/* SPDX-License-Identifier: MIT */
/*
 * pages: anonymous memory in pages of a chosen size.
 *
 * Small pages are the machine's smallest, whatever the system's setting for
 * huge pages: so a figure is the same everywhere. Huge pages are transparent
 * ones (the kernel's admin-guide/mm/transhuge); the kernel may give fewer than
 * asked for, and pages_huge_bytes() tells how many it gave.
 *
 *	memory = pages_map(size, MAP_PRIVATE, true);
 *	pages_write(memory, size);
 *	pages_unmap(memory, size, true);
 *
 * Safe in any thread and in a forked child.
 */
#ifndef COMMON_BASE_PAGES_H
#define COMMON_BASE_PAGES_H

#include <stdbool.h>
#include <stdint.h>

/* Whether this system gives huge pages to programs that ask for them. */
bool
pages_huge_here(void);

/* For the error line where it does not. */
#define PAGES_NOT_HUGE                \
	"no transparent huge pages; " \
	"see /sys/kernel/mm/transparent_hugepage/enabled"

/* For the error line where pages_map() fails. */
#define PAGES_REFUSED "%s (see ulimit -v, ulimit -d and vm.overcommit_memory)"

/* Bytes of this process that are in huge pages. */
uint64_t
pages_huge_bytes(void);

/*
 * Maps SIZE bytes (above 0), not yet written; KIND is MAP_PRIVATE or
 * MAP_SHARED. HUGE: whole huge pages, so the mapping may be larger than SIZE.
 * NULL with errno.
 */
char *
pages_map(uint64_t size, int kind, bool huge);

/* What pages_map() maps for SIZE. */
uint64_t
pages_mapped(uint64_t size, bool huge);

/* Writes to each page, so that it is there. */
void
pages_write(char *memory, uint64_t size);

void
pages_unmap(char *memory, uint64_t size, bool huge);

#endif
