/* SPDX-License-Identifier: MIT */
/*
 * procfs: the numbers in a file of /proc, of /sys or of a cgroup.
 *
 * No allocation, no state: safe in any thread and in a forked child.
 */
#ifndef COMMON_BASE_PROCFS_H
#define COMMON_BASE_PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads the file that FORMAT names into BUF of SIZE bytes. Of a longer file, it
 * keeps what fits, up to the last blank or line end, so that no number is cut.
 * Returns the length; or -1 with errno, and an empty text.
 */
int
procfs_read(char *buf, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The number at the start of the file that FORMAT names; OTHERWISE where there
 * is no such file or no number in it. */
uint64_t
procfs_value(uint64_t otherwise, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A buffer for /proc/PID/status, whose length depends on the number of groups
 * and CPUs. */
#define PROCFS_STATUS_MAX 16384

/* proc_pid_stat(5). Times are in clock ticks; "reaped" values belong to
 * children that were waited for, and to their children. */
struct procfs_stat {
	char state;
	uint64_t minor_faults, reaped_minor_faults;
	uint64_t major_faults, reaped_major_faults;
	uint64_t user, system, reaped_user, reaped_system;
	uint64_t start; /* of the process, since boot */
};

/* False if TEXT is not the text of such a file. */
bool
procfs_stat_parse(const char *text, struct procfs_stat *stat);

/*
 * Finds the line that begins with KEY ("VmPTE:", or "slab" in memory.stat), and
 * the number behind it. False if there is none.
 */
bool
procfs_number(const char *text, const char *key, uint64_t *value);

/* Nanoseconds for each clock tick. */
uint64_t
procfs_tick_ns(void);

#endif
