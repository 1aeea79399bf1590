/* SPDX-License-Identifier: MIT */
/*
 * service_cost: the memory that a service takes (struct service_memory), and
 * whether there is so much.
 *
 * A service whose workers cannot have their memory is a wrong setting: it is
 * told in one line at the start, instead of by the OOM killer under load. Only
 * the accept loop's thread uses it, before there are workers.
 */
#ifndef COMMON_SERVER_SERVICE_COST_H
#define COMMON_SERVER_SERVICE_COST_H

#include "common/server/config.h"
#include "common/server/model.h"

/* Lets the service prepare, if its memory is there; the argument is set in
 * SETUP. Returns 0; or -1 after an error line. */
int
service_cost_prepare(const struct config *config, struct service_setup *setup);

/* Adds to COST what the service takes for each worker of MODEL. */
void
service_cost_add(struct worker_cost *cost, const struct server_model *model,
    const struct config *config);

/* Ends the program (exit 1) with one line if each worker takes memory for the
 * service, and LIMIT leaves no worker, or fewer than --max-connections. */
void
service_cost_check(
    const struct config *config, const struct worker_limit *limit);

#endif
