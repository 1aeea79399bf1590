/* SPDX-License-Identifier: MIT */
/*
 * machine: what a result was measured on.
 */
#ifndef COMMON_LOAD_MACHINE_H
#define COMMON_LOAD_MACHINE_H

#include <stdbool.h>

struct machine {
	char kernel[160]; /* "Linux 6.18.44 x86_64" */
	char cpu[128];	  /* model name */
	char clocksource[32];
	int cpus; /* that this process may use */
	bool virtual_machine;
	double memory_gib;
	double load_average; /* over the last minute, at the time of asking */
};

void
machine_ask(struct machine *machine);

#endif
