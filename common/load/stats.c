/* SPDX-License-Identifier: MIT */
/* stats: medians, Walsh averages, and the signed-rank distribution. */
#include "common/load/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WALSH_MAX (STATS_MAX * (STATS_MAX + 1) / 2)
#define POWER 0.80 /* what "would have shown" means */

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
sorted_median(const double *values, size_t count)
{
	return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

double
stats_median(const double *values, size_t count)
{
	double sorted[STATS_MAX];

	memcpy(sorted, values, count * sizeof(values[0]));
	qsort(sorted, count, sizeof(sorted[0]), ascending);
	return sorted_median(sorted, count);
}

/*
 * The signed-rank distribution: at W, the probability that the ranks of the
 * positive ones of COUNT values add up to W. Good until the next call in this
 * thread.
 */
static const double *
signed_ranks(size_t count)
{
	static _Thread_local double share[WALSH_MAX + 1];
	size_t top = 0;

	memset(share, 0, sizeof(share));
	share[0] = 1;
	for (size_t rank = 1; rank <= count; rank++) {
		top += rank;
		for (size_t w = top + 1; w-- > 0;)
			share[w] =
			    (share[w] + (w >= rank ? share[w - rank] : 0)) / 2;
	}
	return share;
}

size_t
stats_wilcoxon_rank(size_t count, double alpha)
{
	const double *share = signed_ranks(count);
	double tail = 0;
	size_t k = 0, top = count * (count + 1) / 2;

	while (k <= top && 2 * (tail + share[k]) <= alpha)
		tail += share[k++];
	return k;
}

/* Walsh averages at or beyond 0 are what is left of the evidence: without
 * ties, as many as the ranks of the values there add up to. */
double
stats_signed_rank_p(const double *values, size_t count)
{
	const double *share = signed_ranks(count);
	size_t below = 0, above = 0, least;
	double tail = 0;

	for (size_t i = 0; i < count; i++) {
		for (size_t j = i; j < count; j++) {
			double average = (values[i] + values[j]) / 2;

			below += average <= 0;
			above += average >= 0;
		}
	}
	least = below < above ? below : above;
	for (size_t w = 0; w <= least; w++)
		tail += share[w];
	return fmin(1, 2 * tail);
}

struct estimate
stats_hodges_lehmann(const double *values, size_t count, double alpha)
{
	static _Thread_local double walsh[WALSH_MAX];
	size_t pairs = 0, k = stats_wilcoxon_rank(count, alpha);

	for (size_t i = 0; i < count; i++) {
		for (size_t j = i; j < count; j++)
			walsh[pairs++] = (values[i] + values[j]) / 2;
	}
	qsort(walsh, pairs, sizeof(walsh[0]), ascending);
	if (k == 0)
		k = 1;
	return (struct estimate){
	    sorted_median(walsh, pairs), walsh[k - 1], walsh[pairs - k]};
}

double
stats_robust_sd(const double *values, size_t count)
{
	double away[STATS_MAX] = {0}, middle = stats_median(values, count);

	for (size_t i = 0; i < count; i++)
		away[i] = fabs(values[i] - middle);
	return 1.4826 * stats_median(away, count);
}

/*
 * The quantile of Student's t by Hill's expansion about the normal one (CACM
 * algorithm 396); good to 1 % from 5 degrees of freedom on.
 */
static double
t_quantile(double z, double freedom)
{
	double z3 = z * z * z, z5 = z3 * z * z;

	return z + (z3 + z) / (4 * freedom) +
	       (5 * z5 + 16 * z3 + 3 * z) / (96 * freedom * freedom);
}

/* By halving: where it is asked for, nobody waits for it. */
double
stats_normal_quantile(double probability)
{
	double low = -40, high = 40;

	for (int step = 0; step < 100; step++) {
		double middle = (low + high) / 2;

		if (erfc(-middle / sqrt(2)) / 2 < probability)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}

double
stats_detectable(double sd, size_t count, double alpha)
{
	double freedom = (double)count - 1;

	if (count < 2)
		return INFINITY;
	return (t_quantile(stats_normal_quantile(1 - alpha / 2), freedom) +
		   t_quantile(stats_normal_quantile(POWER), freedom)) *
	       sd / sqrt((double)count);
}

double
stats_interval_sd(struct estimate interval, size_t count, double alpha)
{
	double t = t_quantile(
	    stats_normal_quantile(1 - alpha / 2), (double)count - 1);

	return count < 2 ? INFINITY
			 : (interval.high - interval.low) / 2 *
			       sqrt((double)count) / t;
}

double
stats_needed(double sd, double difference, double alpha)
{
	double both =
	    stats_normal_quantile(1 - alpha / 2) + stats_normal_quantile(POWER);

	return ceil(pow(both * sd / difference, 2));
}
