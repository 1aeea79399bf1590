/* SPDX-License-Identifier: MIT */
/*
 * load_run: one load carried out, as the load verb needs it: by the engine or,
 * for a chat room, by chat_load.h; with progress on a terminal and a time
 * series.
 */
#ifndef COMMON_CLI_LOAD_RUN_H
#define COMMON_CLI_LOAD_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/load/engines.h"
#include "common/report/interval_writer.h"
#include "common/sysinfo/cpu_placement.h"
#include "common/sysinfo/listen_backlog.h"

/* How long a load lasts, and what reports on it meanwhile. */
struct load_span {
	uint64_t duration_ns, requests; /* the one that comes first */
	uint64_t interval_ns;
	/* A line for each interval; NULL: none. */
	struct interval_writer *series;
};

/* What to do, which the caller sets, and what came of it. */
struct load_run {
	struct load_plan plan; /* the size is corrected to the protocol's */
	bool local;	       /* the server is one of this machine */
	struct load_result result;
	struct fairness fairness;
	bool has_fairness; /* there were kept connections */
	double seconds;
	int64_t overflows; /* of accept queues; -1: unknown */
	struct listen_backlog
	    backlog; /* its own, if it is LOCAL; full: meanwhile */
};

/*
 * Carries it out. Dies of what cannot be, and after a second interrupt, and
 * then puts the server that PLACEMENT has moved back to where it was.
 */
void
load_run(struct load_run *run, const struct load_span *span,
    const struct cpu_placement *placement);

/* Of the result. */
void
load_run_release(struct load_run *run);

#endif
