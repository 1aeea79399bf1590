/* SPDX-License-Identifier: MIT */
/*
 * machine: the machine that a result was measured on, from uname(2), /proc and
 * /sys.
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
	char pcid[4]; /* "on": a switch of address spaces keeps the TLB's
			 entries; "off"; "": not known, or no x86 */
	double memory_gib;
	char governor[32];   /* of the first CPU's clock; "": unknown */
	double load_average; /* over the last minute */
	/* NAN: unknown. */
	double pressure; /* % of the last minute in which a task waited for a
			    CPU (PSI) */
	double steal_s;	 /* since boot: seconds of other virtual machines */
};

/* Unknown texts are "?". */
void
machine_read(struct machine *machine);

#endif
