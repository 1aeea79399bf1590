/* SPDX-License-Identifier: MIT */
/* pages: a mapping, aligned and advised. */
#include "common/base/pages.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/procfs.h"

#define FOLDER "/sys/kernel/mm/transparent_hugepage"

/* 0: this system has none. */
static uint64_t
huge_size(void)
{
	return procfs_value(0, FOLDER "/hpage_pmd_size");
}

bool
pages_huge_here(void)
{
	char text[128];

	return huge_size() &&
	       procfs_read(text, sizeof(text), FOLDER "/enabled") > 0 &&
	       !strstr(text, "[never]");
}

uint64_t
pages_huge_bytes(void)
{
	char text[4096];
	uint64_t kib = 0;

	procfs_read(text, sizeof(text), "/proc/self/smaps_rollup");
	procfs_number(text, "AnonHugePages:", &kib);
	return kib * 1024;
}

static uint64_t
page_size(bool huge)
{
	uint64_t size = huge ? huge_size() : 0;

	return size ? size : (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t
pages_mapped(uint64_t size, bool huge)
{
	uint64_t page = page_size(huge);

	return (size + page - 1) / page * page;
}

/* One page more than is needed holds an aligned mapping; the rest goes back. */
char *
pages_map(uint64_t size, int kind, bool huge)
{
	uint64_t page = page_size(huge), whole = pages_mapped(size, huge);
	uint64_t head;
	char *memory = mmap(NULL, whole + page, PROT_READ | PROT_WRITE,
	    kind | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	head = -(uintptr_t)memory % page;
	if (head)
		munmap(memory, head);
	memory += head;
	munmap(memory + whole, page - head);
	/* A kernel without huge pages refuses the advice: then there are none
	 * to be avoided, and those wanted will be missed. */
	madvise(memory, whole, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	return memory;
}

/* Not for a race detector to note: its notes would be as large as the pages. */
__attribute__((no_sanitize("thread"))) void
pages_write(char *memory, uint64_t size)
{
	uint64_t page = page_size(false);

	for (uint64_t at = 0; at < size; at += page)
		*(volatile char *)(memory + at) = 1;
}

void
pages_unmap(char *memory, uint64_t size, bool huge)
{
	munmap(memory, pages_mapped(size, huge));
}
