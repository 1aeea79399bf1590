/* SPDX-License-Identifier: MIT */
/* loop_memory: one mapping that a fork leaves out. */
#include "common/server/loop_memory.h"

#include <sys/mman.h>

void *
loop_memory_alloc(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED || madvise(memory, size, MADV_DONTFORK) < 0)
		return NULL;
	return memory;
}
