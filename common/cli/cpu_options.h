/* SPDX-License-Identifier: MIT */
/*
 * cpu_options: --placement, --client-cpus and --server-cpus, which load and
 * compare have in common.
 */
#ifndef COMMON_CLI_CPU_OPTIONS_H
#define COMMON_CLI_CPU_OPTIONS_H

#include <stddef.h>

#include "common/base/option.h"
#include "common/sysinfo/cpu_placement.h"

struct cpu_options {
	int placement; /* -1: not given */
	const char *client, *server;
};
#define CPU_OPTIONS_NONE ((struct cpu_options){.placement = -1})

/* The last two of the options of STRUCTURE, whose member FIELD is a struct
 * cpu_options. */
#define CPU_OPTIONS(structure, field)                                         \
	{0, "client-cpus", "CPUS",                                            \
	    "run the client on these CPUs: a number of them, or a list as "   \
	    "of taskset, such as 0-3,8; implies --placement split (default: " \
	    "half of the cores)",                                             \
	    OPTION_TEXT, .offset = offsetof(struct structure, field.client),  \
	    .allowed = CPU_WISH_WORDS},                                       \
	{                                                                     \
		0, "server-cpus", "CPUS",                                     \
		    "run the server on these CPUs, likewise", OPTION_TEXT,    \
		    .offset = offsetof(struct structure, field.server),       \
		    .allowed = CPU_WISH_WORDS                                 \
	}

/* Chooses the CPUs; PLACEMENT gets USUAL where no option says more. Warns where
 * there is too little of them. Dies of wrong usage. */
void
cpu_options_place(struct cpu_placement *placement,
    const struct cpu_options *options, enum cpu_placement_kind usual);

#endif
