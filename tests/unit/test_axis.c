/* SPDX-License-Identifier: MIT */
/* axis: tics that end, whatever stands in a file. */
#include "tests/unit/unit.h"

#include "common/charts/axis.h"
#include "common/verdict/sentences.h"

static struct axis_range
axis_range_of(double one, double other)
{
	struct axis_range range;

	axis_range_begin(&range);
	axis_range_add(&range, one);
	axis_range_add(&range, other);
	return range;
}

TEST(what_cannot_be_drawn_widens_no_range)
{
	static const double beyond[] = {NAN, INFINITY, -INFINITY, 1.79e308,
	    -1.79e308, 2e300, 5e-301, -5e-301, 1e-323};

	for (size_t i = 0; i < COUNT_OF(beyond); i++) {
		struct axis_range range = axis_range_of(3, beyond[i]);

		assert_near(range.low, 3, 0);
		assert_near(range.high, 3, 0);
	}
}

TEST(what_can_be_drawn_does)
{
	struct axis_range range = axis_range_of(0, 1e300);

	assert_near(range.low, 0, 0);
	assert_near(range.high, 1e300, 0);
	range = axis_range_of(-2, 1e-300);
	assert_near(range.low, -2, 0);
	assert_near(range.high, 1e-300, 0);
}

/* The tics of AXIS from LOW to HIGH: how many, or fails if one of them is
 * beyond it. */
static size_t
tics_of(const char *axis, double low, double high, bool log)
{
	struct axis_range range = {low, high};
	size_t size, count = 0;
	char *text, *at;
	FILE *script = open_memstream(&text, &size);

	if (log)
		axis_log(script, axis, &range, figure_number);
	else
		axis_linear(script, axis, &range);
	fclose(script);
	assert_int_equal(text[size - 1], '\n');
	for (at = strstr(text, "tics ("); (at = strstr(at, "' ")); count++) {
		double tic = strtod(at + 2, &at);

		assert_true(tic >= low / 1.2 || (!log && tic >= 0));
		assert_true(tic <= 1.2 * high);
	}
	free(text);
	return count;
}

static size_t
tics(double low, double high, bool log)
{
	return tics_of("y", low, high, log);
}

TEST(a_linear_axis_has_a_few_tics)
{
	assert_int_equal(tics(0, 100, false), 5); /* 0, 25 ... 100 */
	for (int n = -300; n <= 300; n += 7) {
		for (double first = 1; first < 10; first += 0.3)
			assert_in_range(
			    tics(0, first * pow(10, n), false), 3, 7);
	}
}

TEST(a_linear_axis_ends_where_its_steps_are_nothing)
{
	struct axis_range range = {0, 1e-323};
	size_t size;
	char *text;
	FILE *script = open_memstream(&text, &size);

	axis_linear(script, "y", &range);
	fclose(script);
	assert_true(size < 2000);
	free(text);
}

TEST(a_log_axis_has_all_that_it_spans)
{
	assert_int_equal(tics(1, 1000, true), 4);
	assert_int_equal(tics(1e-300, 1e300, true), 601);
	assert_int_equal(tics(2, 50, true), 5);
	assert_in_range(tics(3, 4, true), 2, 6);
}

/* Of six figures, in the width of half a picture. */
TEST(numbers_side_by_side_do_not_touch)
{
	for (double span = 1.1; span < 2000; span *= 1.3) {
		for (double low = 1; low < 10; low *= 1.2)
			assert_in_range(
			    tics_of("x", low, low * span, true), 1, 5);
	}
}

RUN_TESTS(NULL, NULL)
