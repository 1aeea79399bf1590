/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <ctype.h>
#include <float.h>
#include <inttypes.h>

#include "common/base/units.h"

typedef int
parser(const char *text, uint64_t *out);

static void
takes(parser *parse, const char *text, uint64_t value)
{
	uint64_t out = ~value;

	if (parse(text, &out) != 0 || out != value)
		fail_msg(
		    "\"%s\" gives %" PRIu64 ", not %" PRIu64, text, out, value);
}

static void
rejects(parser *parse, const char *text)
{
	uint64_t out = 4711;

	if (parse(text, &out) != -1)
		fail_msg("\"%s\" is taken", text);
	assert_int_equal(out, 4711);
}

TEST(count_takes_whole_decimal_numbers)
{
	takes(parse_count, "0", 0);
	takes(parse_count, "00", 0);
	takes(parse_count, "010", 10);
	takes(parse_count, "65535", 65535);
	takes(parse_count, "18446744073709551615", UINT64_MAX);
}

TEST(count_rejects_everything_else)
{
	static const char *const bad[] = {"", " ", "+1", "-1", " 1", "1 ",
	    "1.0", "1.", "0x10", "1e3", "1k", "one", "18446744073709551616",
	    "99999999999999999999999"};

	for (size_t i = 0; i < COUNT_OF(bad); i++)
		rejects(parse_count, bad[i]);
}

TEST(size_takes_powers_of_1000_and_of_1024)
{
	takes(parse_size, "64", 64);
	takes(parse_size, "64k", 64000);
	takes(parse_size, "64KiB", 65536);
	takes(parse_size, "2M", 2000000);
	takes(parse_size, "2MiB", 2097152);
	takes(parse_size, "3G", 3000000000);
	takes(parse_size, "3GiB", 3221225472);
	takes(parse_size, "1.5k", 1500);
	takes(parse_size, "0.5KiB", 512);
}

TEST(size_rejects_other_words)
{
	static const char *const bad[] = {"", "k", "1K", "1kB", "1kib", "1 k",
	    "1k ", "1kk", "-1k", "1.k", ".5k", "1.5.5k", "1s", "1b",
	    "18446744073709551616", "18446744073709552k", "17179869184GiB"};

	for (size_t i = 0; i < COUNT_OF(bad); i++)
		rejects(parse_size, bad[i]);
}

TEST(duration_takes_every_unit)
{
	takes(parse_duration, "7ns", 7);
	takes(parse_duration, "250us", 250000);
	takes(parse_duration, "5ms", 5000000);
	takes(parse_duration, "30s", 30000000000);
	takes(parse_duration, "2m", 120000000000);
	takes(parse_duration, "1h", 3600000000000);
	takes(parse_duration, "1.5s", 1500000000);
	takes(parse_duration, "0.1m", 6000000000);
	takes(parse_duration, "0.000000001s", 1);
	takes(parse_duration, "18446744073709551615ns", UINT64_MAX);
}

TEST(duration_rejects_a_bare_number_and_overflow)
{
	static const char *const bad[] = {"", "5", "5 s", "s", "5S", "5sec",
	    "-5s", "+5s", "5s ", "5s5", ".5s", "5.s", "1d", "inf", "nans",
	    "18446744073709551616ns", "18446744073.709551616s", "5124096h"};

	for (size_t i = 0; i < COUNT_OF(bad); i++)
		rejects(parse_duration, bad[i]);
}

TEST(digits_beyond_the_ninth_change_nothing)
{
	takes(parse_duration, "1.0000000019999999999999999999999s", 1000000001);
	takes(parse_size, "0.99999999999999999999k", 999);
}

/* A binary fraction is not a decimal one: 0.000065 * 1e9 is 64999.99... */
TEST(fractions_of_a_duration_are_exact)
{
	char text[32];

	for (unsigned us = 0; us < 1000000; us += 13) {
		snprintf(text, sizeof(text), "3.%06us", us);
		takes(parse_duration, text, 3000000000 + us * 1000ULL);
	}
	for (unsigned part = 0; part < 1000; part++) {
		snprintf(text, sizeof(text), "0.%03um", part);
		takes(parse_duration, text, part * 60000000ULL);
		snprintf(text, sizeof(text), "0.%03uh", part);
		takes(parse_duration, text, part * 3600000000ULL);
		snprintf(text, sizeof(text), "0.%03uk", part);
		takes(parse_size, text, part);
	}
}

TEST(duration_is_printed_in_three_digits)
{
	static const struct {
		double ns;
		const char *text;
	} known[] = {
	    {0, "0.00 ns"},
	    {1, "1.00 ns"},
	    {12.34, "12.3 ns"},
	    {999, "999 ns"},
	    {1000, "1.00 us"},
	    {9990, "9.99 us"},
	    {9996, "10.0 us"},
	    {71700, "71.7 us"},
	    {99960, "100 us"},
	    {1234567, "1.23 ms"},
	    {1.02e9, "1.02 s"},
	    {61e9, "61.0 s"},
	    {3600e9, "3600 s"},
	};
	char buf[16];

	for (size_t i = 0; i < COUNT_OF(known); i++)
		assert_string_equal(
		    format_duration(buf, sizeof(buf), known[i].ns),
		    known[i].text);
}

/* 999.6 us is "1.00 ms", not "1000 us": that would be four digits. */
TEST(duration_rounded_up_takes_the_next_unit)
{
	char buf[16];

	assert_string_equal(
	    format_duration(buf, sizeof(buf), 999600), "1.00 ms");
	assert_string_equal(
	    format_duration(buf, sizeof(buf), 999.7), "1.00 us");
	assert_string_equal(
	    format_duration(buf, sizeof(buf), 999.9e6), "1.00 s");
}

TEST(sixteen_bytes_hold_any_duration)
{
	char buf[16], wide[64];

	for (double ns = 1; ns <= (double)UINT64_MAX; ns *= 1.7)
		assert_string_equal(format_duration(buf, sizeof(buf), ns),
		    format_duration(wide, sizeof(wide), ns));
}

TEST(number_has_three_digits_or_groups)
{
	static const struct {
		double value;
		const char *text;
	} known[] = {
	    {0, "0"},
	    {20, "20"},
	    {0.004, "0.00"},
	    {8.534, "8.53"},
	    {9.996, "10.0"},
	    {42.42, "42.4"},
	    {99.97, "100"},
	    {999, "999"},
	    {999.6, "1,000"},
	    {1000, "1,000"},
	    {155376, "155,376"},
	    {1234567.4, "1,234,567"},
	    {-8.534, "-8.53"},
	    {-999, "-999"},
	    {-1000, "-1,000"},
	    {-155376, "-155,376"},
	};
	char buf[32];

	for (size_t i = 0; i < COUNT_OF(known); i++)
		assert_string_equal(
		    format_number(buf, sizeof(buf), known[i].value),
		    known[i].text);
}

TEST(number_is_cut_to_a_small_buffer)
{
	char buf[8];

	memset(buf, '#', sizeof(buf));
	format_number(buf, 6, 155376);
	assert_non_null(memchr(buf, '\0', 6));
	assert_memory_equal(buf + 6, "##", 2);
}

/* Whatever an overflow or a division by 0 has made: no byte that is not part
 * of the number. */
TEST(number_too_large_to_print_stays_in_its_buffers)
{
	static const double large[] = {1e31, 1e60, DBL_MAX, -DBL_MAX};
	char buf[64];

	for (size_t i = 0; i < COUNT_OF(large); i++) {
		format_number(buf, sizeof(buf), large[i]);
		assert_non_null(memchr(buf, '\0', sizeof(buf)));
		for (const char *at = buf; *at; at++)
			assert_true(isgraph((unsigned char)*at));
	}
}

TEST(percent_is_in_thousandths)
{
	static const char *const bad[] = {
	    "", "%", "-1%", "3 %", "3%%", "three", "1e3%"};
	uint64_t value;

	assert_int_equal(parse_percent("3%", &value), 0);
	assert_int_equal(value, 3000);
	assert_int_equal(parse_percent("0.5", &value), 0);
	assert_int_equal(value, 500);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse_percent(bad[i], &value), -1);
}

TEST(a_part_of_a_text_is_a_text_of_its_own)
{
	static const char numbers[] =
	    "0123456789012345678901234567890123456789012345678901234567890123";
	char part[UNITS_PART_MAX];

	assert_string_equal(units_part(part, "4MiB:private", 4), "4MiB");
	assert_string_equal(units_part(part, ":private", 0), "");
	assert_ptr_equal(units_part(part, numbers, UNITS_PART_MAX - 1), part);
	assert_int_equal(strlen(part), UNITS_PART_MAX - 1);
	assert_null(units_part(part, numbers, UNITS_PART_MAX));
}

RUN_TESTS(NULL, NULL)
