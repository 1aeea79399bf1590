/* SPDX-License-Identifier: MIT */
/*
 * rank_tests: medians and the Wilcoxon signed-rank test, for measurements on a
 * machine with noise.
 *
 * A few samples that another process disturbed move a mean by any amount and a
 * median hardly. The tests are exact for small samples and assume no normal
 * distribution. They use no random numbers.
 *
 * Hollander, Wolfe, Chicken, "Nonparametric Statistical Methods", 3.1 to 3.3.
 * Thread-safe. No function fails.
 */
#ifndef COMMON_STATS_RANK_TESTS_H
#define COMMON_STATS_RANK_TESTS_H

#include <stddef.h>

/* The largest COUNT that the functions below take. */
#define RANK_MAX 200

struct estimate {
	double value, low, high; /* low and high: a confidence interval */
};

/* COUNT is 1 or more. If it is even, the mean of the middle two. */
double
rank_median(const double *values, size_t count);

/*
 * The rank, counted from either end, of the Walsh averages that limit the exact
 * interval of confidence 1 - ALPHA or more; 0 if COUNT is too small for any.
 */
size_t
rank_wilcoxon_rank(size_t count, double alpha);

/*
 * The Hodges-Lehmann estimate: the median of the averages of all pairs, with
 * the exact Wilcoxon interval of confidence 1 - ALPHA; NAN to NAN if COUNT is
 * too small for one.
 */
struct estimate
rank_hodges_lehmann(const double *values, size_t count, double alpha);

/* 1.4826 times the median absolute deviation: the standard deviation of normal
 * values. */
double
rank_robust_sd(const double *values, size_t count);

/*
 * The p-value of the exact two-sided signed-rank test of symmetry about 0. It
 * is at most ALPHA if and only if the interval of 1 - ALPHA excludes 0. Zeros
 * and ties make it larger, never smaller.
 */
double
rank_signed_rank_p(const double *values, size_t count);

/* The quantile of the standard normal distribution at PROBABILITY, 0 to 1. */
double
rank_normal_quantile(double probability);

/*
 * The minimum detectable effect: the smallest difference that the exact
 * signed-rank test at ALPHA finds in COUNT normal values of standard deviation
 * SD with a probability of 80 %; within 3 %. INFINITY if COUNT is too small.
 */
double
rank_min_detectable_effect(double sd, size_t count, double alpha);

/* The standard deviation of COUNT normal values whose exact Wilcoxon interval
 * of 1 - ALPHA is INTERVAL. INFINITY if COUNT is too small. */
double
rank_interval_sd(struct estimate interval, size_t count, double alpha);

/* The number of values for which DIFFERENCE is the minimum detectable effect, a
 * whole number. Above RANK_MAX it is an approximation. INFINITY if DIFFERENCE
 * is 0. */
double
rank_required_sample_size(double sd, double difference, double alpha);

#endif
