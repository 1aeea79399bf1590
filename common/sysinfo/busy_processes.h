/* SPDX-License-Identifier: MIT */
/*
 * busy_processes: which processes of this machine used the CPUs meanwhile.
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

/* What they have used until now. Without memory, none of them is known. */
void
busy_processes_begin(struct busy_processes *watch);

/*
 * Up to three names, the busiest first, in BUF of SIZE bytes: "make (71 % of a
 * CPU), firefox (12 %)". Empty if none but this process and the first one of
 * the machine used 5 % of a CPU. The names are a stranger's bytes. Frees what
 * WATCH has. Returns BUF.
 */
char *
busy_processes_end(struct busy_processes *watch, char *buf, size_t size);

#endif
