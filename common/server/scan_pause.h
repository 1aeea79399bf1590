/* SPDX-License-Identifier: MIT */
/*
 * scan_pause: how long the accept loop waits between two scans of all workers
 * (workers_scan()).
 *
 * A scan costs one system call for each live worker, and under fork the end of
 * any child is a reason for a scan. So scans get a share of the time. On the
 * other hand, crashed workers should be found soon.
 *
 * Pure.
 */
#ifndef COMMON_SERVER_SCAN_PAUSE_H
#define COMMON_SERVER_SCAN_PAUSE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Nanoseconds from the end of a scan to the next one. The scan took CPU_NS of
 * CPU time (wall-clock time would include other programs). FOUND: it found a
 * crashed worker; workers are often killed together, so the next scan comes
 * soon.
 */
uint64_t
scan_pause(uint64_t cpu_ns, bool found);

#endif
