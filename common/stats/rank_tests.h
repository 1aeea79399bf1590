/* SPDX-License-Identifier: MIT */
/*
 * rank_tests: statistics that a noisy machine cannot fool.
 *
 * Ranks instead of means: a few samples that a busy neighbour spoilt move a
 * mean anywhere and a median hardly. Exact for small samples, no assumption of
 * a normal distribution, no random numbers.
 *
 * Hollander, Wolfe, Chicken, "Nonparametric Statistical Methods", 3.1 to 3.3.
 * No state: safe in any thread.
 */
#ifndef COMMON_STATS_RANK_TESTS_H
#define COMMON_STATS_RANK_TESTS_H

#include <stddef.h>

/* The most values that the functions below take. */
#define RANK_MAX 200

struct estimate {
	double value, low, high;
};

/* Of COUNT values, 1 or more; the mean of the middle two if even. */
double
rank_median(const double *values, size_t count);

/*
 * How many of the Walsh averages to count in from either end for an interval
 * that holds with probability 1 - ALPHA or more; 0 if COUNT is too small for
 * any. By enumeration of the signed-rank distribution.
 */
size_t
rank_wilcoxon_rank(size_t count, double alpha);

/*
 * The Hodges-Lehmann estimate: the median of the averages of all pairs, with
 * the exact Wilcoxon interval of 1 - ALPHA; NAN to NAN with too few values for
 * one.
 */
struct estimate
rank_hodges_lehmann(const double *values, size_t count, double alpha);

/* 1.4826 times the median absolute deviation: the standard deviation, if the
 * values were normal. */
double
rank_robust_sd(const double *values, size_t count);

/*
 * How often values that are symmetric about 0 would lie as far to one side of
 * it as these or farther: the exact two-sided signed-rank test, 1 at most. At
 * or below ALPHA exactly if the Wilcoxon interval of 1 - ALPHA excludes 0.
 * Zeros and ties count against a difference, so it is never too small.
 */
double
rank_signed_rank_p(const double *values, size_t count);

/* The Z that a normal value stays below with PROBABILITY, in 0 to 1. */
double
rank_normal_quantile(double probability);

/*
 * The smallest difference that COUNT normal values of that spread would have
 * shown with a probability of 80 %, by the exact signed-rank test at ALPHA;
 * within 3 %. INFINITY if they are too few for any.
 */
double
rank_min_detectable_effect(double sd, size_t count, double alpha);

/* The standard deviation of COUNT values that have the exact Wilcoxon INTERVAL
 * of 1 - ALPHA, if they were normal. INFINITY if they are too few for one. */
double
rank_interval_sd(struct estimate interval, size_t count, double alpha);

/* How many values of that spread show DIFFERENCE likewise: a whole number. At
 * least as many as can show any, without any spread; of more than RANK_MAX it
 * is known roughly. INFINITY for no difference. */
double
rank_required_sample_size(double sd, double difference, double alpha);

#endif
