/* SPDX-License-Identifier: MIT */
/* forest_plot: the rows of made-up comparisons, and where they stand. */
#include "tests/unit/unit.h"

#include "common/charts/forest_plot.h"
#include "tests/unit/made_comparison.h"

static struct comparison made;
static struct forest_plot plot;

/* Of so many servers and scenarios. */
static void
plot_made(size_t servers, size_t scenarios)
{
	made_comparison(&made, servers);
	if (scenarios < made.scenario_count) {
		for (size_t i = scenarios;
		     i < made.scenario_count && i < SCENARIOS_MAX; i++)
			free(made.scenarios[i].points);
		made.scenario_count = scenarios;
	}
}

static void
plot_again(void)
{
	forest_plot_release(&plot);
	assert_int_equal(forest_plot_init(&plot, &made), 0);
}

static int
release(void **state)
{
	(void)state;
	forest_plot_release(&plot);
	comparison_release(&made);
	return 0;
}

/* One ratio alone. */
static struct server_result *
one_ratio(double value, double low, double high, enum verdict verdict)
{
	struct server_result *f;

	plot_made(2, 1);
	f = &made.scenarios[0].points[0].results[1];
	f->ratio = (struct estimate){value, low, high};
	f->verdict = verdict;
	plot_again();
	assert_int_equal(plot.count, 1);
	return f;
}

static void
near(double value, double expected)
{
	if (fabs(value - expected) > 1e-9)
		fail_msg("%g is not %g", value, expected);
}

/* Where a ratio stands on the axis. */
static double
place(double ratio)
{
	return log(ratio / plot.low) / log(plot.high / plot.low);
}

/* ---- rows ---- */

static const struct forest_row *
row_of(const char *label)
{
	for (size_t i = 0; i < plot.count; i++) {
		if (strcmp(plot.rows[i].label, label) == 0)
			return &plot.rows[i];
	}
	fail_msg("no row is called %s", label);
	return NULL;
}

TEST_WITH(each_ratio_has_a_row_below_the_name_of_its_scenario, NULL, release)
{
	size_t ratios = 0, headings = 0, rows = 0;

	plot_made(2, SCENARIOS_MAX);
	plot_again();
	for (size_t i = 0; i < made.scenario_count; i++)
		ratios += made.scenarios[i].point_count;
	for (size_t i = 0; i < plot.count; i++) {
		headings += !plot.rows[i].found;
		rows += plot.rows[i].found != NULL;
	}
	assert_int_equal(rows, ratios);
	assert_int_equal(headings, 4); /* sweep, knee, parent, linking */
	assert_false(row_of("churn")->below);
	assert_true(row_of("256 connections")->below);
	assert_true(row_of("a parent of 16 MiB")->below); /* no remedy */
	assert_true(row_of("a parent of 1,024 MiB, shared")->below);
	assert_string_equal(row_of("churn")->words, "0.354");
}

TEST_WITH(of_several_servers_each_row_names_its_own, NULL, release)
{
	plot_made(3, 3);
	plot_again();
	assert_null(row_of("churn")->found);
	assert_true(row_of("fork")->below);
	assert_ptr_equal(row_of("1 connection, fork")->found,
	    &made.scenarios[2].points[0].results[1]);
}

TEST_WITH(a_server_alone_has_no_rows, NULL, release)
{
	plot_made(1, SCENARIOS_MAX);
	plot_again();
	assert_int_equal(plot.count, 0);
}

TEST_WITH(without_a_ratio_there_are_words, NULL, release)
{
	struct server_result *f;

	plot_made(2, SCENARIOS_MAX);
	plot_again();
	assert_false(row_of("crash")->drawn);
	assert_string_equal(row_of("crash")->words,
	    "0 of 64 connections lost instead of all 64");
	assert_false(row_of("tls")->drawn);
	assert_non_null(strstr(row_of("tls")->words, "ended with status 3"));
	made.scenarios[0].point_count = 0;
	f = &made.scenarios[1].points[0].results[1];
	f->ratio.value = INFINITY; /* a file may say so */
	plot_again();
	assert_string_equal(row_of("churn")->words, "no result");
	assert_false(row_of("steady")->drawn);
}

/* Nobody shall take it for a result. */
TEST_WITH(an_invalid_ratio_has_no_figure, NULL, release)
{
	one_ratio(0.8, 0.7, 0.9, INVALID);
	assert_true(plot.rows[0].drawn);
	assert_string_equal(plot.rows[0].words, "");
}

/* ---- places ---- */

TEST_WITH(a_ratio_stands_where_its_logarithm_does, NULL, release)
{
	const struct forest_row *row = plot.rows;

	one_ratio(0.5, 0.4, 0.6, SLOWER);
	row = plot.rows;
	near(row->at, place(0.5));
	near(row->low, place(0.4));
	near(row->high, place(0.6));
	near(plot.one, place(1));
	near(plot.zone_low, place(0.97));
	near(plot.zone_high, place(1.03));
	assert_true(row->low < row->at && row->at < row->high);
	assert_true(row->high < plot.zone_low && plot.one < 1);
	assert_false(row->before || row->beyond);
}

TEST_WITH(too_few_blocks_have_a_mark_alone, NULL, release)
{
	one_ratio(0.5, NAN, NAN, UNDECIDED);
	assert_true(plot.rows[0].drawn);
	assert_true(isnan(plot.rows[0].low) && isnan(plot.rows[0].high));
}

TEST_WITH(what_is_far_away_has_an_arrow_and_moves_no_other, NULL, release)
{
	one_ratio(1e-9, 1e-10, 1e-8, SLOWER);
	assert_true(plot.rows[0].before && !plot.rows[0].beyond);
	assert_true(plot.rows[0].at > 0 && plot.rows[0].at < 0.1);
	assert_true(plot.low > 1 / (2 * FOREST_FARTHEST));
	near(plot.rows[0].low, 0);
	release(NULL);
	one_ratio(0.9, 1e-300, 1e300, UNDECIDED);
	assert_true(plot.rows[0].before && plot.rows[0].beyond);
	near(plot.rows[0].at, place(0.9));
	near(plot.rows[0].high, 1);
}

/* The interval of one would bend the picture of all. */
TEST_WITH(an_invalid_interval_does_not_widen_the_axis, NULL, release)
{
	double high;

	one_ratio(0.9, 0.8, 0.95, INVALID);
	high = plot.high;
	release(NULL);
	one_ratio(0.9, 0.8, 15, INVALID);
	near(plot.high, high);
	assert_true(plot.rows[0].beyond);
}

TEST_WITH(all_places_are_on_the_axis, NULL, release)
{
	static const double values[] = {
	    1e-300, 0.01, 0.05, 0.5, 0.97, 1, 1.03, 3, 20, 64, 1e300};
	const size_t count = sizeof(values) / sizeof(values[0]);

	for (size_t i = 0; i < count * count; i++) {
		double low = values[i / count], high = values[i % count];

		if (low > high)
			continue;
		one_ratio(sqrt(low) * sqrt(high), low, high, UNDECIDED);
		assert_true(plot.rows[0].at >= 0 && plot.rows[0].at <= 1);
		assert_true(plot.rows[0].low >= 0);
		assert_true(plot.rows[0].low <= plot.rows[0].at);
		assert_true(plot.rows[0].at <= plot.rows[0].high);
		assert_true(plot.rows[0].high <= 1);
		release(NULL);
	}
}

TEST_WITH(without_a_delta_there_is_no_zone, NULL, release)
{
	one_ratio(0.9, 0.8, 0.95, SLOWER);
	made.delta = NAN;
	plot_again();
	assert_true(isnan(plot.zone_low) && isnan(plot.zone_high));
	made.delta = 0.9999999999;
	plot_again();
	assert_true(plot.zone_low >= 0 && plot.zone_high <= 1);
	assert_true(plot.low > 1 / (2 * FOREST_FARTHEST));
}

/* ---- ticks ---- */

TEST_WITH(ticks_are_round_and_do_not_touch, NULL, release)
{
	static const double values[] = {
	    0.001, 0.04, 0.3, 0.8, 0.95, 1.5, 9, 99};
	static const double gaps[] = {0.03, 0.1, 0.2, 0.3};
	struct forest_tick ticks[FOREST_TICKS];

	for (size_t i = 0; i < 32; i++) {
		double gap = gaps[i / 8];
		size_t count, ones = 0;

		one_ratio(values[i % 8], NAN, NAN, UNDECIDED);
		count = forest_plot_ticks(&plot, gap, ticks);
		assert_true(count >= 1 && count <= FOREST_TICKS);
		for (size_t k = 0; k < count; k++) {
			ones += strcmp(ticks[k].text, "1") == 0;
			near(ticks[k].at, place(strtod(ticks[k].text, NULL)));
			assert_true(!k || ticks[k].at >= ticks[k - 1].at + gap);
		}
		assert_int_equal(ones, 1);
		release(NULL);
	}
}

RUN_TESTS(NULL, NULL)
