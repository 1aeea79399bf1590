/* SPDX-License-Identifier: MIT */
/*
 * memory: how much of it this process could still have.
 */
#ifndef COMMON_BASE_MEMORY_H
#define COMMON_BASE_MEMORY_H

#include <stdint.h>

/*
 * Bytes that could be had without pushing anybody out: by the kernel's own
 * estimate (without /proc, what is free), and by each of this process's control
 * groups, whose caches of files count as free. Safe in any thread.
 */
uint64_t
memory_available(void);

#endif
