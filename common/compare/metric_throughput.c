/* SPDX-License-Identifier: MIT */
/* metric_throughput: how many replies a second. */
#include <math.h>

#include "common/compare/abba_rounds.h"
#include "common/compare/metric.h"

static double
log_rate(const struct load_result *slice)
{
	return slice->ok ? log(load_result_rate(slice)) : NAN;
}

static void
rates(struct load_result *there, struct load_result *back, double value[2],
    double *service)
{
	(void)service;
	value[0] = log_rate(there);
	value[1] = log_rate(back);
}

static void
rate_block(struct block_run *run)
{
	abba_rounds_block(run, rates, run->scenario->per_request);
}

const struct metric METRIC_THROUGHPUT = {
    .block = rate_block,
    .seconds = abba_rounds_seconds,
    .blocks = 18,
    .blocks_quick = 8,
};
