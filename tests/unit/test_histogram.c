/* SPDX-License-Identifier: MIT */
/* histogram: its percentiles against those of the sorted values. */
#include "tests/unit/unit.h"

#include <inttypes.h>

#include "common/stats/histogram.h"

enum { VALUES = 1000000 };

static int
ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The percentile by definition: the least of COUNT sorted values that PERCENT %
 * do not exceed. */
static uint64_t
exact(const uint64_t *sorted, size_t count, double percent)
{
	double rank = ceil(percent / 100 * (double)count - 1e-6);

	return sorted[rank < 1 ? 0 : (size_t)rank - 1];
}

TEST(statistics_of_an_empty_histogram_are_zero)
{
	struct histogram h;

	assert_int_equal(histogram_init(&h), 0);
	assert_int_equal(histogram_percentile(&h, 0), 0);
	assert_int_equal(histogram_percentile(&h, 50), 0);
	assert_int_equal(histogram_percentile(&h, 100), 0);
	assert_true(histogram_mean(&h) <= 0);
	assert_int_equal(h.total, 0);
	assert_true(h.min == UINT64_MAX);
	assert_int_equal(h.max, 0);
	histogram_release(&h);
	histogram_release(&h); /* harmless */
}

/*
 * The values that represent the buckets of LOW and HIGH. A larger third value
 * keeps the maximum from limiting them.
 */
static void
bucket_tops(uint64_t low, uint64_t high, uint64_t *of_low, uint64_t *of_high)
{
	struct histogram h;

	assert_int_equal(histogram_init(&h), 0);
	histogram_record(&h, low);
	histogram_record(&h, high);
	histogram_record(&h, UINT64_MAX);
	*of_low = histogram_percentile(&h, 100.0 / 3);
	*of_high = histogram_percentile(&h, 200.0 / 3);
	histogram_release(&h);
}

TEST(histogram_keeps_small_values_exactly)
{
	for (uint64_t value = 0; value < 2047; value += 2) {
		uint64_t low, high;

		bucket_tops(value, value + 1, &low, &high);
		assert_int_equal(low, value);
		assert_int_equal(high, value + 1);
	}
}

/* Both ends of each of the 1024 buckets of each power of two. */
TEST(histogram_keeps_values_within_a_thousandth)
{
	for (unsigned shift = 1; shift <= 53; shift++) {
		for (uint64_t part = 1024; part < 2048; part++) {
			uint64_t bottom = part << shift, low, high;
			uint64_t top = bottom + ((uint64_t)1 << shift) - 1;

			bucket_tops(bottom, top, &low, &high);
			if (low != top || high != top)
				fail_msg("%" PRIu64 " to %" PRIu64
					 " are kept as %" PRIu64
					 " and %" PRIu64,
				    bottom, top, low, high);
			assert_true(top - bottom < bottom / 1024 + 1);
		}
	}
}

TEST(histogram_counts_the_largest_value)
{
	struct histogram h;

	assert_int_equal(histogram_init(&h), 0);
	histogram_record(&h, UINT64_MAX);
	assert_true(histogram_percentile(&h, 50) == UINT64_MAX);
	histogram_record(&h, UINT64_MAX - 1);
	histogram_record(&h, 0);
	assert_int_equal(h.total, 3);
	assert_true(h.max == UINT64_MAX);
	assert_int_equal(h.min, 0);
	assert_int_equal(histogram_percentile(&h, 1), 0);
	assert_true(histogram_percentile(&h, 100) == UINT64_MAX);
	histogram_release(&h);
}

TEST(a_percentile_is_never_above_the_maximum)
{
	struct histogram h;

	assert_int_equal(histogram_init(&h), 0);
	histogram_record(&h, 1000000);
	assert_int_equal(histogram_percentile(&h, 0), 1000000);
	assert_int_equal(histogram_percentile(&h, 50), 1000000);
	assert_int_equal(histogram_percentile(&h, 100), 1000000);
	histogram_record(&h, 1000001); /* the same bucket */
	assert_int_equal(histogram_percentile(&h, 100), 1000001);
	histogram_release(&h);
}

/* 99.9 / 100 * 1000 is a little more than 999, and its rank is 999. */
TEST(percentiles_of_round_counts_have_the_exact_rank)
{
	static const double percents[] = {
	    0, 0.1, 1, 5, 10, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 100};
	struct histogram h;

	assert_int_equal(histogram_init(&h), 0);
	for (uint64_t value = 1; value <= 1000; value++)
		histogram_record(&h, value);
	for (size_t i = 0; i < COUNT_OF(percents); i++) {
		uint64_t rank = (uint64_t)lround(percents[i] * 10);

		assert_int_equal(
		    histogram_percentile(&h, percents[i]), rank ? rank : 1);
	}
	histogram_release(&h);
}

/* The percentile of PARTS in 10,000 where ONES of TOTAL are 1, the others 2. */
static uint64_t
percentile_of_ones(
    struct histogram *h, uint64_t total, uint64_t ones, double parts)
{
	h->counts[1] = ones;
	h->counts[2] = total - ones;
	h->total = total;
	h->min = 1;
	h->max = 2;
	return histogram_percentile(h, parts / 100);
}

TEST(percentiles_of_large_counts_have_the_exact_rank)
{
	static const uint64_t parts[] = {1, 10, 5000, 9000, 9900, 9990, 9999};
	struct histogram h;

	assert_int_equal(histogram_init(&h), 0);
	for (uint64_t total = 1; total <= 3000000; total += 37) {
		for (size_t i = 0; i < COUNT_OF(parts); i++) {
			uint64_t ones = (parts[i] * total + 9999) / 10000;

			assert_int_equal(percentile_of_ones(
					     &h, total, ones, (double)parts[i]),
			    1);
			assert_int_equal(percentile_of_ones(&h, total, ones - 1,
					     (double)parts[i]),
			    2);
		}
	}
	assert_int_equal(percentile_of_ones(&h, 41000, 40959, 9990), 1);
	histogram_release(&h);
}

TEST(percentiles_of_few_values_are_some_of_them)
{
	struct histogram h;

	assert_int_equal(histogram_init(&h), 0);
	histogram_record(&h, 30);
	histogram_record(&h, 10);
	histogram_record(&h, 20);
	assert_int_equal(histogram_percentile(&h, 0), 10);
	assert_int_equal(histogram_percentile(&h, 33), 10);
	assert_int_equal(histogram_percentile(&h, 34), 20);
	assert_int_equal(histogram_percentile(&h, 50), 20);
	assert_int_equal(histogram_percentile(&h, 66), 20);
	assert_int_equal(histogram_percentile(&h, 67), 30);
	assert_int_equal(histogram_percentile(&h, 99.999), 30);
	assert_near(histogram_mean(&h), 20, 0);
	histogram_release(&h);
}

/* Between 1 and 2^63; each magnitude has the same probability. */
static uint64_t
log_uniform(uint64_t *random)
{
	return (uint64_t)exp2(63 * random_unit(random));
}

TEST(percentiles_agree_with_sorted_values)
{
	static const double percents[] = {0, 0.01, 0.1, 1, 5, 10, 25, 50, 75,
	    90, 95, 99, 99.9, 99.99, 99.999, 100};
	uint64_t *values = malloc(VALUES * sizeof(values[0])), random = 42;
	struct histogram h;

	assert_non_null(values);
	assert_int_equal(histogram_init(&h), 0);
	for (size_t i = 0; i < VALUES; i++) {
		values[i] = log_uniform(&random);
		histogram_record(&h, values[i]);
	}
	qsort(values, VALUES, sizeof(values[0]), ascending);
	assert_int_equal(h.total, VALUES);
	assert_int_equal(h.min, values[0]);
	assert_int_equal(h.max, values[VALUES - 1]);
	for (size_t i = 0; i < COUNT_OF(percents); i++) {
		double right = (double)exact(values, VALUES, percents[i]);

		assert_near((double)histogram_percentile(&h, percents[i]),
		    right, right / 1000);
	}
	free(values);
	histogram_release(&h);
}

enum { MANY = 10000000 };

/* The value of RANK, distributed as latencies are: most of them some
 * microseconds, and a tail up to 0.1 s. */
static uint64_t
tailed(uint64_t rank)
{
	double above = 1 - ((double)rank + 0.5) / MANY;

	return (uint64_t)(6000 / pow(above, 0.6));
}

/* The value of RANK, distributed uniformly up to 10 s. */
static uint64_t
uniform(uint64_t rank)
{
	return rank * 1000;
}

/*
 * The value of each rank is known, so nothing has to be sorted. The step has no
 * factor in common with MANY, so each rank comes once, in no order.
 */
static void
ten_million_agree(uint64_t (*value_of)(uint64_t rank))
{
	static const double percents[] = {
	    1, 10, 25, 50, 75, 90, 99, 99.9, 99.99, 99.999, 99.9999, 100};
	struct histogram h;

	assert_int_equal(histogram_init(&h), 0);
	for (uint64_t i = 0, rank = 0; i < MANY; i++) {
		histogram_record(&h, value_of(rank));
		rank = (rank + 6180339) % MANY;
	}
	assert_int_equal(h.total, MANY);
	for (size_t i = 0; i < COUNT_OF(percents); i++) {
		uint64_t rank = (uint64_t)lround(percents[i] / 100 * MANY) - 1;
		double right = (double)value_of(rank);

		assert_near((double)histogram_percentile(&h, percents[i]),
		    right, right / 1000);
	}
	histogram_release(&h);
}

TEST(percentiles_of_ten_million_are_within_a_thousandth)
{
	ten_million_agree(tailed);
	ten_million_agree(uniform);
}

TEST(an_iteration_visits_each_value_once)
{
	static const uint64_t values[] = {0, 7, 7, 2047, 5000000, UINT64_MAX};
	struct histogram_walk walk = {0};
	struct histogram h;

	assert_int_equal(histogram_init(&h), 0);
	assert_false(histogram_next(&h, &walk));
	for (size_t i = 0; i < COUNT_OF(values); i++)
		histogram_record(&h, values[i]);
	assert_true(histogram_next(&h, &walk));
	assert_true(walk.value == 0 && walk.count == 1 && walk.seen == 1);
	assert_true(histogram_next(&h, &walk));
	assert_true(walk.value == 7 && walk.count == 2 && walk.seen == 3);
	assert_true(histogram_next(&h, &walk));
	assert_true(walk.value == 2047 && walk.seen == 4);
	assert_true(histogram_next(&h, &walk));
	assert_near((double)walk.value, 5e6, 5e3);
	assert_true(histogram_next(&h, &walk));
	assert_true(walk.value == UINT64_MAX && walk.seen == 6);
	assert_false(histogram_next(&h, &walk));
	assert_false(histogram_next(&h, &walk));
	histogram_release(&h);
}

TEST(the_deviation_is_that_of_the_values)
{
	struct histogram h;

	assert_int_equal(histogram_init(&h), 0);
	assert_near(histogram_deviation(&h), 0, 0);
	for (uint64_t value = 1; value <= 1000; value++)
		histogram_record(&h, value);
	/* sqrt((n^2 - 1) / 12) */
	assert_near(histogram_deviation(&h), 288.675, 0.001);
	histogram_release(&h);
}

static void
same(const struct histogram *a, const struct histogram *b)
{
	assert_int_equal(a->total, b->total);
	assert_true(a->min == b->min);
	assert_int_equal(a->max, b->max);
	assert_near(
	    histogram_mean(a), histogram_mean(b), histogram_mean(b) * 1e-12);
	for (double percent = 0; percent <= 100; percent += 0.125)
		assert_true(histogram_percentile(a, percent) ==
			    histogram_percentile(b, percent));
}

TEST(a_sum_equals_the_histogram_of_all_values)
{
	struct histogram parts[3], all;
	uint64_t random = 9;

	assert_int_equal(histogram_init(&all), 0);
	for (size_t p = 0; p < 3; p++)
		assert_int_equal(histogram_init(&parts[p]), 0);
	for (size_t i = 0; i < 30000; i++) {
		uint64_t value = log_uniform(&random);

		histogram_record(&all, value);
		/* Only parts[0] has the small values. */
		histogram_record(
		    &parts[value < 1 << 20 ? 0 : 1 + i % 2], value);
	}
	histogram_add(&parts[1], &parts[0]);
	histogram_add(&parts[1], &parts[2]);
	same(&parts[1], &all);

	/* An empty histogram on either side of the addition. */
	histogram_clear(&parts[2]);
	histogram_add(&parts[1], &parts[2]);
	same(&parts[1], &all);
	histogram_add(&parts[2], &parts[1]);
	same(&parts[2], &all);
	for (size_t p = 0; p < 3; p++)
		histogram_release(&parts[p]);
	histogram_release(&all);
}

TEST(a_cleared_histogram_equals_a_new_one)
{
	struct histogram used, fresh;

	assert_int_equal(histogram_init(&used), 0);
	assert_int_equal(histogram_init(&fresh), 0);
	for (uint64_t value = 1; value; value <<= 1)
		histogram_record(&used, value);
	histogram_clear(&used);
	same(&used, &fresh);
	histogram_record(&used, 5000);
	histogram_record(&fresh, 5000);
	same(&used, &fresh);
	histogram_release(&used);
	histogram_release(&fresh);
}

RUN_TESTS(NULL, NULL)
