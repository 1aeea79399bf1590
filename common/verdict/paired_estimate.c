/* SPDX-License-Identifier: MIT */
/* judge_point: from the blocks of two servers to an interval and a p-value. */
#include "common/verdict/verdict.h"

#include <math.h>

#include "common/verdict/paired_blocks.h"
#include "common/stats/rank_tests.h"

static const struct estimate UNKNOWN = {NAN, NAN, NAN};

void
judge_pair(struct judge_pair *pair, const struct finding *found,
    const struct finding *baseline)
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
judge_compared(const struct judge_pair *pair)
{
	return pair->has_ratio ? pair->ratios : pair->differences;
}

/* The median deviation says nothing of the values far out, which widen the
 * interval: the larger of both, or more would be promised than it keeps. */
static double
spread(const struct judge_pair *pair)
{
	struct estimate e =
	    stats_hodges_lehmann(pair->ratios, pair->count, JUDGE_ALPHA);

	return fmax(stats_robust_sd(pair->ratios, pair->count),
	    stats_interval_sd(e, pair->count, JUDGE_ALPHA));
}

void
judge_foresee(struct finding *found, const struct judge_pair *pair,
    double alpha, double delta)
{
	double sd;

	found->detectable = found->blocks_needed = NAN;
	if (!pair->has_ratio || pair->count < BLOCKS_MIN)
		return;
	sd = spread(pair);
	if (stats_wilcoxon_rank(pair->count, alpha))
		found->detectable =
		    exp(stats_detectable(sd, pair->count, alpha));
	found->blocks_needed = stats_needed(sd, log1p(delta), alpha);
}

double
judge_ratio(const double *log_ratios, size_t count)
{
	double known[STATS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (isfinite(log_ratios[i]))
			known[n++] = log_ratios[i];
	}
	return n ? exp(stats_hodges_lehmann(known, n, JUDGE_ALPHA).value) : NAN;
}

static struct estimate
exp_of(struct estimate e)
{
	return (struct estimate){exp(e.value), exp(e.low), exp(e.high)};
}

void
judge_point(struct finding *found, const struct finding *baseline, double delta)
{
	struct judge_pair pair;

	judge_pair(&pair, found, baseline);
	found->has_ratio = pair.has_ratio;
	found->value = found->ratio = found->difference = UNKNOWN;
	found->p_value = NAN;
	judge_foresee(found, &pair, JUDGE_ALPHA, delta);
	if (pair.count == 0)
		return;
	found->value =
	    stats_hodges_lehmann(pair.values, pair.count, JUDGE_ALPHA);
	found->difference =
	    stats_hodges_lehmann(pair.differences, pair.count, JUDGE_ALPHA);
	if (pair.has_ratio)
		found->ratio = exp_of(
		    stats_hodges_lehmann(pair.ratios, pair.count, JUDGE_ALPHA));
	found->p_value = stats_signed_rank_p(judge_compared(&pair), pair.count);
}
