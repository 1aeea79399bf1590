/* SPDX-License-Identifier: MIT */
/* measure_rate: how many replies a second. */
#include <math.h>

#include "common/compare/abba_rounds.h"

static double
log_rate(const struct load_result *slice)
{
	return slice->ok ? log(result_rate(slice)) : NAN;
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
rate_block(struct trial *trial)
{
	slices_block(trial, rates, trial->scenario->per_request);
}

const struct measure MEASURE_RATE = {
    .block = rate_block,
    .seconds = slices_seconds,
    .blocks = 18,
    .blocks_quick = 8,
};
