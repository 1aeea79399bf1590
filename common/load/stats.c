/* SPDX-License-Identifier: MIT */
/* stats: medians, Walsh averages, and the signed-rank distribution. */
#include "common/load/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WALSH_MAX (STATS_MAX * (STATS_MAX + 1) / 2)

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

size_t
stats_wilcoxon_rank(size_t count, double alpha)
{
	/* share[w]: probability that the positive ranks add up to w. */
	static _Thread_local double share[WALSH_MAX + 1];
	double tail = 0;
	size_t k = 0, top = 0;

	memset(share, 0, sizeof(share));
	share[0] = 1;
	for (size_t rank = 1; rank <= count; rank++) {
		top += rank;
		for (size_t w = top + 1; w-- > 0;)
			share[w] =
			    (share[w] + (w >= rank ? share[w - rank] : 0)) / 2;
	}
	while (k <= top && 2 * (tail + share[k]) <= alpha)
		tail += share[k++];
	return k;
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

double
stats_detectable(double sd, size_t count)
{
	double freedom = (double)count - 1;

	if (count < 2)
		return INFINITY;
	/* the normal quantiles of 0.975 and 0.80 */
	return (t_quantile(1.959964, freedom) + t_quantile(0.841621, freedom)) *
	       sd / sqrt((double)count);
}
