/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "common/load/compare.h"

#define DELTA 0.03

static const double STEADY[STATS_MAX]; /* a control that never differs */

static struct estimate ratio;
static double detectable;
static char reason[700];

/* COUNT values about MIDDLE, SPREAD to either side in turn and a little
 * different each. */
static const double *
about(double middle, double spread, size_t count)
{
	static double values[2][STATS_MAX];
	static int turn;
	double *v = values[turn ^= 1];

	for (size_t i = 0; i < count; i++)
		v[i] = middle +
		       (i % 2 ? 1 : -1) * spread * (1 - (double)(i / 2) / 100);
	return v;
}

static enum verdict
judge(const double *ratios, const double *control, size_t count)
{
	ratio = (struct estimate){NAN, NAN, NAN};
	detectable = NAN;
	strcpy(reason, "none");
	return compare_judge(ratios, control, count, DELTA, &ratio, &detectable,
	    reason, sizeof(reason));
}

static void
says(const char *words)
{
	if (!strstr(reason, words))
		fail_msg("\"%s\" is not in: %s", words, reason);
}

static void
a_steady_gain_is_faster(void **state)
{
	(void)state;
	assert_int_equal(judge(about(log(1.1), 0.01, 12), STEADY, 12), FASTER);
	assert_near(ratio.value, 1.1, 0.01);
	assert_true(ratio.low > 1 && ratio.low < ratio.value);
	assert_true(ratio.high > ratio.value && ratio.high < 1.15);
	says("by 10.0 %");
	assert_null(strstr(reason, "less than matters"));
}

static void
a_steady_loss_is_slower(void **state)
{
	(void)state;
	assert_int_equal(judge(about(log(0.8), 0.01, 12), STEADY, 12), SLOWER);
	assert_near(ratio.value, 0.8, 0.01);
	assert_true(ratio.high < 1);
	says("by 20.0 %");
}

static void
a_small_gain_is_said_to_be_small(void **state)
{
	(void)state;
	assert_int_equal(judge(about(0.01, 0.002, 12), STEADY, 12), FASTER);
	says("less than matters");
	assert_int_equal(judge(about(-0.01, 0.002, 12), STEADY, 12), SLOWER);
	says("less than matters");
}

static void
no_difference_is_equivalent(void **state)
{
	(void)state;
	assert_int_equal(judge(about(0, 0.01, 12), STEADY, 12), EQUIVALENT);
	says("within 3 %");
	/* The baseline itself. */
	assert_int_equal(judge(STEADY, STEADY, 12), EQUIVALENT);
	assert_near(ratio.value, 1, 0);
	assert_near(detectable, 1, 0);
}

static void
noise_is_undecided(void **state)
{
	(void)state;
	assert_int_equal(judge(about(0, 0.2, 12), STEADY, 12), UNDECIDED);
	says("are not excluded");
	assert_true(detectable > 1.1);
}

/* Too wide for equivalence, too near for a difference. */
static void
a_difference_that_noise_hides_is_undecided(void **state)
{
	(void)state;
	assert_int_equal(judge(about(0.03, 0.06, 12), STEADY, 12), UNDECIDED);
	assert_true(ratio.low < 1 && ratio.high > 1 + DELTA);
}

static void
a_control_that_differs_makes_all_invalid(void **state)
{
	(void)state;
	assert_int_equal(
	    judge(about(0.5, 0.01, 12), about(0.1, 0.01, 12), 12), INVALID);
	says("the control");
	assert_int_equal(judge(STEADY, about(-0.1, 0.01, 12), 12), INVALID);
	says("differs by");
}

/* It surely differs, by a third of what matters. */
static void
a_control_that_hardly_differs_is_well(void **state)
{
	(void)state;
	assert_int_equal(
	    judge(about(0.5, 0.01, 12), about(0.01, 0.001, 12), 12), FASTER);
	/* And a noisy one proves nothing. */
	assert_int_equal(
	    judge(about(0.5, 0.01, 12), about(0.02, 0.3, 12), 12), FASTER);
}

static void
few_blocks_are_undecided(void **state)
{
	(void)state;
	for (size_t count = 1; count < BLOCKS_MIN; count++) {
		assert_int_equal(
		    judge(about(0.5, 0.001, count), STEADY, count), UNDECIDED);
		says("too few");
		assert_near(ratio.value, exp(0.5), 0.01);
	}
	assert_int_equal(
	    judge(about(0.5, 0.001, BLOCKS_MIN), STEADY, BLOCKS_MIN), FASTER);
}

static void
one_spoilt_block_changes_no_verdict(void **state)
{
	double values[12];

	(void)state;
	memcpy(values, about(log(1.1), 0.01, 12), sizeof(values));
	values[3] = log(0.01);
	assert_int_equal(judge(values, STEADY, 12), FASTER);
	memcpy(values, about(0, 0.01, 12), sizeof(values));
	values[3] = log(100);
	assert_int_equal(judge(values, STEADY, 12), EQUIVALENT);
}

static void
a_small_buffer_cuts_the_reason(void **state)
{
	char small[8] = "#######";

	(void)state;
	compare_judge(about(0.5, 0.01, 12), STEADY, 12, DELTA, &ratio,
	    &detectable, small, 6);
	assert_string_equal(small, "by 64");
	assert_int_equal(small[6], '#');
}

/* ---- by simulation ---- */

/* The tails of a busy machine: Cauchy's have not even a mean. */
static double
heavy(uint64_t *random)
{
	return 0.01 * tan(3.14159265358979 * (random_unit(random) - 0.5));
}

/* Of 2000 comparisons of a server with itself, how many find a winner. */
static double
false_winners(size_t count, double (*noise)(uint64_t *))
{
	uint64_t random = 1234567 + count;
	size_t winners = 0;

	for (int run = 0; run < 2000; run++) {
		double values[STATS_MAX];
		enum verdict verdict;

		for (size_t i = 0; i < count; i++)
			values[i] = noise(&random);
		verdict = judge(values, STEADY, count);
		winners += verdict == FASTER || verdict == SLOWER;
	}
	return (double)winners / 2000;
}

/* Few lie in the middle: the worst that is still symmetric. */
static double
two_humps(uint64_t *random)
{
	double side = random_unit(random) < 0.5 ? -0.05 : 0.05;

	return side + heavy(random) / 10;
}

static void
a_server_seldom_beats_itself(void **state)
{
	static const size_t counts[] = {6, 8, 12, 20};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(counts); i++) {
		double tails = false_winners(counts[i], heavy);
		double humps = false_winners(counts[i], two_humps);

		assert_true(tails <= 0.07 && humps <= 0.07);
		/* 0 would be a judge that never decides */
		assert_true(tails >= 0.01 && humps >= 0.01);
	}
}

static void
a_control_seldom_makes_a_fair_comparison_invalid(void **state)
{
	uint64_t random = 99;
	int invalid = 0;

	(void)state;
	for (int run = 0; run < 2000; run++) {
		double control[12];

		for (size_t i = 0; i < 12; i++)
			control[i] = heavy(&random);
		invalid += judge(STEADY, control, 12) == INVALID;
	}
	assert_in_range(invalid, 0, 140);
}

static void
a_real_difference_is_seldom_missed(void **state)
{
	uint64_t random = 5;
	int found = 0;

	(void)state;
	for (int run = 0; run < 500; run++) {
		double values[12];

		for (size_t i = 0; i < 12; i++)
			values[i] = log(1.1) + heavy(&random);
		found += judge(values, STEADY, 12) == FASTER;
	}
	assert_in_range(found, 475, 500);
}

/* Interval and verdict tell the same story, whatever the data. */
static void
verdicts_agree_with_their_intervals(void **state)
{
	uint64_t random = 17;
	unsigned seen[INVALID + 1] = {0};

	(void)state;
	for (int run = 0; run < 4000; run++) {
		double values[12], control[12];
		double shift = 0.1 * (random_unit(&random) - 0.5);
		double scale = 5 * random_unit(&random);
		struct estimate inner;
		bool within;
		enum verdict verdict;

		for (size_t i = 0; i < 12; i++) {
			values[i] = shift + scale * heavy(&random);
			control[i] = heavy(&random);
		}
		verdict = judge(values, control, 12);
		seen[verdict]++;
		assert_true(
		    ratio.low <= ratio.value && ratio.value <= ratio.high);
		assert_true(detectable >= 1);
		if (verdict == FASTER)
			assert_true(ratio.low > 1);
		if (verdict == SLOWER)
			assert_true(ratio.high < 1);
		if (verdict == EQUIVALENT || verdict == UNDECIDED)
			assert_true(ratio.low <= 1 && ratio.high >= 1);
		/* Equivalence is two tests at 5 % each: an interval of 90 %. */
		inner = stats_hodges_lehmann(values, 12, 0.10);
		within =
		    inner.low > log(1 - DELTA) && inner.high < log(1 + DELTA);
		if (verdict == EQUIVALENT || verdict == UNDECIDED)
			assert_int_equal(verdict == EQUIVALENT, within);
	}
	for (int verdict = FASTER; verdict <= UNDECIDED; verdict++)
		assert_int_not_equal(seen[verdict], 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_steady_gain_is_faster),
	    cmocka_unit_test(a_steady_loss_is_slower),
	    cmocka_unit_test(a_small_gain_is_said_to_be_small),
	    cmocka_unit_test(no_difference_is_equivalent),
	    cmocka_unit_test(noise_is_undecided),
	    cmocka_unit_test(a_difference_that_noise_hides_is_undecided),
	    cmocka_unit_test(a_control_that_differs_makes_all_invalid),
	    cmocka_unit_test(a_control_that_hardly_differs_is_well),
	    cmocka_unit_test(few_blocks_are_undecided),
	    cmocka_unit_test(one_spoilt_block_changes_no_verdict),
	    cmocka_unit_test(a_small_buffer_cuts_the_reason),
	    cmocka_unit_test(a_server_seldom_beats_itself),
	    cmocka_unit_test(a_control_seldom_makes_a_fair_comparison_invalid),
	    cmocka_unit_test(a_real_difference_is_seldom_missed),
	    cmocka_unit_test(verdicts_agree_with_their_intervals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
