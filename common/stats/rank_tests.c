/* SPDX-License-Identifier: MIT */
/* rank_tests: medians, Walsh averages, and the signed-rank distribution. */
#include "common/stats/rank_tests.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define WALSH_MAX (RANK_MAX * (RANK_MAX + 1) / 2)
#define POWER 0.80 /* of the minimum detectable effect */
/* From so many values on, the steps of the signed-rank distribution are too
 * small to matter. */
#define MANY 50
/* sqrt(pi / 3): Pitman's efficiency of the signed-rank test against Student's.
 */
#define RANKS_COST 1.0233

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
rank_median(const double *values, size_t count)
{
	double sorted[RANK_MAX];

	memcpy(sorted, values, count * sizeof(values[0]));
	qsort(sorted, count, sizeof(sorted[0]), ascending);
	return sorted_median(sorted, count);
}

/*
 * The signed-rank distribution: element W is the probability that the ranks of
 * the positive values among COUNT add up to W. Valid until the next call in
 * this thread.
 */
static const double *
signed_ranks(size_t count)
{
	static _Thread_local double share[WALSH_MAX + 1];
	size_t top = 0;

	memset(share, 0, (count * (count + 1) / 2 + 1) * sizeof(share[0]));
	share[0] = 1;
	for (size_t rank = 1; rank <= count; rank++) {
		top += rank;
		for (size_t w = top + 1; w-- > 0;)
			share[w] =
			    (share[w] + (w >= rank ? share[w - rank] : 0)) / 2;
	}
	return share;
}

/* As rank_wilcoxon_rank(). ATTAINED is the actual level of a test at ALPHA: at
 * most ALPHA, because the distribution is discrete. */
static size_t
rank_and_level(size_t count, double alpha, double *attained)
{
	const double *share = signed_ranks(count);
	double tail = 0;
	size_t k = 0, top = count * (count + 1) / 2;

	while (k <= top && 2 * (tail + share[k]) <= alpha)
		tail += share[k++];
	*attained = 2 * tail;
	return k;
}

size_t
rank_wilcoxon_rank(size_t count, double alpha)
{
	double attained;

	return rank_and_level(count, alpha, &attained);
}

/* The number of Walsh averages above 0 is the rank sum of the positive values,
 * if there are no ties. A tie or a zero counts on both sides. */
double
rank_signed_rank_p(const double *values, size_t count)
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
rank_hodges_lehmann(const double *values, size_t count, double alpha)
{
	static _Thread_local double walsh[WALSH_MAX];
	size_t pairs = 0, k = rank_wilcoxon_rank(count, alpha);

	for (size_t i = 0; i < count; i++) {
		for (size_t j = i; j < count; j++)
			walsh[pairs++] = (values[i] + values[j]) / 2;
	}
	qsort(walsh, pairs, sizeof(walsh[0]), ascending);
	return (struct estimate){sorted_median(walsh, pairs),
	    k ? walsh[k - 1] : NAN, k ? walsh[pairs - k] : NAN};
}

double
rank_robust_sd(const double *values, size_t count)
{
	double deviation[RANK_MAX] = {0}, middle = rank_median(values, count);

	for (size_t i = 0; i < count; i++)
		deviation[i] = fabs(values[i] - middle);
	return 1.4826 * rank_median(deviation, count);
}

/*
 * The quantile of Student's t, from the normal quantile Z by Hill's expansion
 * (CACM algorithm 396). The error is below 1 % from 5 degrees of freedom on.
 */
static double
t_quantile(double z, double freedom)
{
	double z3 = z * z * z, z5 = z3 * z * z;

	return z + (z3 + z) / (4 * freedom) +
	       (5 * z5 + 16 * z3 + 3 * z) / (96 * freedom * freedom);
}

/* By bisection: no caller needs speed. */
double
rank_normal_quantile(double probability)
{
	double low = -40, high = 40;

	for (int step = 0; step < 60; step++) {
		double middle = (low + high) / 2;

		if (erfc(-middle / sqrt(2)) / 2 < probability)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}

/* The effect that a test at ALPHA detects with probability POWER, in standard
 * errors. FREEDOM is INFINITY for many values. */
static double
detectable_errors(double alpha, double freedom)
{
	return t_quantile(rank_normal_quantile(1 - alpha / 2), freedom) +
	       t_quantile(rank_normal_quantile(POWER), freedom);
}

/*
 * The minimum detectable effect of the signed-rank test, relative to that of
 * Student's test at the same LEVEL. For many values RANKS_COST. For few values
 * it grows as LEVEL approaches 2^-COUNT, where one value of the other sign
 * decides; this term is fitted to simulations, within 2 %.
 */
static double
rank_test_cost(size_t count, double level)
{
	return RANKS_COST + 0.345 * pow(-log2(level) / (double)count, 5.5);
}

double
rank_min_detectable_effect(double sd, size_t count, double alpha)
{
	double level = alpha;
	size_t rank = SIZE_MAX;

	if (count < MANY)
		rank = rank_and_level(count, alpha, &level);
	if (rank == 0)
		return INFINITY;
	if (rank == 1) /* all values must have the same sign */
		return sd * rank_normal_quantile(pow(POWER, 1 / (double)count));
	return sd * rank_test_cost(count, level) *
	       detectable_errors(level, (double)count - 1) /
	       sqrt((double)count);
}

double
rank_interval_sd(struct estimate interval, size_t count, double alpha)
{
	double level, t;

	if (rank_and_level(count, alpha, &level) == 0)
		return INFINITY;
	t = t_quantile(rank_normal_quantile(1 - level / 2), (double)count - 1);
	return (interval.high - interval.low) / 2 * sqrt((double)count) / t;
}

double
rank_required_sample_size(double sd, double difference, double alpha)
{
	double root = RANKS_COST * detectable_errors(alpha, INFINITY) * sd;
	double about = difference > 0 ? pow(root / difference, 2) : INFINITY;

	/* The normal approximation is a lower bound. */
	for (size_t count = 1; count <= RANK_MAX; count++) {
		if ((double)count >= floor(about) &&
		    rank_min_detectable_effect(sd, count, alpha) <= difference)
			return (double)count;
	}
	return fmax(ceil(about), RANK_MAX + 1);
}
