/* SPDX-License-Identifier: MIT */
/* The page of a made-up comparison, and what draws its pictures: it is here,
 * for common/charts/gnuplot.c is not linked. */
#include "tests/unit/unit.h"

#include "common/charts/gnuplot.h"
#include "common/report/html_report.h"
#include "tests/unit/made_comparison.h"

static struct comparison made;
static volatile int stop;
static int drawn, late_at, stop_at;

int
gnuplot_possible(void)
{
	return 1;
}

int
gnuplot_begin(struct gnuplot *plot, int width, int height)
{
	assert_true(width > 0 && height > 0);
	*plot = (struct gnuplot){0};
	plot->script = open_memstream(&plot->text, &plot->size);
	return plot->script ? 0 : -1;
}

int
gnuplot_end(struct gnuplot *plot, const struct svg_decor *decor, FILE *page,
    char *why, size_t size)
{
	(void)decor;
	assert_ptr_equal(plot->stop, &stop);
	fclose(plot->script);
	free(plot->text);
	drawn++;
	stop = drawn == stop_at;
	plot->late = drawn == late_at;
	if (plot->late || stop) {
		snprintf(why, size, "%s", stop ? "interrupted" : "late");
		return -1;
	}
	fputs("<svg></svg>", page);
	return 0;
}

/* The page, to be freed; WHY as html_report() says it. */
static char *
page_of(const struct html_report_plan *plan, char *why, size_t size)
{
	size_t length;
	char *text;
	FILE *out = open_memstream(&text, &length);
	bool all;

	assert_non_null(out);
	drawn = 0;
	made_comparison(&made, 2);
	all = html_report(&made, plan, out, why, size);
	assert_int_equal(all, why[0] == '\0');
	comparison_release(&made);
	fclose(out);
	assert_non_null(strstr(text, "</html>"));
	return text;
}

static int
begin(void **state)
{
	(void)state;
	late_at = stop_at = stop = 0;
	return 0;
}

TEST_WITH(all_pictures_are_drawn, begin, NULL)
{
	char why[100];

	free(page_of(
	    &(struct html_report_plan){.stop = &stop}, why, sizeof(why)));
	assert_true(drawn > 10);
	assert_string_equal(why, "");
}

/* The reason does, as it stands on a terminal; a second opinion beside it
 * could be another one. */
TEST_WITH(only_the_reason_says_what_it_would_take, begin, NULL)
{
	char why[100], *text;

	text = page_of(
	    &(struct html_report_plan){.stop = &stop}, why, sizeof(why));
	assert_non_null(
	    strstr(text, "the difference may be as large as 4.8 %"));
	assert_null(strstr(text, "would decide"));
	assert_null(strstr(text, "61 blocks"));
	free(text);
}

TEST_WITH(after_one_that_took_too_long_no_more_are_drawn, begin, NULL)
{
	char why[100];

	late_at = 3;
	free(page_of(
	    &(struct html_report_plan){.stop = &stop}, why, sizeof(why)));
	assert_int_equal(drawn, 3);
	assert_string_equal(why, "late");
}

TEST_WITH(an_interrupt_ends_the_drawing, begin, NULL)
{
	char why[100];

	stop_at = 2;
	free(page_of(
	    &(struct html_report_plan){.stop = &stop}, why, sizeof(why)));
	assert_int_equal(drawn, 2);
	assert_string_equal(why, "interrupted");
	free(page_of(
	    &(struct html_report_plan){.stop = &stop}, why, sizeof(why)));
	assert_int_equal(drawn, 0);
	assert_string_equal(why, "interrupted");
}

TEST_WITH(slices_are_named_only_where_they_are, begin, NULL)
{
	char why[100], *text;

	for (int has = 0; has <= 1; has++) {
		text = page_of(&(struct html_report_plan){.has_slices = has,
				   .stop = &stop},
		    why, sizeof(why));
		assert_int_equal(strstr(text, "slices.csv") != NULL, has);
		free(text);
	}
}

static size_t
count_of(const char *text, const char *what)
{
	size_t count = 0;

	for (; (text = strstr(text, what)); text++)
		count++;
	return count;
}

TEST_WITH(no_figure_is_shown_twice_in_two_ways, begin, NULL)
{
	char why[100];
	char *text = page_of(
	    &(struct html_report_plan){.stop = &stop}, why, sizeof(why));
	size_t results = count_of(text, "<th scope=\"col\">verdict</th>");
	size_t memory = count_of(text, "anonymous, KiB</th>");

	assert_true(results > 5 && memory > 5);
	/* All but crash, which has no latency, and knee. */
	assert_int_equal(count_of(text, "\">p99</th>"), results - 2);
	assert_int_equal(count_of(text, "\">service p99</th>"), 1);
	assert_int_equal(count_of(text, "\">KiB</th>"), memory); /* idle's is
	    its value */
	free(text);
}

/* ---- the summary ---- */

/* From the head of the page's summary up to the first scenario; to be freed. */
static char *
summary_of(void)
{
	char why[100];
	char *text = page_of(
	    &(struct html_report_plan){.stop = &stop}, why, sizeof(why));
	char *end = strstr(text, "id=\"scenario-0\"");

	assert_non_null(end);
	*end = '\0';
	return text;
}

TEST_WITH(the_summary_says_what_was_found_and_what_to_do, begin, NULL)
{
	char *text = summary_of();

	assert_int_equal(count_of(text, "<figure class=\"forest\">"), 1);
	assert_non_null(
	    strstr(text, ">fork is slower than thread by a factor"));
	assert_non_null(strstr(text, "What to do next"));
	assert_non_null(strstr(text, "<li>http: To decide it: "));
	free(text);
}

static const char *const WORDS[] = {"faster", "better", "slower", "worse",
    "equivalent", "undecided", "invalid", "depends"};

static bool
has_badge(const char *text, const char *word)
{
	char badge[60];

	snprintf(badge, sizeof(badge), "\">%s</span>", word);
	return strstr(text, badge) != NULL;
}

TEST_WITH(the_key_has_each_verdict_of_the_page_and_no_other, begin, NULL)
{
	char why[100];
	char *page = page_of(
	    &(struct html_report_plan){.stop = &stop}, why, sizeof(why));
	char *key = strstr(page, "<ul class=\"verdicts key\">");
	char *rest = key ? strstr(key, "</ul>") : NULL;

	assert_non_null(rest);
	*rest++ = '\0';
	for (size_t i = 0; i < COUNT_OF(WORDS); i++) {
		if (has_badge(key, WORDS[i]) != has_badge(rest, WORDS[i]))
			fail_msg("%s", WORDS[i]);
	}
	assert_true(has_badge(key, "depends") && !has_badge(key, "faster"));
	free(page);
}

RUN_TESTS(NULL, NULL)
