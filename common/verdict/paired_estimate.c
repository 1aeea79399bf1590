/* SPDX-License-Identifier: MIT */
/* paired_estimate: from the blocks of two servers to an interval and a p-value.
 */
#include "common/verdict/paired_estimate.h"

#include <math.h>

#include "common/stats/rank_tests.h"

static const struct estimate UNKNOWN = {NAN, NAN, NAN};

void
paired_blocks(struct paired_blocks *pair, const struct server_result *found,
    const struct server_result *baseline)
{
	size_t blocks =
	    found->blocks < baseline->blocks ? found->blocks : baseline->blocks;

	pair->count = 0;
	pair->has_ratio = true;
	for (size_t b = 0; b < blocks; b++) {
		double value = found->values[b], base = baseline->values[b];
		size_t n = pair->count;

		if (!isfinite(value) || !isfinite(base))
			continue;
		pair->values[n] = value;
		pair->differences[n] = value - base;
		pair->ratios[n] = found->ratios[b];
		pair->has_ratio &= isfinite(found->ratios[b]) != 0;
		pair->count++;
	}
	pair->has_ratio &= pair->count > 0;
}

const double *
paired_compared(const struct paired_blocks *pair)
{
	return pair->has_ratio ? pair->ratios : pair->differences;
}

/* The median deviation says nothing of the values far out, which widen the
 * interval: the larger of both, or more would be promised than it keeps. */
static double
spread(const struct paired_blocks *pair)
{
	struct estimate e =
	    rank_hodges_lehmann(pair->ratios, pair->count, PAIRED_ALPHA);

	return fmax(rank_robust_sd(pair->ratios, pair->count),
	    rank_interval_sd(e, pair->count, PAIRED_ALPHA));
}

void
paired_power_analysis(struct server_result *found,
    const struct paired_blocks *pair, double alpha, double delta)
{
	double sd;

	found->min_detectable = found->required_blocks = NAN;
	if (!pair->has_ratio || pair->count < PAIRED_BLOCKS_MIN)
		return;
	sd = spread(pair);
	if (rank_wilcoxon_rank(pair->count, alpha))
		found->min_detectable =
		    exp(rank_min_detectable_effect(sd, pair->count, alpha));
	found->required_blocks =
	    rank_required_sample_size(sd, log1p(delta), alpha);
}

double
paired_ratio(const double *log_ratios, size_t count)
{
	double known[RANK_MAX];
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (isfinite(log_ratios[i]))
			known[n++] = log_ratios[i];
	}
	return n ? exp(rank_hodges_lehmann(known, n, PAIRED_ALPHA).value) : NAN;
}

static struct estimate
exp_of(struct estimate e)
{
	return (struct estimate){exp(e.value), exp(e.low), exp(e.high)};
}

struct estimate
paired_cpu_ratio(
    const struct server_result *found, const struct server_result *baseline)
{
	double logs[RANK_MAX];
	size_t n = 0;

	for (size_t b = 0; b < found->blocks && b < baseline->blocks; b++) {
		if (!isfinite(found->values[b]) ||
		    !isfinite(baseline->values[b]))
			continue;
		logs[n] = log(baseline->cpu_us[b] / found->cpu_us[b]);
		if (!isfinite(logs[n++]))
			return UNKNOWN;
	}
	return n ? exp_of(rank_hodges_lehmann(logs, n, PAIRED_ALPHA)) : UNKNOWN;
}

void
paired_estimate(struct server_result *found,
    const struct server_result *baseline, double delta)
{
	struct paired_blocks pair;

	paired_blocks(&pair, found, baseline);
	found->has_ratio = pair.has_ratio;
	found->value = found->ratio = found->difference = UNKNOWN;
	found->p_value = NAN;
	paired_power_analysis(found, &pair, PAIRED_ALPHA, delta);
	if (pair.count == 0)
		return;
	found->value =
	    rank_hodges_lehmann(pair.values, pair.count, PAIRED_ALPHA);
	if (found->basis == BASIS_METRIC)
		found->difference = rank_hodges_lehmann(
		    pair.differences, pair.count, PAIRED_ALPHA);
	if (pair.has_ratio)
		found->ratio = exp_of(
		    rank_hodges_lehmann(pair.ratios, pair.count, PAIRED_ALPHA));
	found->p_value = rank_signed_rank_p(paired_compared(&pair), pair.count);
}
