/* SPDX-License-Identifier: MIT */
/*
 * procfs: what a file of /proc or of a cgroup says, from its text.
 *
 * The parsers touch nothing else: safe anywhere.
 */
#ifndef COMMON_BASE_PROCFS_H
#define COMMON_BASE_PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The file that FORMAT names, as text, in BUF of SIZE bytes: as much of it as
 * fits, up to the last blank or end of line, so that no number in it is cut.
 * Returns its length; or -1 with errno, and an empty text.
 */
int
procfs_read(char *buf, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* For /proc/PID/status, whose length depends on how many groups and CPUs there
 * are: what is longer is not known. */
#define PROCFS_STATUS_MAX 16384

/* proc_pid_stat(5). Times are in clock ticks; "reaped": of the children that
 * it has waited for, and of theirs. */
struct procfs_stat {
	char state;
	uint64_t minor_faults, reaped_minor_faults;
	uint64_t major_faults, reaped_major_faults;
	uint64_t user, system, reaped_user, reaped_system;
	uint64_t start; /* of the process, since the machine's */
};

/* False if TEXT is no such file. */
bool
procfs_stat_parse(const char *text, struct procfs_stat *stat);

/*
 * The number that stands behind KEY at the start of a line ("VmPTE:", or
 * "slab" in memory.stat), with blanks between them. False if there is none.
 */
bool
procfs_number(const char *text, const char *key, uint64_t *value);

/* Nanoseconds for each clock tick. */
uint64_t
procfs_tick_ns(void);

#endif
