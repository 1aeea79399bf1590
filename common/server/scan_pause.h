/* SPDX-License-Identifier: MIT */
/*
 * sweep: how often the accept loop may ask all workers whether they died in
 * silence (workers_scan()).
 *
 * Each asking costs a system call for every live worker, and under fork each
 * child that ends is a reason to ask. So it gets a share of the time; but its
 * clients have an interest in the dead being found.
 *
 * Pure.
 */
#ifndef COMMON_SERVER_SCAN_PAUSE_H
#define COMMON_SERVER_SCAN_PAUSE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Nanoseconds from the end of a sweep to the next, when it took CPU_NS of CPU
 * time (the clock's would charge it for what ran meanwhile, too) and FOUND
 * tells whether there was a dead one: who was killed among others is found as
 * soon as they are.
 */
uint64_t
scan_pause(uint64_t cpu_ns, bool found);

#endif
