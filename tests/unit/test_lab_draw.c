/* SPDX-License-Identifier: MIT */
/* lab_draw: pictures as characters and as SVG; lab_result: as JSON and back. */
#include "tests/unit/unit.h"

#include "common/lab/lab_draw.h"
#include "common/lab/lab_result.h"
#include "common/lab/lab_table.h"

static struct lab_picture picture;

static const char *
drawn(bool utf8, size_t width)
{
	static char *out;
	const struct terminal_style style = {.utf8 = utf8, .width = width};
	size_t size;
	FILE *file;

	free(out);
	file = open_memstream(&out, &size);
	lab_draw_terminal(&picture, &style, file);
	fclose(file);
	return out;
}

static const char *
svg(const char *title)
{
	static char *out;
	size_t size;
	FILE *file;

	free(out);
	file = open_memstream(&out, &size);
	lab_draw_svg(&picture, title, file);
	fclose(file);
	return out;
}

static void
begin(bool zh)
{
	memset(&picture, 0, sizeof(picture));
	picture.zh = zh;
}

TEST(a_bar_is_as_long_as_its_value)
{
	begin(false);
	lab_bars(&picture, false, "left");
	lab_bar(&picture, "thread", 10, "all");
	lab_bar(&picture, "fork", 5, "a half");
	lab_bar_says(&picture, "%d of %d", 5, 10);
	lab_bar(&picture, NULL, 0, "none");
	assert_string_equal(drawn(false, 40),
	    "\n  left\n"
	    "  all     ###################### 10\n"
	    "  a half  ########### 5 of 10\n"
	    "  none     0\n");
}

TEST(no_line_is_wider_than_a_narrow_terminal)
{
	begin(false);
	lab_bars(&picture, true,
	    "a title of more words than a line of a "
	    "narrow terminal has room for");
	lab_bar(&picture, "thread", 10, "server_thread");
	lab_bar_says(&picture, "%d of %d gone", 64, 64);
	for (const char *line = drawn(false, 40); *line;) {
		size_t length = strcspn(line, "\n");

		assert_in_range(length, 0, 40);
		line += length + 1;
	}
}

/* A decade below the smallest value is the beginning of the scale. */
TEST(a_logarithmic_scale_is_told)
{
	begin(false);
	lab_bars(&picture, true, "us");
	lab_bar(&picture, NULL, 1, "a");
	lab_bar(&picture, NULL, 100, "b");
	lab_bar(&picture, NULL, 0, "c");
	lab_bar(&picture, NULL, -1, "d");
	lab_bar(&picture, NULL, NAN, "e");
	assert_near(lab_bar_length(picture.panel, &picture.panel[0].row[0]),
	    1.0 / 3, 1e-9);
	assert_near(
	    lab_bar_length(picture.panel, &picture.panel[0].row[1]), 1, 1e-9);
	for (size_t i = 2; i < 5; i++)
		assert_near(
		    lab_bar_length(picture.panel, &picture.panel[0].row[i]), 0,
		    0);
	assert_non_null(strstr(drawn(false, 60), "us (logarithmic scale)"));
	assert_non_null(strstr(svg("x"), "(logarithmic scale)"));
}

TEST(columns_are_as_wide_as_their_characters)
{
	begin(true);
	lab_table(&picture, 3, "谁");
	lab_cells(&picture, NULL, "%s", "连接|pid|描述符");
	lab_cells(&picture, "thread", "%d|%d|%d", 1, 4711, 11);
	assert_string_equal(drawn(true, 80), "\n  谁\n"
					     "  连接  pid   描述符\n"
					     "  1     4711  11\n");
}

TEST(a_text_cannot_be_markup)
{
	begin(false);
	lab_bars(&picture, false, "<b> & \"c\"");
	lab_bar(&picture, "bad", 1, "%s", "</text><script>");
	assert_null(strstr(svg("<x>"), "<script"));
	assert_non_null(strstr(svg("<x>"), "&lt;/text&gt;&lt;script&gt;"));
	assert_non_null(strstr(svg("<x>"), "<title>&lt;x&gt;</title>"));
}

/* What does not fit is left out, and nothing else is touched. */
TEST(a_picture_that_is_too_large_is_cut)
{
	begin(false);
	for (int i = 0; i < 3 * LAB_PANELS; i++) {
		lab_bars(&picture, false,
		    "a title that is longer than any "
		    "title of a panel may be, and goes "
		    "on for some more words after that");
		for (int j = 0; j < 3 * LAB_ROWS; j++)
			lab_bar(&picture, NULL, j, "%d", j);
	}
	assert_int_equal(picture.count, LAB_PANELS);
	for (size_t i = 0; i < LAB_PANELS; i++)
		assert_int_equal(picture.panel[i].rows, LAB_ROWS);
	assert_non_null(strstr(svg("x"), "</svg>"));
}

/* A lab may call it whatever the user chose. */
TEST(a_timeline_that_nobody_recorded_is_no_panel)
{
	begin(false);
	lab_timeline(&picture, "thread", "server_thread");
	assert_int_equal(picture.count, 0);
	lab_bar(&picture, NULL, 1, "no panel");
	lab_bar_says(&picture, "no bar");
	lab_cells(&picture, NULL, "no|table");
	assert_string_equal(drawn(true, 80), "");
}

/* ---- results ---- */

static const char *
written(const struct lab_result *result, char *path)
{
	int fd = mkstemp(path);
	FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;

	assert_non_null(file);
	lab_result_write(result, file);
	assert_int_equal(fclose(file), 0);
	return path;
}

TEST(a_result_is_read_as_it_was_written)
{
	char path[] = "/tmp/perconn-unit-XXXXXX", why[400];
	struct lab_result one = {.lab = lab_find("tour"),
	    .seed = 7,
	    .model = "both",
	    .language = "en",
	    .predicted = 'A',
	    .answer = 'B',
	    .outcome = LAB_SHOWN,
	    .reason = "because",
	    .version = "v1"};
	static struct lab_result two;

	lab_set_parameters(one.lab, 7, &one.facts);
	lab_facts_set(&one.facts, "thread.pids", 1);
	lab_facts_set(&one.facts, "fork.ratio", 0.125);
	assert_int_equal(
	    lab_result_read(&two, written(&one, path), why, sizeof(why)), 0);
	unlink(path);
	assert_ptr_equal(two.lab, one.lab);
	assert_int_equal(two.seed, 7);
	assert_string_equal(two.model, "both");
	assert_string_equal(two.reason, "because");
	assert_int_equal(two.predicted, 'A');
	assert_int_equal(two.answer, 'B');
	assert_int_equal(two.outcome, LAB_SHOWN);
	assert_int_equal(two.facts.count, one.facts.count);
	assert_near(lab_value(&two.facts, "fork.ratio"), 0.125, 0);
	assert_near(lab_value(&two.facts, "connections"),
	    lab_value(&one.facts, "connections"), 0);
}

static int
read_text(const char *text, char *why, size_t size)
{
	char path[] = "/tmp/perconn-unit-XXXXXX";
	static struct lab_result result;
	int fd = mkstemp(path), bad;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	bad = lab_result_read(&result, path, why, size);
	unlink(path);
	return bad;
}

TEST(what_is_no_result_is_told)
{
	static const struct {
		const char *text, *told;
	} cases[] = {
	    {"", "cannot be read as JSON"},
	    {"{", "cannot be read as JSON"},
	    {"[]", "is not a result of a lab"},
	    {"{\"schema\":\"perconn.load/1\"}", "is not a result of a lab"},
	    {"{\"schema\":\"perconn.lab/1\",\"lab\":\"nonsense\"}",
		"a lab that this client has not"},
	};
	char why[700];

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_int_equal(
		    read_text(cases[i].text, why, sizeof(why)), -1);
		assert_non_null(strstr(why, cases[i].told));
	}
	/* The least that is one; the rest is absent. */
	assert_int_equal(read_text("{\"schema\":\"perconn.lab/1\",\"lab\":"
				   "\"tour\",\"facts\":{\"x\":\"y\",\"z\":1}}",
			     why, sizeof(why)),
	    0);
}

RUN_TESTS(NULL, NULL)
