/* SPDX-License-Identifier: MIT */
/*
 * plan: what a comparison is asked to do: servers, scenarios, blocks, options.
 *
 * The caller of compare_run() fills it in; all that it points to stays the
 * caller's.
 */
#ifndef COMMON_COMPARE_PLAN_H
#define COMMON_COMPARE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/compare/scenario.h"
#include "common/sysinfo/cpu_placement.h"
#include "common/verdict/block_estimate.h"
#include "common/verdict/comparison.h"

struct contender {
	const char *name;
	const char *command; /* see launch.h; may have {options} in it */
};

/* Where a comparison stands. */
struct compare_progress {
	const char *scenario;
	size_t number, count; /* of the scenario, from 1; of all scenarios */
	size_t block, blocks; /* of the scenario, its points together */
	double left_s;	      /* of all scenarios: see compare_run() */
};

struct compare_plan {
	struct contender servers[SERVERS_MAX]; /* the first is the baseline */
	size_t server_count;
	const struct scenario *scenarios[SCENARIOS_MAX];
	size_t scenario_count;
	bool quick;
	bool keep_disturbed; /* slices that others disturbed count, too */
	size_t blocks;	     /* at each point; 0: as is usual */
	size_t rounds;	     /* in each block, after the warm-up */
	uint64_t slice_ns;
	uint64_t start_timeout_ns; /* of each server; 0: as is usual */
	int stop_signal;	   /* likewise */
	double delta; /* the smallest difference that matters, 0.03 */
	uint64_t seed;
	struct cpu_placement placement;
	const char *command; /* that was typed */
	FILE *csv;	     /* all slices go there, if set (slice_csv.h) */
	const volatile int *stop;
	/* Called after each round. NULL: silent. */
	void (*progress)(const struct compare_progress *progress);
	/* Called with what has to be said before a scenario. NULL: silent. */
	void (*note)(const char *scenario, const char *words);
};

#endif
