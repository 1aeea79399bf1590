/* SPDX-License-Identifier: MIT */
/* lab_page: a page by its headings, and that each lab's pages have them all. */
#include "tests/unit/unit.h"

#include <ctype.h>

#include "common/lab/lab_fold.h"
#include "common/lab/lab_page.h"
#include "common/lab/lab_result.h"
#include "common/lab/lab_table.h"

static const char PAGE[] =
    "# race: Who wins?\n"
    "\n"
    "20 minutes \302\267 needs: nothing\n"
    "\n"
    "## Belief\nNone.\n"
    "## Question\n"
    "**8** workers add **200** times, **1600** in all.\nHow many?\n"
    "\n"
    "- A. All **1600**.\n"
    "- B. **200**, one in\n  **8**.\n"
    "- C. *None*, **really**.\n"
    "\n"
    "## By hand\nType:\n"
    "```sh\n# as root\n## or not\n./client\n```\n"
    "## Why\nSee `a[1]` and [model_spawn](../../x.c).\n"
    "## Next\nGo on.\n";

static struct lab_page
read_page(const char *text)
{
	struct lab_page page;

	lab_page_read(&page, text, strlen(text), false);
	return page;
}

static bool
is(struct lab_text text, const char *what)
{
	return text.len == strlen(what) &&
	       (!text.len || memcmp(text.at, what, text.len) == 0);
}

TEST(a_page_is_read_by_its_headings)
{
	struct lab_page page = read_page(PAGE);

	assert_true(is(page.title, "Who wins?"));
	assert_true(is(page.needs, "20 minutes \302\267 needs: nothing"));
	assert_true(is(page.section[LAB_BELIEF], "None."));
	assert_true(is(page.section[LAB_NEXT], "Go on."));
	assert_true(is(page.section[LAB_REPAIR], ""));
	assert_int_equal(page.answers, 3);
	assert_true(is(page.answer[1], "**200**, one in\n  **8**."));
	assert_true(is(page.question,
	    "**8** workers add **200** times, **1600** in all.\nHow many?"));
}

TEST(a_block_of_commands_may_have_comments)
{
	struct lab_page page = read_page(PAGE);

	assert_true(is(page.hand, "# as root\n## or not\n./client"));
	assert_true(is(
	    page.section[LAB_WHY], "See `a[1]` and [model_spawn](../../x.c)."));
}

TEST(a_page_of_nothing_is_empty)
{
	static const char *const texts[] = {
	    "", "\n", "#", "# x", "## ", "## Question", "```", "- A. x", "**"};

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct lab_page page = read_page(texts[i]);

		assert_int_equal(page.answers, 0);
		assert_int_equal(page.hand.len, 0);
	}
}

/* Also a page that ends in the middle of anything. */
TEST(a_page_that_is_cut_is_read_as_far_as_it_goes)
{
	for (size_t len = 0; len <= strlen(PAGE); len++) {
		char *cut = malloc(len ? len : 1), plain[600];
		struct lab_page page;

		assert_non_null(cut);
		memcpy(cut, PAGE, len);
		lab_page_read(&page, cut, len, false);
		assert_true(page.answers <= LAB_ANSWERS);
		for (size_t s = 0; s < LAB_SECTIONS; s++)
			lab_page_plain(&page.section[s], lab_find("race"), NULL,
			    plain, sizeof(plain));
		free(cut);
	}
}

static const char *
plain(const struct lab_text *text, uint64_t seed)
{
	static char words[LAB_PAGE_TEXT];
	struct lab_facts facts = {0};

	lab_set_parameters(lab_find("race"), seed, &facts);
	return lab_page_plain(
	    text, lab_find("race"), &facts, words, sizeof(words));
}

TEST(words_are_without_markdown)
{
	struct lab_page page = read_page(PAGE);

	assert_string_equal(
	    plain(&page.section[LAB_WHY], 0), "See `a[1]` and model_spawn.");
	assert_string_equal(plain(&page.answer[2], 0), "*None*, really.");
}

/* Of any seed: the numbers of the page's race, and what is computed of them. */
TEST(a_bold_number_is_that_of_the_seed)
{
	struct lab_page page = read_page(PAGE);

	assert_string_equal(plain(&page.answer[1], 0), "200, one in\n  8.");
	for (uint64_t seed = 1; seed < 50; seed++) {
		unsigned workers, times, total;

		assert_int_equal(sscanf(plain(&page.question, seed),
				     "%u workers add %u times, %u in all.",
				     &workers, &times, &total),
		    3);
		assert_int_equal(workers * times, total);
	}
}

TEST(a_text_that_is_too_long_is_cut)
{
	struct lab_page page = read_page(PAGE);
	char small[5];

	lab_page_plain(&page.section[LAB_BELIEF], lab_find("race"), NULL, small,
	    sizeof(small));
	assert_string_equal(small, "None");
}

/* ---- seeds ---- */

static bool
same_numbers(const struct lab *lab, uint64_t seed, uint64_t other)
{
	struct lab_facts one = {0}, two = {0};

	lab_set_parameters(lab, seed, &one);
	lab_set_parameters(lab, other, &two);
	assert_int_equal(one.count, two.count);
	for (size_t i = 0; i < one.count; i++) {
		assert_string_equal(one.at[i].key, two.at[i].key);
		if (fabs(one.at[i].value - two.at[i].value) > 0)
			return false;
	}
	return true;
}

TEST(a_seed_gives_the_same_numbers_each_time)
{
	bool differ = false;

	for (const struct lab *const *lab = LAB_TABLE; *lab; lab++) {
		for (uint64_t seed = 1; seed < 20; seed++) {
			assert_true(same_numbers(*lab, seed, seed));
			differ |= !same_numbers(*lab, seed, seed + 1);
		}
	}
	assert_true(differ);
}

/* ---- the pages of this tree ---- */

static void
fail_page(const struct lab *lab, bool zh, const char *what)
{
	print_error(
	    "docs/labs/%s/README%s.md: %s\n", lab->name, zh ? ".zh" : "", what);
	fail();
}

static size_t
count_of(struct lab_text text, const char *needle)
{
	size_t count = 0, len = strlen(needle);
	const char *at = text.at, *end = at + text.len;

	while ((at = memmem(at, (size_t)(end - at), needle, len))) {
		count++;
		at += len;
	}
	return count;
}

/* English words; a Chinese character counts as half of one, about. */
static size_t
words_of(const char *text)
{
	size_t words = 0, wide = 0;
	bool within = false;

	for (; *text; text++) {
		bool blank = isspace((unsigned char)*text);
		bool ascii = (unsigned char)*text < 0x80;

		words += ascii && !blank && !within;
		within = ascii && !blank;
		wide += ((unsigned char)*text & 0xf0) == 0xe0;
	}
	return words + wide / 2;
}

/* The first bold numbers are the parameters in their order. */
static bool
has_parameters(const struct lab *lab, struct lab_text text)
{
	const char *at = text.at, *end = at + text.len;

	for (size_t i = 0; i < LAB_PARAMETERS && lab->parameters[i].name; i++) {
		char want[32];
		size_t len = (size_t)snprintf(want, sizeof(want), "**%llu**",
		    (unsigned long long)lab->parameters[i].value);

		at = memmem(at, (size_t)(end - at), want, len);
		if (!at)
			return false;
		at += len;
	}
	return true;
}

static void
check_page(const struct lab *lab, const struct lab_page *page)
{
	static char why[LAB_PAGE_TEXT];
	bool zh = page->zh;

	if (!page->title.len || !page->needs.len)
		fail_page(lab, zh, "no title, or no line of minutes and needs");
	for (size_t s = 0; s < LAB_SECTIONS; s++) {
		if (!page->section[s].len)
			fail_page(lab, zh, lab_heading(s, zh));
		if (page->section[s].len >= LAB_PAGE_TEXT)
			fail_page(lab, zh, "a section is too long");
	}
	if (page->answers < 3 || !page->question.len)
		fail_page(lab, zh, "a question and 3 or 4 answers: - A. ...");
	if (count_of(page->section[LAB_BY_HAND], "```") != 2 || !page->hand.len)
		fail_page(lab, zh, "one block of commands by hand");
	lab_page_plain(&page->section[LAB_WHY], lab, NULL, why, sizeof(why));
	if (words_of(why) > 200)
		fail_page(lab, zh, "Why has more than 200 words");
	if (!has_parameters(lab, page->section[LAB_QUESTION]))
		fail_page(lab, zh,
		    "the bold numbers are not the lab's parameters in order");
}

TEST(each_lab_has_a_page_with_all_that_is_needed)
{
	for (const struct lab *const *lab = LAB_TABLE; *lab; lab++) {
		struct lab_page page;

		for (int zh = 0; zh < 2; zh++) {
			if (!lab_page_find(&page, (*lab)->name, zh))
				fail_page(*lab, false, "is missing");
			check_page(*lab, &page);
		}
	}
}

/* Or a bold number would be two of them. */
TEST(no_two_parameters_of_a_lab_are_the_same_number)
{
	for (const struct lab *const *lab = LAB_TABLE; *lab; lab++) {
		const struct lab_parameter *p = (*lab)->parameters;

		for (size_t i = 0; i < LAB_PARAMETERS && p[i].name; i++) {
			uint64_t values[LAB_PARAMETERS] = {0};

			for (size_t j = 0; j < i; j++) {
				assert_true(p[i].value != p[j].value);
				values[j] = p[j].value;
			}
			if (p[i].derive)
				assert_int_equal(
				    p[i].derive(values), p[i].value);
		}
	}
}

/* ---- judgements ---- */

static struct lab_result
judged(const struct lab *lab, const char *key, double value)
{
	struct lab_result result = {.lab = lab};

	lab_set_parameters(lab, 0, &result.facts);
	if (key)
		lab_facts_set(&result.facts, key, value);
	lab_result_judge(&result);
	return result;
}

/* Of a file that was written by hand, say. */
TEST(no_lab_is_shown_by_facts_that_are_missing)
{
	static const char *const keys[] = {NULL, "thread.x", "fork.x"};

	for (const struct lab *const *lab = LAB_TABLE; *lab; lab++) {
		for (size_t i = 0; i < COUNT_OF(keys); i++) {
			struct lab_result result = judged(*lab, keys[i], 1);
			struct lab_picture picture = {0};

			if (result.outcome != LAB_NOT_AS_EXPECTED ||
			    !result.reason[0])
				print_error("lab %s\n", (*lab)->name);
			assert_int_equal(result.outcome, LAB_NOT_AS_EXPECTED);
			assert_true(result.reason[0]);
			(*lab)->draw(&result.facts, &picture);
		}
	}
}

/* ---- folding ---- */

static const char *
folded(const char *text, size_t column, size_t indent, size_t width)
{
	static char *out;
	size_t size;
	FILE *file;

	free(out);
	file = open_memstream(&out, &size);
	lab_fold(file, text, column, indent, width);
	fclose(file);
	return out;
}

TEST(lines_of_a_paragraph_are_joined_and_broken_anew)
{
	assert_string_equal(folded("one two\nthree four\n\nfive", 0, 2, 12),
	    "  one two\n  three four\n\n  five\n");
	assert_string_equal(
	    folded("one two three", 6, 4, 14), "one two\n    three\n");
	assert_string_equal(folded("- one two\n- three", 0, 1, 8),
	    " - one\n   two\n - three\n");
	assert_string_equal(
	    folded("a\n```sh\nx  y\n```\nb", 0, 0, 80), "a\n  x  y\nb\n");
}

TEST(chinese_is_broken_between_characters_but_not_before_their_marks)
{
	assert_int_equal(lab_columns("线程a"), 5);
	assert_string_equal(
	    folded("线程共享内存", 0, 0, 8), "线程共享\n内存\n");
	assert_string_equal(folded("线程共，享", 0, 0, 6), "线程\n共，享\n");
	assert_string_equal(folded("线程\n共享", 0, 0, 80), "线程共享\n");
	assert_string_equal(folded("用 fork 创建", 0, 0, 80), "用 fork 创建\n");
	assert_string_equal(
	    folded("线程，\nfork。", 0, 0, 80), "线程，fork。\n");
	assert_string_equal(
	    folded("线程\nfork\n线程", 0, 0, 80), "线程 fork 线程\n");
	assert_string_equal(
	    folded("线程（fork）", 0, 0, 9), "线程\n（fork）\n");
}

RUN_TESTS(NULL, NULL)
