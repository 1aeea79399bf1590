/* SPDX-License-Identifier: MIT */
/*
 * busy_processes: which processes of this machine used the CPUs in a period.
 *
 *	struct busy_processes watch;
 *
 *	busy_processes_begin(&watch);
 *	...
 *	busy_processes_end(&watch, names, sizeof(names));
 *
 * Two walks through /proc, a few milliseconds each. What a process has waited
 * for (a build's compilers, say) counts as its own. One thread.
 */
#ifndef COMMON_SYSINFO_BUSY_PROCESSES_H
#define COMMON_SYSINFO_BUSY_PROCESSES_H

#include <stddef.h>
#include <stdint.h>

struct busy_processes {
	size_t count;
	struct busy_process *at; /* owned */
	uint64_t start_ns;
};

/* Begins a period. A process for which there is no memory is left out. */
void
busy_processes_begin(struct busy_processes *watch);

/*
 * Writes to BUF (SIZE bytes) up to three names, the busiest first: "make (71 %
 * of a CPU), firefox (12 %)"; "" if no process except this one and init used 5
 * % of a CPU. A name may have any bytes but NUL. Releases WATCH. Returns BUF.
 */
char *
busy_processes_end(struct busy_processes *watch, char *buf, size_t size);

#endif
