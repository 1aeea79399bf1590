/* SPDX-License-Identifier: MIT */
/* terminal_report: what a terminal shows of figures that no measuring gives.
 */
#include "tests/unit/unit.h"

#include <locale.h>

#include "common/report/terminal_report.h"
#include "tests/unit/made_comparison.h"

#define WIDTH 24 /* of the longest bar */

static struct comparison comparison;

static int
set_up(void **state)
{
	(void)state;
	/* Without it a bar takes no room. */
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return -1;
	made_comparison(&comparison, 2);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	comparison_release(&comparison);
	return 0;
}

/* How many characters, U+2588 to U+258F, the second server's bar has at the
 * first point if its figure is SHARE of the first one's. */
static size_t
bar_of(double share)
{
	const struct terminal_style style = {.utf8 = true, .width = 120};
	struct server_result *results =
	    comparison.scenarios[0].points[0].results;
	size_t size, count = 0;
	char *text, *at;
	FILE *out = open_memstream(&text, &size);

	results[1].value.value = share * results[0].value.value;
	terminal_report(&comparison, &style, out);
	fclose(out);
	at = strstr(text, "\n  server ");
	assert_non_null(at);
	at = strstr(at, "\n  fork ");
	assert_non_null(at);
	at = strstr(at, " .. ") + 4;
	at += strcspn(at, " \n"); /* to the end of the interval */
	at += strspn(at, " ");
	for (; *at != '\n'; at += 3, count++)
		assert_memory_equal(at, "\xe2\x96", 2);
	free(text);
	return count;
}

TEST_WITH(a_bar_is_as_long_as_its_share, set_up, tear_down)
{
	assert_int_equal(bar_of(1), WIDTH);
	assert_int_equal(bar_of(0.5), WIDTH / 2);
	assert_int_equal(bar_of(0.51), WIDTH / 2 + 1); /* and an eighth more */
	assert_int_equal(bar_of(0), 0);
	assert_int_equal(bar_of(3), WIDTH); /* the first one's is shorter */
}

TEST_WITH(what_is_below_nothing_has_no_bar, set_up, tear_down)
{
	for (double share = 0; share < 3; share += 0.01)
		assert_int_equal(bar_of(-share), 0);
	assert_int_equal(bar_of(-1e300), 0);
}

/* What is printed of the scenario NAME alone, to be freed. */
static char *
text_of(const char *name)
{
	const struct terminal_style style = {.utf8 = true, .width = 120};
	struct comparison one = comparison;
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	one.scenario_count = 0;
	for (size_t i = 0; i < comparison.scenario_count; i++) {
		if (strcmp(comparison.scenarios[i].name, name) == 0)
			one.scenarios[one.scenario_count++] =
			    comparison.scenarios[i];
	}
	assert_int_equal(one.scenario_count, 1);
	terminal_report(&one, &style, out);
	fclose(out);
	return text;
}

/* A percentile of all replies beside one that is estimated over blocks, or a
 * sum of medians beside a median of sums, would contradict it. */
TEST_WITH(no_figure_is_shown_twice_in_two_ways, set_up, tear_down)
{
	char *knee = text_of("knee"), *idle = text_of("idle");
	char *churn = text_of("churn");

	assert_non_null(strstr(churn, "  p99  "));
	assert_null(strstr(churn, "service p99"));
	assert_non_null(strstr(churn, "KiB/conn."));
	assert_non_null(strstr(knee, "  service p99  "));
	assert_null(strstr(knee, "  p99  "));
	assert_null(strstr(idle, "KiB/conn."));
	assert_non_null(strstr(idle, "anonymous"));
	free(knee);
	free(idle);
	free(churn);
}

/* ---- lines ---- */

/* The longest line of words; those of tables have columns. */
static size_t
longest_of(const struct terminal_style *style, const char *text, char **lines)
{
	struct terminal_printer printer = {.c = &comparison, .style = style};
	size_t size, most = 0;

	printer.out = open_memstream(lines, &size);
	terminal_line(&printer, "  ", text);
	fclose(printer.out);
	for (const char *at = *lines; *at; at += strcspn(at, "\n") + 1)
		most = strcspn(at, "\n") > most ? strcspn(at, "\n") : most;
	return most;
}

TEST(words_stay_whole_where_the_terminal_ends)
{
	struct terminal_style style = {.width = 20};
	char *lines;

	assert_int_equal(
	    longest_of(&style, "one two three four five six", &lines), 20);
	assert_string_equal(lines, "  one two three four\n    five six\n");
	free(lines);
}

TEST(a_word_that_is_too_long_has_a_line_of_its_own)
{
	struct terminal_style style = {.width = 12};
	char *lines;

	longest_of(&style, "it is unbelievably_long here", &lines);
	assert_string_equal(
	    lines, "  it is\n    unbelievably_long\n    here\n");
	free(lines);
}

TEST(nothing_has_no_line)
{
	struct terminal_style style = {.width = 12};
	char *lines;

	assert_int_equal(longest_of(&style, "", &lines), 0);
	assert_string_equal(lines, "");
	free(lines);
}

RUN_TESTS(NULL, NULL)
