/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "common/service/lines.h"

static struct lines lines;

static int
start(void **state)
{
	(void)state;
	lines_init(&lines);
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	lines_release(&lines);
	return 0;
}

static void
feed(const char *bytes, size_t len)
{
	while (len > 0) {
		size_t size, n;
		char *space = lines_space(&lines, &size);

		assert_non_null(space);
		assert_true(size > 0);
		n = len < size ? len : size;
		memcpy(space, bytes, n);
		lines_add(&lines, n);
		bytes += n;
		len -= n;
	}
}

static void
assert_next(const char *wanted, size_t wanted_len, size_t end_len)
{
	const char *text;
	size_t len;

	assert_int_equal(lines_next(&lines, &text, &len), end_len);
	assert_int_equal(len, wanted_len);
	assert_memory_equal(text, wanted, len);
}

static void
assert_none(void)
{
	const char *text;
	size_t len;

	assert_int_equal(lines_next(&lines, &text, &len), 0);
}

#define LINES_TEST(name) TEST_WITH(name, start, stop)

LINES_TEST(lines_come_one_by_one_with_their_ends)
{
	assert_none();
	feed("one\ntwo\r\n\n\r\nthr", 15);
	assert_next("one\n", 4, 1);
	assert_next("two\r\n", 5, 2);
	assert_next("\n", 1, 1);
	assert_next("\r\n", 2, 2);
	assert_none();
	assert_none();
	feed("ee\n", 3);
	assert_next("three\n", 6, 1);
	assert_none();
}

LINES_TEST(a_carriage_return_alone_and_nul_are_part_of_a_line)
{
	feed("a\rb\0c\r\r\n", 8);
	assert_next("a\rb\0c\r\r\n", 8, 2);
}

LINES_TEST(a_line_that_comes_byte_by_byte_is_whole)
{
	for (size_t i = 0; i < 9000; i++) {
		feed("x", 1);
		assert_none();
	}
	feed("\r", 1);
	assert_none();
	feed("\n", 1);
	const char *text;
	size_t len;

	assert_int_equal(lines_next(&lines, &text, &len), 2);
	assert_int_equal(len, 9002);
}

LINES_TEST(the_longest_line_fits_and_no_longer_one)
{
	char *longest = malloc(LINES_MAX);
	size_t size;

	memset(longest, 'x', LINES_MAX);
	longest[LINES_MAX - 1] = '\n';
	feed(longest, LINES_MAX);
	assert_next(longest, LINES_MAX, 1);
	longest[LINES_MAX - 1] = 'x';
	feed(longest, LINES_MAX);
	assert_none();
	assert_null(lines_space(&lines, &size));
	free(longest);
}

LINES_TEST(a_line_put_back_is_the_next_again)
{
	const char *rest;
	size_t len;

	feed("first\nsecond\nthird", 18);
	assert_next("first\n", 6, 1);
	lines_put_back(&lines, 6);
	assert_next("first\n", 6, 1);
	assert_next("second\n", 7, 1);
	assert_none();
	lines_put_back(&lines, 7);
	rest = lines_rest(&lines, &len);
	assert_int_equal(len, 12);
	assert_memory_equal(rest, "second\nthird", 12);
	assert_next("second\n", 7, 1);
	assert_none();
}

LINES_TEST(what_has_no_end_is_the_rest)
{
	size_t len;

	lines_rest(&lines, &len);
	assert_int_equal(len, 0);
	feed("whole\nhalf", 10);
	assert_next("whole\n", 6, 1);
	assert_memory_equal(lines_rest(&lines, &len), "half", 4);
	assert_int_equal(len, 4);
	feed("\n", 1);
	assert_next("half\n", 5, 1);
	lines_rest(&lines, &len);
	assert_int_equal(len, 0);
}

LINES_TEST(memory_is_taken_when_bytes_come_and_given_back)
{
	assert_null(lines.buf);
	feed("x", 1);
	assert_true(lines.size < LINES_MAX);
	lines_release(&lines);
	assert_null(lines.buf);
	assert_none();
}

/* Random lines in random pieces, read at random times, are what was fed. */
LINES_TEST(any_pieces_make_the_same_lines)
{
	enum { BYTES = 1 << 20 };
	uint64_t seed = 11;
	char *fed = malloc(BYTES);
	size_t at = 0, got = 0;

	for (size_t i = 0; i < BYTES; i++) {
		uint64_t r = random_next(&seed);

		/* Lines of 2 to some thousand bytes, by turns. */
		fed[i] =
		    r % ((i >> 14) % 7 ? 40 : 4000) ? (char)(r >> 32) : '\n';
	}
	while (at < BYTES) {
		size_t n = random_next(&seed) % 6000, len;
		const char *text;

		n = n < BYTES - at ? n : BYTES - at;
		feed(fed + at, n);
		at += n;
		while (random_next(&seed) % 50 &&
		       lines_next(&lines, &text, &len)) {
			assert_memory_equal(text, fed + got, len);
			assert_null(memchr(text, '\n', len - 1));
			assert_int_equal(text[len - 1], '\n');
			got += len;
		}
		/* What waits for a reader may not be more than a line. */
		while (at - got > 20000 && lines_next(&lines, &text, &len)) {
			assert_memory_equal(text, fed + got, len);
			got += len;
		}
	}
	assert_true(got > BYTES - 30000);
	free(fed);
}

RUN_TESTS(NULL, NULL)
