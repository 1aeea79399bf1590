/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "common/stats/rank_tests.h"
#include "common/verdict/block_estimate.h"
#include "common/verdict/paired_estimate.h"
#include "common/verdict/verdict.h"

#define DELTA 0.03
#define CONTROL 1 /* with one server beside the baseline it is findings[2] */

static struct point points[POINTS_MAX];
static struct scenario_result result;

/* ---- findings ---- */

/* COUNT values about MIDDLE, SPREAD to either side in turn and a little
 * different each. */
static void
about(struct server_result *found, double middle, double spread, size_t count)
{
	*found = (struct server_result){.blocks = count, .settled = true};
	for (size_t i = 0; i < count; i++) {
		double off =
		    (i % 2 ? 1 : -1) * spread * (1 - (double)(i / 2) / 100);

		found->ratios[i] = middle + off;
		found->values[i] = 1000 * exp(found->ratios[i]);
	}
	found->slices = 10 * count;
}

/* One point of a baseline, a server and a control, all with COUNT blocks. */
static struct server_result *
compared(double middle, double spread, size_t count)
{
	result = (struct scenario_result){.point_count = 1,
	    .points = points,
	    .higher_is_better = true,
	    .unit = "requests/s"};
	about(&points[0].results[0], 0, 0, count);
	about(&points[0].results[1], middle, spread, count);
	about(&points[0].results[2], 0, 0, count);
	return &points[0].results[1];
}

static void
judge(size_t servers)
{
	for (size_t p = 0; p < result.point_count; p++) {
		struct server_result *f = points[p].results;

		for (size_t i = 0; i <= servers; i++)
			paired_estimate(&f[i], &f[0], DELTA);
	}
	verdict_of_scenario(&result, servers, DELTA);
}

static enum verdict
verdict_on(double middle, double spread, size_t count)
{
	struct server_result *found = compared(middle, spread, count);

	judge(2);
	return found->verdict;
}

static void
says(const char *words)
{
	const char *reason = points[0].results[1].reason;

	if (!strstr(reason, words))
		fail_msg("\"%s\" is not in: %s", words, reason);
}

static void
does_not_say(const char *words)
{
	assert_null(strstr(points[0].results[1].reason, words));
}

/* ---- one ratio ---- */

TEST(a_steady_gain_is_faster)
{
	struct server_result *found = &points[0].results[1];

	assert_int_equal(verdict_on(log(1.1), 0.01, 12), FASTER);
	assert_true(found->has_ratio);
	assert_near(found->ratio.value, 1.1, 0.01);
	assert_true(found->ratio.low > 1);
	assert_true(found->ratio.high > found->ratio.value);
	assert_near(found->value.value, 1100, 10);
	assert_near(found->difference.value, 100, 10);
	assert_near(found->p_value, ldexp(2, -12), 1e-12);
	says("by 10.0 %");
	does_not_say("too little to matter");
	does_not_say("one of");
}

TEST(a_steady_loss_is_slower)
{
	assert_int_equal(verdict_on(log(0.8), 0.01, 12), SLOWER);
	says("by 20.0 %");
	assert_int_equal(verdict_on(log(2.8), 0.01, 12), FASTER);
	says("by a factor of 2.8");
}

TEST(a_small_gain_is_said_to_be_small)
{
	assert_int_equal(verdict_on(0.01, 0.002, 12), FASTER);
	says("too little to matter");
	assert_int_equal(verdict_on(-0.01, 0.002, 12), SLOWER);
	says("too little to matter");
}

TEST(no_difference_is_equivalent)
{
	assert_int_equal(verdict_on(0, 0.01, 12), EQUIVALENT);
	says("any difference is smaller than 3 %");
	assert_int_equal(verdict_on(0, 0, 12), EQUIVALENT);
	assert_near(points[0].results[1].ratio.value, 1, 0);
	assert_near(points[0].results[1].p_value, 1, 0);
	assert_near(points[0].results[1].min_detectable, 1, 0);
}

TEST(noise_is_undecided)
{
	struct server_result *found = &points[0].results[1];

	assert_int_equal(verdict_on(0, 0.2, 12), UNDECIDED);
	says("the difference may be as large as");
	says("would have been found");
	assert_true(found->min_detectable > 1.1);
	/* More than (2.8 s / ln(1 + delta))^2, since ranks are tested. */
	assert_true(
	    found->required_blocks >=
	    pow(2.8016 * rank_robust_sd(found->ratios, 12) / log(1.03), 2) - 1);
	says("to find one of 3 %, use a quieter machine");
	assert_int_equal(verdict_on(0, 0.08, 12), UNDECIDED);
	says("to find one of 3 %, use 132 blocks");
	assert_int_equal(verdict_on(0.03, 0.06, 12), UNDECIDED);
}

TEST(few_blocks_are_undecided)
{
	for (size_t count = 1; count < PAIRED_BLOCKS_MIN; count++) {
		assert_int_equal(verdict_on(0.5, 0.001, count), UNDECIDED);
		says("too few");
		assert_near(points[0].results[1].ratio.value, exp(0.5), 0.01);
		assert_true(isnan(points[0].results[1].ratio.low));
		assert_true(isnan(points[0].results[1].value.high));
	}
	assert_int_equal(verdict_on(0.5, 0.001, PAIRED_BLOCKS_MIN), FASTER);
	assert_int_equal(verdict_on(0.5, 0.001, 0), UNDECIDED);
	says("no block");
	assert_true(isnan(points[0].results[1].ratio.value));
}

TEST(one_spoilt_block_changes_no_verdict)
{
	struct server_result *found = compared(log(1.1), 0.01, 12);

	found->ratios[3] = log(0.01);
	judge(2);
	assert_int_equal(found->verdict, FASTER);
	found = compared(0, 0.01, 12);
	found->ratios[3] = log(100);
	judge(2);
	assert_int_equal(found->verdict, EQUIVALENT);
}

/* ---- no verdict ---- */

static enum verdict
with_control(double middle, double control, double spread)
{
	struct server_result *found = compared(middle, 0.01, 12);

	about(&points[0].results[2], control, spread, 12);
	judge(2);
	return found->verdict;
}

TEST(a_control_that_differs_makes_all_invalid)
{
	assert_int_equal(with_control(0.5, 0.1, 0.01), INVALID);
	says("the control");
	says("differs by 10.5 %");
	assert_int_equal(with_control(0, -0.1, 0.01), INVALID);
	/* It surely differs, by a third of what matters. */
	assert_int_equal(with_control(0.5, 0.01, 0.001), FASTER);
	/* And a noisy one proves nothing. */
	assert_int_equal(with_control(0.5, 0.02, 0.3), FASTER);
}

TEST(no_ratio_to_figures_that_are_invalid)
{
	static const char *const whose[] = {"the baseline: ", "the control: "};

	for (size_t i = 0; i < 2; i++) {
		struct server_result *found = compared(0.5, 0.01, 12);
		struct server_result *ground = &points[0].results[2 * i];

		ground->verdict = INVALID;
		snprintf(ground->reason, sizeof(ground->reason), "off by 2");
		judge(2);
		assert_int_equal(found->verdict, INVALID);
		says(whose[i]);
		says("off by 2");
	}
}

TEST(spoilt_quads_make_it_invalid)
{
	struct server_result *found = compared(0.5, 0.01, 12);

	found->slices = 75;
	found->dropped = 25;
	judge(2);
	assert_int_equal(found->verdict, FASTER);
	found->dropped = 26;
	judge(2);
	assert_int_equal(found->verdict, INVALID);
	says("26 %");
	found = compared(0.5, 0.01, 0); /* not one round was left */
	found->dropped = 100;
	judge(2);
	assert_int_equal(found->verdict, INVALID);
	says("100 %");
}

TEST(what_did_not_settle_says_so)
{
	struct server_result *found = compared(0.5, 0.01, 12);

	found->settled = false;
	judge(2);
	assert_int_equal(found->verdict, FASTER);
	says("; its rate was still changing");
	found->settled = true;
	points[0].results[0].settled = false;
	judge(2);
	says("; the baseline's rate was still changing");
	found->settled = false;
	judge(2);
	says("its rate and the baseline's were still changing");
	found->slices = 0; /* without slices nobody asks */
	judge(2);
	does_not_say("still changing");
}

TEST(trouble_stays)
{
	struct server_result *found = compared(0.5, 0.01, 12);

	found->verdict = INVALID;
	strcpy(found->reason, "died of signal 11");
	points[0].results[0].verdict = UNDECIDED;
	strcpy(points[0].results[0].reason, "a baseline");
	judge(2);
	assert_int_equal(found->verdict, INVALID);
	assert_string_equal(found->reason, "died of signal 11");
	assert_string_equal(points[0].results[0].reason, "a baseline");
}

/* ---- values without a ratio, or without noise ---- */

/* Always the same, as counts and memory are; ratio: of the baseline to it. */
static enum verdict
constant(double base, double value, bool higher)
{
	struct server_result *found = compared(0, 0, 12);

	result.higher_is_better = higher;
	for (size_t b = 0; b < 12; b++) {
		points[0].results[0].values[b] = base;
		points[0].results[2].values[b] = base;
		found->values[b] = value;
		for (int i = 1; i <= 2; i++)
			points[0].results[i].ratios[b] =
			    base > 0 && value > 0
				? (higher ? 1 : -1) * (i == 1) *
				      log(value / base)
				: NAN;
	}
	judge(2);
	return found->verdict;
}

TEST(counts_that_never_vary_have_a_verdict)
{
	struct server_result *found = &points[0].results[1];

	assert_int_equal(constant(64, 1, false), FASTER);
	assert_near(found->ratio.low, 64, 1e-9);
	assert_near(found->ratio.high, 64, 1e-9);
	says("by a factor of 64");
	assert_int_equal(constant(1, 64, false), SLOWER);
	assert_int_equal(constant(37, 37, false), EQUIVALENT);
}

TEST(where_a_ratio_has_no_meaning_the_difference_counts)
{
	struct server_result *found = &points[0].results[1];

	strcpy(result.unit, "clients");
	assert_int_equal(constant(64, 0, false), FASTER);
	assert_false(found->has_ratio);
	assert_true(isnan(found->ratio.value) && isnan(found->min_detectable));
	assert_near(found->difference.value, -64, 0);
	assert_near(found->difference.high, -64, 0);
	says("by 64 ");
	assert_int_equal(constant(0, 64, false), SLOWER);
	assert_int_equal(constant(0, 64, true), FASTER);
	assert_int_equal(constant(0, 0, false), EQUIVALENT);
}

/* Half of them lose 0, half 1: nothing is shown. */
TEST(ties_and_zeros_count_against_a_difference)
{
	struct server_result *found = compared(0, 0, 12);

	for (size_t b = 0; b < 12; b++) {
		points[0].results[0].values[b] = (double)(b % 2);
		found->values[b] = (double)(b / 2 % 2);
		found->ratios[b] = NAN;
	}
	judge(2);
	assert_int_equal(found->verdict, UNDECIDED);
	assert_true(found->p_value > 0.5);
	says("may be as large as");
}

TEST(blocks_without_a_value_are_left_out)
{
	struct server_result *found = compared(log(1.1), 0.01, 12);

	found->values[2] = found->ratios[2] = NAN;
	points[0].results[0].values[7] = NAN;
	judge(2);
	assert_true(found->has_ratio);
	assert_int_equal(found->verdict, FASTER);
	assert_near(found->p_value, ldexp(2, -10), 1e-12);
	assert_near(paired_ratio((double[]){NAN, 0.1, NAN}, 3), exp(0.1), 1e-9);
	assert_true(isnan(paired_ratio((double[]){NAN}, 1)));
}

/* ---- the family ---- */

/* POINT with a p-value of about P: the greatest rank of the negative ones. */
static void
add_point(size_t point, size_t count, unsigned negatives)
{
	struct server_result *found;

	about(&points[point].results[0], 0, 0, count);
	about(&points[point].results[2], 0, 0, count);
	found = &points[point].results[1];
	about(found, 0, 0, count);
	for (size_t b = 0; b < count; b++)
		found->ratios[b] =
		    (negatives >> b & 1 ? -1 : 1) * 0.1 * (double)(b + 1);
	result.point_count = point + 1;
}

TEST(holm_takes_the_least_first)
{
	compared(0, 0, 10);
	/* P: the ranks 1 and 2, 0, 1 to 3 and 5 are negative; alone, the last
	 * would not, the others would do. */
	add_point(0, 10, 3);   /* 0.0098 */
	add_point(1, 10, 0);   /* 0.0020 */
	add_point(2, 10, 7);   /* 0.0273 */
	add_point(3, 10, 127); /* no difference */
	judge(2);
	assert_near(points[0].results[1].p_value, 10.0 / 1024, 1e-9);
	assert_near(points[2].results[1].p_value, 28.0 / 1024, 1e-9);
	assert_int_equal(points[1].results[1].verdict, FASTER); /* 0.05 / 4 */
	assert_int_equal(points[0].results[1].verdict, FASTER); /* 0.05 / 3 */
	/* 0.0273 > 0.05 / 2, though its own interval excludes 1 */
	assert_int_equal(points[2].results[1].verdict, UNDECIDED);
	assert_true(points[2].results[1].ratio.low > 1);
	assert_non_null(strstr(points[2].results[1].reason, "one of 4 ratios"));
	assert_int_equal(points[3].results[1].verdict, UNDECIDED);
	says("tested as one of 4 ratios");
}

TEST(what_has_no_verdict_is_not_of_the_family)
{
	compared(0, 0, 10);
	add_point(0, 10, 7);
	add_point(1, 10, 0);
	add_point(2, 4, 0);
	points[1].results[1].verdict = INVALID;
	judge(2);
	assert_int_equal(points[0].results[1].verdict, FASTER);
	does_not_say("ratios");
}

/* What a reader is told holds for the test that was made, not for one ratio. */
TEST(a_family_is_told_what_it_could_see)
{
	const struct server_result *found = &points[0].results[1];
	double alone;

	compared(0, 0, 10);
	add_point(0, 10, 127);
	judge(2);
	alone = found->min_detectable;
	for (size_t p = 0; p < 3; p++)
		add_point(p, 10, 127);
	judge(2);
	assert_true(found->min_detectable > alone);
	/* An interrupted sweep: in the family, and none of it can be told. */
	for (size_t p = 0; p < 6; p++)
		add_point(p, 6, 21);
	judge(2);
	assert_int_equal(found->verdict, UNDECIDED);
	assert_true(isnan(found->min_detectable));
	assert_true(found->required_blocks >= 8);
	says("so few blocks can find none");
}

TEST(servers_are_a_family_as_points_are)
{
	struct server_result *f = points[0].results;

	compared(0, 0, 10);
	add_point(0, 10, 7);
	f[3] = f[2]; /* the control is behind the servers */
	f[2] = f[1];
	judge(3);
	assert_int_equal(f[1].verdict, UNDECIDED);
	assert_int_equal(f[2].verdict, UNDECIDED);
	says("one of 2 ratios");
}

TEST(a_large_family_needs_more_blocks)
{
	assert_int_equal(verdict_blocks_least(1), PAIRED_BLOCKS_MIN);
	assert_int_equal(verdict_blocks_least(6), 8);
	assert_int_equal(verdict_blocks_least(7), 9);
	assert_int_equal(verdict_blocks_least(25), 10);
	compared(0, 0, 9);
	for (size_t p = 0; p < 7; p++)
		add_point(p, 9, 0);
	judge(2);
	for (size_t p = 0; p < 7; p++)
		assert_int_equal(points[p].results[1].verdict, FASTER);
}

/* ---- blocks ---- */

static struct block_slice rounds[3][ROUNDS_MAX];
static const struct block_slice *const slices[3] = {
    rounds[0], rounds[1], rounds[2]};

/* A little noise about LEVEL, the same each time. */
static void
steady(size_t instance, size_t from, size_t count, double level)
{
	for (size_t q = from; q < count; q++) {
		struct block_slice *s = &rounds[instance][q];

		for (size_t side = 0; side < 2; side++) {
			s->log_value[side] =
			    level + 0.01 * (double)((3 * q + 2 * side) % 5) -
			    0.02;
			s->contention[side] = 0.05;
			s->stretch[side] = 1;
		}
	}
}

static void
all_steady(size_t count)
{
	for (size_t i = 0; i < 3; i++)
		steady(i, 0, count, 10);
}

TEST(the_first_quad_is_warm_up)
{
	all_steady(12);
	assert_int_equal(block_warm_up(slices, 3, 0), 0);
	assert_int_equal(block_warm_up(slices, 3, 1), 1); /* not known */
	assert_int_equal(block_warm_up(slices, 3, 2), 2);
	for (size_t count = 3; count <= 12; count++)
		assert_int_equal(block_warm_up(slices, 3, count), 1);
}

TEST(whoever_warms_up_longer_holds_up_all)
{
	for (size_t late = 0; late < 3; late++) {
		all_steady(12);
		for (size_t q = 0; q < 4; q++)
			for (size_t side = 0; side < 2; side++)
				rounds[late][q].log_value[side] -= 0.5;
		assert_in_range(block_warm_up(slices, 3, 12), 3, 4);
		assert_in_range(block_warm_up(slices, 3, 6), 3, 4);
	}
}

TEST(one_slice_that_was_hit_is_no_warm_up)
{
	all_steady(12);
	rounds[1][1].log_value[0] -= 2;
	rounds[2][2].log_value[1] -= 2;
	assert_int_equal(block_warm_up(slices, 3, 12), 1);
}

TEST(whoever_has_no_values_holds_up_nobody)
{
	all_steady(8);
	for (size_t q = 0; q < 8; q++)
		rounds[1][q].log_value[0] = rounds[1][q].log_value[1] = NAN;
	assert_int_equal(block_warm_up(slices, 3, 8), 1);
}

TEST(a_rate_that_never_settles_is_flagged)
{
	struct block_estimate block;

	all_steady(4);
	for (size_t side = 0; side < 2; side++) {
		rounds[1][1].log_value[side] -= 4;
		rounds[1][2].log_value[side] -= 0.5;
	}
	block_estimate(slices, 3, 4, true, &block);
	assert_true(block.settled[0]);
	assert_false(block.settled[1]); /* that one, and nobody else */
	assert_true(block.settled[2]);
	assert_int_equal(block.warm_up, 2);
	assert_int_equal(block.kept, 2);
}

TEST(a_block_is_the_median_of_its_quads)
{
	struct block_estimate block;

	all_steady(6);
	steady(1, 0, 6, 10 + log(1.2));
	rounds[1][3].log_value[0] -= 5; /* hit: stays, and moves nothing */
	block_estimate(slices, 3, 6, true, &block);
	for (size_t i = 0; i < 3; i++)
		assert_true(block.settled[i]);
	assert_int_equal(block.warm_up, 1);
	assert_int_equal(block.kept, 5);
	assert_int_equal(block.dropped, 0);
	assert_near(block.log_ratio[0], 0, 0);
	assert_near(block.log_ratio[1], log(1.2), 1e-9);
	assert_near(block.log_ratio[2], 0, 0);
	assert_near(block.value[0], exp(10), 0.011 * exp(10));
	assert_near(block.value[1], 1.2 * exp(10), 0.02 * exp(10));
	/* where less is better, the same is a loss */
	block_estimate(slices, 3, 6, false, &block);
	assert_near(block.log_ratio[1], -log(1.2), 1e-9);
	assert_near(block.value[1], 1.2 * exp(10), 0.02 * exp(10));
}

TEST(a_linear_drift_cancels_out)
{
	struct block_estimate block;

	all_steady(6);
	for (size_t q = 0; q < 6; q++) {
		for (size_t step = 0; step < 6; step++) {
			size_t i = step < 3 ? step : 5 - step;

			if (q % 2)
				i = 2 - i;
			rounds[i][q].log_value[step >= 3] =
			    10 + 0.02 * (double)(6 * q + step);
		}
	}
	block_estimate(slices, 3, 6, true, &block);
	assert_near(block.log_ratio[1], 0, 1e-9);
	assert_near(block.log_ratio[2], 0, 1e-9);
}

/* Half of the rounds, with a cause that is seen from outside, and not. */
TEST(only_a_cause_from_outside_drops_a_quad)
{
	struct block_estimate block;

	all_steady(8);
	for (size_t q = 1; q < 8; q += 2)
		rounds[1][q].log_value[0] += 0.4;
	block_estimate(slices, 3, 8, true, &block);
	assert_int_equal(block.kept, 7);
	assert_near(block.log_ratio[1], 0.2, 1e-9);
	for (size_t q = 1; q < 8; q += 2) {
		/* whoever had it */
		rounds[q % 3][q].contention[q / 2 % 2] =
		    BLOCK_CONTENTION + 0.01;
	}
	rounds[2][2].stretch[1] = BLOCK_GAP + 0.01;
	block_estimate(slices, 3, 8, true, &block);
	assert_int_equal(block.kept, 2);
	assert_int_equal(block.dropped, 5);
	assert_near(block.log_ratio[1], 0, 1e-9);
	assert_near(block.log_ratio_all[1], 0.2, 1e-9);
}

TEST(a_block_without_a_quad_or_a_value_has_no_number)
{
	struct block_estimate block;

	all_steady(4);
	for (size_t q = 0; q < 4; q++)
		rounds[0][q].contention[0] = 0.9;
	block_estimate(slices, 3, 4, true, &block);
	assert_int_equal(block.kept, 0);
	assert_int_equal(block.dropped, 3);
	assert_true(isnan(block.value[1]) && isnan(block.log_ratio[1]));
	assert_near(block.log_ratio_all[1], 0, 1e-9);
	all_steady(4);
	rounds[1][3].log_value[1] = NAN; /* a slice without a reply */
	block_estimate(slices, 3, 4, true, &block);
	assert_true(isnan(block.value[1]) && isnan(block.log_ratio[1]));
	assert_near(block.log_ratio[2], 0, 1e-9);
}

/* ---- by simulation ---- */

/* The tails of a busy machine: Cauchy's have not even a mean. */
static double
heavy(uint64_t *random)
{
	return 0.01 * tan(3.14159265358979 * (random_unit(random) - 0.5));
}

/* Few lie in the middle: the worst that is still symmetric. */
static double
two_humps(uint64_t *random)
{
	double side = random_unit(random) < 0.5 ? -0.05 : 0.05;

	return side + heavy(random) / 10;
}

static void
random_point(struct point *point, size_t count, double shift,
    double (*noise)(uint64_t *), uint64_t *random)
{
	for (size_t i = 0; i < 3; i++) {
		about(&point->results[i], 0, 0, count);
		for (size_t b = 0; b < count && i > 0; b++)
			point->results[i].ratios[b] =
			    noise(random) + (i == CONTROL ? shift : 0);
	}
}

/* Of 1000 scenarios of a server with itself, how many find a winner. */
static double
false_winners(size_t point_count, size_t count, double (*noise)(uint64_t *))
{
	uint64_t random = 1234567 + count;
	size_t winners = 0;

	for (int run = 0; run < 1000; run++) {
		bool found = false;

		compared(0, 0, count);
		result.point_count = point_count;
		for (size_t p = 0; p < point_count; p++)
			random_point(&points[p], count, 0, noise, &random);
		judge(2);
		for (size_t p = 0; p < point_count; p++)
			found |= points[p].results[1].verdict <= SLOWER;
		winners += found;
	}
	return (double)winners / 1000;
}

TEST(a_server_seldom_beats_itself)
{
	static const size_t counts[] = {6, 8, 12, 20};

	for (size_t i = 0; i < COUNT_OF(counts); i++) {
		double tails = false_winners(1, counts[i], heavy);
		double humps = false_winners(1, counts[i], two_humps);

		assert_true(tails <= 0.07 && humps <= 0.07);
		/* 0 would be a judge that never decides */
		assert_true(tails >= 0.01 && humps >= 0.01);
	}
	assert_true(false_winners(6, 12, heavy) <= 0.07);
	assert_true(false_winners(6, 12, heavy) >= 0.01);
}

TEST(a_real_difference_is_seldom_missed)
{
	uint64_t random = 5;
	int found = 0;

	for (int run = 0; run < 500; run++) {
		compared(0, 0, 12);
		random_point(&points[0], 12, log(1.1), heavy, &random);
		judge(2);
		found += points[0].results[1].verdict == FASTER;
	}
	assert_in_range(found, 475, 500);
}

/* Interval, p-value and verdict tell the same story, whatever the data. */
TEST(verdicts_agree_with_their_intervals)
{
	uint64_t random = 17;
	unsigned seen[INVALID + 1] = {0};

	for (int run = 0; run < 4000; run++) {
		const struct server_result *found = &points[0].results[1];
		const struct estimate *ratio = &found->ratio;
		double scale = 5 * random_unit(&random);
		bool excludes;

		compared(0, 0, 12);
		random_point(&points[0], 12, 0.1 * (random_unit(&random) - 0.5),
		    heavy, &random);
		for (size_t b = 0; b < 12; b++)
			points[0].results[1].ratios[b] *= scale;
		judge(2);
		seen[found->verdict]++;
		assert_true(
		    ratio->low <= ratio->value && ratio->value <= ratio->high);
		assert_true(found->min_detectable >= 1);
		assert_true(found->required_blocks >= PAIRED_BLOCKS_MIN);
		excludes = ratio->low > 1 || ratio->high < 1;
		assert_int_equal(excludes, found->p_value <= PAIRED_ALPHA);
		if (found->verdict == FASTER)
			assert_true(ratio->low > 1);
		else if (found->verdict == SLOWER)
			assert_true(ratio->high < 1);
		else
			assert_true(found->verdict == INVALID || !excludes);
	}
	for (int verdict = FASTER; verdict <= UNDECIDED; verdict++)
		assert_int_not_equal(seen[verdict], 0);
}

RUN_TESTS(NULL, NULL)
