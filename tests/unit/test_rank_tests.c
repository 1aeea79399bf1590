/* SPDX-License-Identifier: MIT */
/* rank_tests: against published tables, the definitions, and simulations. */
#include "tests/unit/unit.h"

#include <pthread.h>

#include "common/stats/rank_tests.h"

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

TEST(median_is_the_middle_value)
{
	static const double odd[] = {5, -1, 3}, even[] = {4, 1, 100, 2};

	assert_near(rank_median(odd, 1), 5, 0);
	assert_near(rank_median(odd, 2), 2, 0);
	assert_near(rank_median(odd, 3), 3, 0);
	assert_near(rank_median(even, 4), 3, 0);
	assert_near(even[0], 4, 0); /* the argument is not sorted */
}

TEST(median_takes_up_to_rank_max_values)
{
	double values[RANK_MAX];

	for (size_t i = 0; i < RANK_MAX; i++)
		values[(i * 77) % RANK_MAX] = (double)i; /* unsorted */
	assert_near(rank_median(values, RANK_MAX), 99.5, 0);
	assert_near(rank_hodges_lehmann(values, RANK_MAX, 0.05).value, 99.5, 0);
	assert_near(rank_robust_sd(values, RANK_MAX), 1.4826 * 50, 1e-9);
}

/* ---- Wilcoxon ---- */

/* Tables of the two-sided signed-rank test: the critical value plus 1. */
TEST(wilcoxon_ranks_agree_with_tables)
{
	static const struct {
		size_t count, rank;
	} known[] = {{6, 1}, {7, 3}, {8, 4}, {9, 6}, {10, 9}, {12, 14},
	    {16, 30}, {20, 53}, {24, 82}, {30, 138}};

	for (size_t i = 0; i < COUNT_OF(known); i++)
		assert_int_equal(
		    rank_wilcoxon_rank(known[i].count, 0.05), known[i].rank);
	assert_int_equal(rank_wilcoxon_rank(8, 0.10), 6);
	assert_int_equal(rank_wilcoxon_rank(10, 0.01), 4);
}

TEST(fewer_than_six_values_have_no_rank)
{
	for (size_t count = 0; count < 6; count++)
		assert_int_equal(rank_wilcoxon_rank(count, 0.05), 0);
	assert_int_equal(rank_wilcoxon_rank(5, 0.10), 1);
	assert_int_equal(rank_wilcoxon_rank(4, 0.10), 0);
}

/* The error of the normal approximation is a rank or two. */
TEST(wilcoxon_ranks_of_many_values_agree_with_the_normal_approximation)
{
	for (size_t count = 60; count <= RANK_MAX; count += 20) {
		double n = (double)count;
		double rank = n * (n + 1) / 4 + 0.5 -
			      1.959964 * sqrt(n * (n + 1) * (2 * n + 1) / 24);

		assert_near((double)rank_wilcoxon_rank(count, 0.05), rank, 3);
	}
}

/*
 * If values are symmetric about 0, each choice of their signs has the same
 * probability. Returns for which share of the choices the interval contains 0.
 */
static double
coverage(size_t count, double alpha)
{
	size_t held = 0;

	for (unsigned signs = 0; signs < 1U << count; signs++) {
		struct estimate e;
		double values[12];

		for (size_t i = 0; i < count; i++)
			values[i] = (signs >> i & 1 ? -1 : 1) *
				    (1 + sqrt((double)(i * i * i + i + 2)));
		e = rank_hodges_lehmann(values, count, alpha);
		held += e.low <= 0 && e.high >= 0;
	}
	return (double)held / (double)(1U << count);
}

TEST(intervals_have_the_stated_confidence)
{
	static const double alphas[] = {0.2, 0.1, 0.05};

	for (size_t a = 0; a < COUNT_OF(alphas); a++) {
		for (size_t count = 6; count <= 10; count++) {
			double c = coverage(count, alphas[a]);
			/* the coverage of the next narrower interval */
			double step =
			    pow(2, 1 - (double)count) *
			    (double)rank_wilcoxon_rank(count, alphas[a]);

			assert_true(c >= 1 - alphas[a]);
			assert_true(c - step < 1 - alphas[a] + 1e-12);
		}
	}
}

/* ---- Hodges-Lehmann ---- */

/* By the definition: the averages of all pairs, a value with itself too. */
static void
averages(const double *values, size_t count, double *walsh, size_t *pairs)
{
	*pairs = 0;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j <= i; j++)
			walsh[(*pairs)++] = (values[i] + values[j]) / 2;
	}
	qsort(walsh, *pairs, sizeof(walsh[0]), ascending);
}

TEST(estimate_is_the_median_of_all_averages)
{
	/* two-sided critical values at 5 %, plus 1 */
	static const size_t ranks[] = {0, 0, 0, 0, 0, 0, 1, 3, 4, 6, 9, 11, 14};
	uint64_t random = 11;

	for (int run = 0; run < 2000; run++) {
		size_t count = 1 + random_next(&random) % 12, pairs;
		double values[12], walsh[78];
		struct estimate e;

		for (size_t i = 0; i < count; i++)
			values[i] = tan(3.14 * (random_unit(&random) - 0.5));
		averages(values, count, walsh, &pairs);
		e = rank_hodges_lehmann(values, count, 0.05);
		assert_near(e.value,
		    (walsh[(pairs - 1) / 2] + walsh[pairs / 2]) / 2, 1e-9);
		if (!ranks[count])
			continue;
		assert_near(e.low, walsh[ranks[count] - 1], 0);
		assert_near(e.high, walsh[pairs - ranks[count]], 0);
	}
}

TEST(estimate_of_known_values)
{
	static const double values[] = {1, 2, 3, 4, 5, 6, 7, 1000};
	struct estimate e = rank_hodges_lehmann(values, 8, 0.05);

	/* The four least averages: 1, 1.5, 2, 2; the greatest: 1000, 503.5,
	 * 503, 502.5; the middle two of 36 are 4.5 both. */
	assert_near(e.low, 2, 0);
	assert_near(e.high, 502.5, 0);
	assert_near(e.value, 4.5, 0);
	/* Seven equal steps: symmetric about the middle one. */
	e = rank_hodges_lehmann(values, 7, 0.05);
	assert_near(e.value, 4, 0);
	assert_near(e.low, 2, 0);
	assert_near(e.high, 6, 0);
}

TEST(estimate_moves_with_its_values)
{
	uint64_t random = 5;
	double values[12], moved[12];
	struct estimate e, m;

	for (size_t i = 0; i < 12; i++) {
		values[i] = random_unit(&random);
		moved[11 - i] = 3 - 2 * values[i]; /* reverses the order */
	}
	e = rank_hodges_lehmann(values, 12, 0.05);
	m = rank_hodges_lehmann(moved, 12, 0.05);
	assert_true(e.low < e.value && e.value < e.high);
	assert_near(m.value, 3 - 2 * e.value, 1e-12);
	assert_near(m.low, 3 - 2 * e.high, 1e-12);
	assert_near(m.high, 3 - 2 * e.low, 1e-12);
}

TEST(estimate_of_too_few_values_has_no_interval)
{
	static const double values[] = {3, 1, 2, 8, 5};

	for (size_t count = 1; count <= 5; count++) {
		struct estimate e = rank_hodges_lehmann(values, count, 0.05);

		assert_true(e.value >= 1 && e.value <= 8);
		assert_true(isnan(e.low) && isnan(e.high));
	}
	assert_near(rank_hodges_lehmann(values, 5, 0.10).low, 1, 0);
}

TEST(one_outlier_moves_the_estimate_little)
{
	double values[12];
	struct estimate e;

	for (size_t i = 0; i < 12; i++)
		values[i] = 1 + (double)i / 100;
	values[4] = 1e9;
	e = rank_hodges_lehmann(values, 12, 0.05);
	assert_near(e.value, 1.06, 0.03);
	assert_true(e.high < 1.2);
}

struct worker {
	pthread_t thread;
	double values[100];
	struct estimate expected;
	int wrong;
};

static void *
estimate_again(void *arg)
{
	struct worker *w = arg;

	for (int i = 0; i < 30; i++) {
		struct estimate e = rank_hodges_lehmann(w->values, 100, 0.05);

		w->wrong += fabs(e.value - w->expected.value) > 0 ||
			    fabs(e.low - w->expected.low) > 0 ||
			    fabs(e.high - w->expected.high) > 0;
	}
	return NULL;
}

TEST(estimates_are_thread_safe)
{
	static struct worker workers[2];
	uint64_t random = 8;

	for (size_t w = 0; w < 2; w++) {
		for (size_t i = 0; i < 100; i++)
			workers[w].values[i] =
			    random_unit(&random) + 100 * (double)w;
		workers[w].expected =
		    rank_hodges_lehmann(workers[w].values, 100, 0.05);
	}
	for (size_t w = 0; w < 2; w++)
		pthread_create(
		    &workers[w].thread, NULL, estimate_again, &workers[w]);
	for (size_t w = 0; w < 2; w++)
		pthread_join(workers[w].thread, NULL);
	assert_int_equal(workers[0].wrong + workers[1].wrong, 0);
}

/* ---- the signed-rank test ---- */

/* By the definition: the share of all choices of signs whose smaller rank sum
 * is at most that of VALUES. */
static double
p_by_all_signs(const double *values, size_t count)
{
	size_t sums[2] = {0}, least, as_small = 0;

	for (size_t i = 0; i < count; i++) {
		size_t rank = 1;

		for (size_t j = 0; j < count; j++)
			rank += fabs(values[j]) < fabs(values[i]);
		sums[values[i] > 0] += rank;
	}
	least = sums[0] < sums[1] ? sums[0] : sums[1];
	for (unsigned signs = 0; signs < 1U << count; signs++) {
		size_t sum = 0;

		for (size_t rank = 1; rank <= count; rank++)
			sum += signs >> (rank - 1) & 1 ? rank : 0;
		as_small += sum <= least;
	}
	return fmin(1, 2 * (double)as_small / (double)(1U << count));
}

TEST(p_value_is_the_share_of_all_signs)
{
	uint64_t random = 23;

	for (int run = 0; run < 300; run++) {
		size_t count = 1 + random_next(&random) % 11;
		double values[11];

		for (size_t i = 0; i < count; i++)
			values[i] = random_unit(&random) - 0.35;
		assert_near(rank_signed_rank_p(values, count),
		    p_by_all_signs(values, count), 1e-12);
	}
}

TEST(p_value_and_interval_agree)
{
	static const double alphas[] = {0.05, 0.01};
	uint64_t random = 29;

	for (int run = 0; run < 2000; run++) {
		size_t count = 8 + random_next(&random) % 13;
		double values[20], alpha = alphas[run % 2], p;
		struct estimate e;

		/* Integers, so that there are ties and zeros. */
		for (size_t i = 0; i < count; i++)
			values[i] = floor(10 * random_unit(&random) - 3);
		e = rank_hodges_lehmann(values, count, alpha);
		p = rank_signed_rank_p(values, count);
		assert_int_equal(p <= alpha, e.low > 0 || e.high < 0);
	}
}

TEST(p_values_of_known_values)
{
	static const double up[] = {1, 2, 3, 4, 5, 6, 7, 8}, zeros[8];
	static const double one[] = {1, 1, 1, 1, 1, 1, 1, -1};

	assert_near(rank_signed_rank_p(up, 8), 2.0 / 256, 1e-15);
	assert_near(rank_signed_rank_p(zeros, 8), 1, 0);
	/* 18 / 256 is the sign test's; ties make this one larger. */
	assert_true(rank_signed_rank_p(one, 8) > 18.0 / 256);
	assert_near(rank_signed_rank_p(up, 0), 1, 0);
}

TEST(normal_quantiles_agree_with_tables)
{
	assert_near(rank_normal_quantile(0.5), 0, 1e-9);
	assert_near(rank_normal_quantile(0.975), 1.959964, 1e-6);
	assert_near(rank_normal_quantile(0.80), 0.841621, 1e-6);
	assert_near(rank_normal_quantile(0.001), -3.090232, 1e-6);
}

/* ---- spread ---- */

TEST(robust_sd_of_known_values)
{
	static const double steps[] = {1, 2, 3, 4, 5}, one[] = {7, 7, 7, 900};

	assert_near(rank_robust_sd(steps, 5), 1.4826, 1e-12);
	assert_near(rank_robust_sd(one, 4), 0, 0);
	assert_near(rank_robust_sd(one, 1), 0, 0);
}

TEST(robust_sd_is_that_of_normal_values)
{
	uint64_t random = 77;
	double sum = 0;

	for (int run = 0; run < 200; run++) {
		double values[RANK_MAX];

		for (size_t i = 0; i < RANK_MAX; i++) {
			values[i] = -6; /* + 12 uniform ones: about normal */
			for (int k = 0; k < 12; k++)
				values[i] += random_unit(&random);
			values[i] *= 3;
		}
		sum += rank_robust_sd(values, RANK_MAX);
	}
	assert_near(sum / 200, 3, 0.06);
}

/* ---- the minimum detectable effect ---- */

/* How often in 100 cases a test at ALPHA tells COUNT normal values with mean
 * SHIFT and standard deviation 1 from 0. */
static double
power(double shift, size_t count, double alpha)
{
	uint64_t random = 4711 + count;
	const int runs = 5000;
	int shown = 0;

	for (int run = 0; run < runs; run++) {
		double values[RANK_MAX];

		for (size_t i = 0; i < count; i++)
			values[i] =
			    shift + sqrt(-2 * log(random_unit(&random))) *
					cos(2 * 3.14159265358979 *
					    random_unit(&random));
		shown += rank_signed_rank_p(values, count) <= alpha;
	}
	return 100.0 * shown / runs;
}

/* For one ratio and for several at once (Holm), with the smallest and the usual
 * numbers of blocks. */
TEST(the_minimum_detectable_effect_is_found_in_80_of_100_cases)
{
	static const struct {
		size_t count;
		double ratios;
	} known[] = {{6, 1}, {7, 1}, {7, 3}, {8, 1}, {8, 3}, {8, 6}, {9, 2},
	    {9, 6}, {10, 1}, {10, 6}, {10, 25}, {11, 25}, {12, 1}, {12, 12},
	    {13, 60}, {14, 112}, {18, 1}, {18, 4}, {18, 60}, {25, 2}, {40, 1}};

	for (size_t i = 0; i < COUNT_OF(known); i++) {
		double alpha = 0.05 / known[i].ratios;
		double shift =
		    rank_min_detectable_effect(1, known[i].count, alpha);

		assert_near(power(shift, known[i].count, alpha), 80, 2.8);
	}
}

TEST(the_required_sample_size_is_the_smallest_that_detects)
{
	static const double shifts[] = {1.3, 1, 0.9, 0.7, 0.5};

	for (size_t i = 0; i < 2 * COUNT_OF(shifts); i++) {
		double shift = shifts[i / 2], alpha = i % 2 ? 0.05 / 6 : 0.05;
		size_t needed =
		    (size_t)rank_required_sample_size(1, shift, alpha);

		assert_true(
		    rank_min_detectable_effect(1, needed, alpha) <= shift);
		assert_true(
		    rank_min_detectable_effect(1, needed - 1, alpha) > shift);
		assert_true(power(shift, needed, alpha) > 78);
		assert_true(power(shift, needed - 1, alpha) < 82);
	}
}

TEST(without_spread_the_required_sample_size_is_that_of_any_p_value)
{
	assert_near(rank_required_sample_size(0, 0.005, 0.05), 6, 0);
	assert_near(rank_required_sample_size(0, 0.005, 0.05 / 6), 8, 0);
	assert_near(rank_required_sample_size(0, 0.005, 0.05 / 25), 10, 0);
	assert_true(isinf(rank_required_sample_size(0.02, 0, 0.05)));
}

TEST(required_sample_sizes_grow_beyond_rank_max)
{
	double last = 0;

	for (double shift = 0.5; shift > 0.02; shift *= 0.97) {
		double needed = rank_required_sample_size(1, shift, 0.05);

		assert_true(needed >= last);
		last = needed;
	}
	assert_near(rank_required_sample_size(0.02, 0.0005, 0.05),
	    1.0472 * pow(2.801585 * 40, 2), 10);
}

/* Their smallest p-value is above ALPHA. */
TEST(too_few_values_detect_nothing)
{
	static const double few[] = {1, 2, 3, 4, 5};
	struct estimate e = rank_hodges_lehmann(few, 5, 0.05);

	for (size_t count = 0; count < 6; count++)
		assert_true(
		    isinf(rank_min_detectable_effect(0.02, count, 0.05)));
	assert_true(isfinite(rank_min_detectable_effect(0.02, 6, 0.05)));
	assert_true(isinf(rank_min_detectable_effect(0.02, 7, 0.05 / 6)));
	assert_true(isinf(rank_interval_sd(e, 5, 0.05)));
}

/* On the average over many intervals. */
TEST(interval_sd_is_that_of_normal_values)
{
	static const size_t counts[] = {6, 7, 8, 10, 18};
	uint64_t random = 99;

	for (size_t k = 0; k < COUNT_OF(counts); k++) {
		double sum = 0;

		for (int run = 0; run < 2000; run++) {
			double values[RANK_MAX];

			for (size_t i = 0; i < counts[k]; i++) {
				values[i] = -6;
				for (int one = 0; one < 12; one++)
					values[i] += random_unit(&random);
			}
			sum += rank_interval_sd(
			    rank_hodges_lehmann(values, counts[k], 0.05),
			    counts[k], 0.05);
		}
		assert_near(sum / 2000, 1, 0.12);
	}
}

RUN_TESTS(NULL, NULL)
