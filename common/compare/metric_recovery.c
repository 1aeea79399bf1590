/* SPDX-License-Identifier: MIT */
/*
 * metric_recovery: how long a crash keeps clients without service.
 *
 * The clock runs from the signal that ends a worker until each client that
 * lost its connection has connected again and has an answer. If the server has
 * ended with the worker, the client starts it again at once, on another port:
 * no supervisor is faster.
 */
#include <math.h>
#include <poll.h>
#include <stdio.h>

#include "common/base/clock.h"
#include "common/compare/block_run.h"
#include "common/compare/idle_connections.h"
#include "common/compare/instance.h"
#include "common/compare/metric.h"
#include "common/compare/worker_crash.h"

/* From the death of a worker on. */
#define SERVED_AGAIN_NS (20 * NS_PER_S)

static void
note_trouble(struct block_run *run, size_t i, const char *why)
{
	if (!block_run_stopped(run))
		snprintf(run->accumulators[i].trouble, TROUBLE_MAX, "%s", why);
}

/* Connects COUNT clients, all at once, to the server that is, or is started. */
static bool
serve_again(struct block_run *run, size_t i, uint32_t count, uint64_t deadline)
{
	struct idle_connections again = {0};
	char why[400] = "";
	bool served = false;

	while (!served && !block_run_stopped(run) &&
	       instance_start_if_ended(run, i)) {
		served =
		    idle_connections_burst(&again, &run->at[i].server.address,
			count, run->plan->stop, why, sizeof(why)) == 0;
		block_run_note_stall(run, again.stall_ns);
		if (!served && now_ns() > deadline) {
			note_trouble(run, i, why);
			break;
		}
		if (!served) /* it dies, or starts another worker */
			poll(NULL, 0, 1);
	}
	idle_connections_close(&again);
	return served;
}

/* Kills the worker of one of the clients of IDLE. */
static double
ms_without_service(
    struct block_run *run, size_t i, const struct idle_connections *idle)
{
	struct launched *server = &run->at[i].server;
	uint64_t killed_ns;
	uint32_t lost;
	char why[400];

	if (worker_crash_kill(idle->fds[idle->count / 2], server, &killed_ns,
		why, sizeof(why)) < 0) {
		note_trouble(run, i, why);
		return NAN;
	}
	lost = idle_connections_lost(idle);
	if (!lost) {
		note_trouble(run, i,
		    "the client kept its connection although "
		    "the process that served it was killed");
		return NAN;
	}
	if (!serve_again(run, i, lost, killed_ns + SERVED_AGAIN_NS))
		return NAN;
	return (double)(now_ns() - killed_ns) / 1e6;
}

static double
recovery(struct block_run *run, size_t i)
{
	struct idle_connections idle = {0};
	double ms = NAN;
	char why[400];

	if (!instance_start(run, i))
		return NAN;
	if (idle_connections_open(&idle, &run->at[i].server.address,
		run->point->connections, run->plan->stop, why,
		sizeof(why)) == 0)
		ms = ms_without_service(run, i, &idle);
	else if (!instance_died(run, i))
		note_trouble(run, i, why);
	block_run_note_stall(run, idle.stall_ns);
	idle_connections_close(&idle);
	instance_stop(run, i);
	return ms;
}

static void
recovery_block(struct block_run *run)
{
	block_run_once(run, recovery);
}

static double
recovery_seconds(
    const struct compare_plan *plan, const struct load_point *point)
{
	return ((double)plan->server_count + 1) *
	       (0.15 + 0.0005 * point->connections);
}

const struct metric METRIC_RECOVERY = {
    .block = recovery_block,
    .seconds = recovery_seconds,
    .blocks = 10,
    .blocks_quick = 6,
};
