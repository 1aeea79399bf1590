/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "common/report/hdr_percentiles.h"

static char *
printed(const struct histogram *hist)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	hdr_percentiles_print(hist, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

/* What HdrHistogram's own writers make of 1, 2, ... 10 us. */
TEST(ten_values_are_as_hdrhistogram_writes_them)
{
	static const char want[] =
	    "       Value     Percentile TotalCount 1/(1-Percentile)\n"
	    "\n"
	    "       1.000 0.000000000000          1           1.00\n"
	    "       1.000 0.100000000000          1           1.11\n"
	    "       2.000 0.200000000000          2           1.25\n"
	    "       3.001 0.300000000000          3           1.43\n"
	    "       4.001 0.400000000000          4           1.67\n"
	    "       5.003 0.500000000000          5           2.00\n"
	    "       6.003 0.550000000000          6           2.22\n"
	    "       6.003 0.600000000000          6           2.50\n"
	    "       7.003 0.650000000000          7           2.86\n"
	    "       7.003 0.700000000000          7           3.33\n"
	    "       8.003 0.750000000000          8           4.00\n"
	    "       8.003 0.775000000000          8           4.44\n"
	    "       8.003 0.800000000000          8           5.00\n"
	    "       9.007 0.825000000000          9           5.71\n"
	    "       9.007 0.850000000000          9           6.67\n"
	    "       9.007 0.875000000000          9           8.00\n"
	    "       9.007 0.887500000000          9           8.89\n"
	    "       9.007 0.900000000000          9          10.00\n"
	    "      10.000 0.912500000000         10          11.43\n"
	    "      10.000 1.000000000000         10\n"
	    "#[Mean    =        5.500, StdDeviation   =        2.873]\n"
	    "#[Max     =       10.000, Total count    =           10]\n"
	    "#[Buckets =           54, SubBuckets     =         2048]\n";
	struct histogram h;
	char *text;

	assert_int_equal(histogram_init(&h), 0);
	for (uint64_t us = 1; us <= 10; us++)
		histogram_record(&h, us * 1000);
	text = printed(&h);
	assert_string_equal(text, want);
	free(text);
	histogram_release(&h);
}

TEST(an_empty_one_has_no_lines)
{
	struct histogram h;
	char *text;

	assert_int_equal(histogram_init(&h), 0);
	text = printed(&h);
	assert_null(strstr(text, "1.000000000000"));
	assert_non_null(strstr(text, "Total count    =            0]"));
	free(text);
	histogram_release(&h);
}

/* Whatever the values are: the lines end, rise, and end with all of them. */
TEST(lines_rise_to_the_maximum_and_the_count)
{
	uint64_t random = 5;
	struct histogram h;
	char *text, *line, *rest;
	double value = 0, percentile = -1, last_value, last_percentile;
	unsigned long long count = 0, last_count;

	assert_int_equal(histogram_init(&h), 0);
	for (int i = 0; i < 100000; i++)
		histogram_record(&h, (uint64_t)exp2(40 * random_unit(&random)));
	text = printed(&h);
	strtok_r(text, "\n", &rest);
	while ((line = strtok_r(NULL, "\n", &rest)) && line[0] != '#') {
		last_value = value;
		last_percentile = percentile;
		last_count = count;
		assert_int_equal(
		    sscanf(line, "%lf %lf %llu", &value, &percentile, &count),
		    3);
		assert_true(value >= last_value);
		assert_true(percentile > last_percentile);
		assert_true(count >= last_count);
		assert_true((double)count >= percentile * 100000 - 0.01);
	}
	assert_int_equal(count, 100000);
	assert_near(percentile, 1, 0);
	assert_near(value, (double)h.max / 1e3, 0.001);
	free(text);
	histogram_release(&h);
}

RUN_TESTS(NULL, NULL)
