/* SPDX-License-Identifier: MIT */
/*
 * memory: how much memory this process can still get.
 */
#ifndef COMMON_BASE_MEMORY_H
#define COMMON_BASE_MEMORY_H

#include <stdint.h>

/*
 * Bytes available without swapping: the kernel's estimate (without /proc: free
 * memory), or what a control group of this process leaves, if that is less. Its
 * cached files count as free. Safe in any thread.
 */
uint64_t
memory_available(void);

#endif
