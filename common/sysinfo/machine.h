/* SPDX-License-Identifier: MIT */
/*
 * machine: what a result was measured on.
 */
#ifndef COMMON_SYSINFO_MACHINE_H
#define COMMON_SYSINFO_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

struct machine {
	char kernel[160]; /* "Linux 6.18.44 x86_64" */
	char cpu[128];	  /* model name */
	char clocksource[32];
	size_t cpus; /* that this process may use */
	bool virtual_machine;
	double memory_gib;
	char governor[32]; /* of the first CPU's clock; empty: none is told */
	/* At the time of asking: over the last minute; the percentage of it in
	 * which something waited for a CPU; seconds, since the machine began,
	 * in which its host ran others. NAN: not told. */
	double load_average, pressure, steal_s;
};

void
machine_read(struct machine *machine);

#endif
