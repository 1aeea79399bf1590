/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdbool.h>
#include <sys/mman.h>

#include "common/base/utf8.h"

#define valid(text) utf8_valid(text, sizeof(text) - 1)

/* TEXT as Python's bytes.decode() judges it: made from the code points, by
 * decoding, and not from the table that utf8.c has. */
static bool
decodes(const unsigned char *text, size_t len)
{
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};

	for (size_t i = 0; i < len;) {
		unsigned char first = text[i++];
		uint32_t point;
		size_t tail;

		if (first < 0x80)
			continue;
		if ((first & 0xe0) == 0xc0)
			tail = 1;
		else if ((first & 0xf0) == 0xe0)
			tail = 2;
		else if ((first & 0xf8) == 0xf0)
			tail = 3;
		else
			return false;
		point = first & (0x3fU >> tail);
		for (size_t k = 0; k < tail; k++, i++) {
			if (i == len || (text[i] & 0xc0) != 0x80)
				return false;
			point = point << 6 | (text[i] & 0x3f);
		}
		if (point < least[tail] || point > 0x10ffff ||
		    (point >= 0xd800 && point <= 0xdfff))
			return false;
	}
	return true;
}

TEST(every_string_of_one_two_and_three_bytes_is_judged_right)
{
	assert_true(utf8_valid("", 0));
	for (uint32_t i = 0; i < 1 << 24; i++) {
		unsigned char text[3] = {(unsigned char)(i >> 16),
		    (unsigned char)(i >> 8), (unsigned char)i};

		for (size_t len = 1; len <= 3; len++) {
			/* Shorter ones once each. */
			if (len < 3 && i & (0xffffffU >> 8 * len))
				continue;
			if (utf8_valid((char *)text, len) != decodes(text, len))
				fail_msg("%zu bytes of %06x", len, i);
		}
	}
}

/* All that can begin a character of four bytes, and what stands about the
 * bounds of each byte. */
TEST(strings_of_four_bytes_are_judged_right)
{
	static const unsigned char edges[] = {0x00, 0x7f, 0x80, 0x8f, 0x90,
	    0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xe0, 0xff};
	unsigned char text[4];

	for (unsigned first = 0xe0; first <= 0xff; first++) {
		for (unsigned second = 0; second <= 0xff; second++) {
			for (size_t i = 0; i < 144; i++) {
				text[0] = (unsigned char)first;
				text[1] = (unsigned char)second;
				text[2] = edges[i / 12];
				text[3] = edges[i % 12];
				if (utf8_valid((char *)text, 4) !=
				    decodes(text, 4))
					fail_msg("%02x %02x %02x %02x", text[0],
					    text[1], text[2], text[3]);
			}
		}
	}
}

TEST(the_bounds_of_rfc_3629_hold)
{
	assert_true(valid("\x7f"));
	assert_true(valid("\xc2\x80"));
	assert_true(valid("\xdf\xbf"));
	assert_true(valid("\xe0\xa0\x80"));
	assert_true(valid("\xed\x9f\xbf"));
	assert_true(valid("\xee\x80\x80"));
	assert_true(valid("\xef\xbf\xbf"));
	assert_true(valid("\xf0\x90\x80\x80"));
	assert_true(valid("\xf4\x8f\xbf\xbf"));
	assert_false(valid("\x80"));
	assert_false(valid("\xc0\x80"));
	assert_false(valid("\xc1\xbf"));
	assert_false(valid("\xe0\x9f\xbf"));
	assert_false(valid("\xed\xa0\x80"));
	assert_false(valid("\xed\xbf\xbf"));
	assert_false(valid("\xf0\x8f\xbf\xbf"));
	assert_false(valid("\xf4\x90\x80\x80"));
	assert_false(valid("\xf5\x80\x80\x80"));
	assert_false(valid("\xf8\x88\x80\x80\x80"));
	assert_false(valid("\xff"));
}

TEST(text_goes_on_after_a_character)
{
	assert_true(valid("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\0z"));
	assert_false(valid("a\xc3\xa9\xe2\x82"));
	assert_false(valid("\xe2\x82\xac\xac"));
	assert_false(valid("\xf0\x9f\x98zzz"));
}

/* The byte after the text belongs to somebody else. */
TEST(nothing_is_read_behind_the_end)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *two = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	static const char whole[] = "\xf4\x8f\xbf\xbf";

	assert_ptr_not_equal(two, MAP_FAILED);
	assert_int_equal(mprotect(two + page, page, PROT_NONE), 0);
	for (size_t len = 0; len <= 4; len++) {
		memcpy(two + page - len, whole, len);
		assert_int_equal(
		    utf8_valid(two + page - len, len), len == 0 || len == 4);
	}
	munmap(two, 2 * page);
}

TEST(what_is_cut_ends_with_a_whole_character)
{
	static const char text[] = "a\u00fcb\u20acc\U0001f600d";
	char out[sizeof(text) + 1];

	for (size_t size = 1; size <= sizeof(text); size++) {
		memset(out, '#', sizeof(out));
		utf8_copy(out, size, text);
		assert_true(utf8_valid(out, strlen(out)));
		assert_memory_equal(out, text, strlen(out));
		/* No more than a character is lost. */
		assert_in_range(strlen(out), size < 4 ? 0 : size - 4, size - 1);
		assert_int_equal(out[size], '#');
	}
	assert_string_equal(out, text);
	utf8_copy(out, 3, "\x80\x80\x80\x80");
	assert_string_equal(out, "");
}

TEST(a_characters_length_is_told)
{
	assert_int_equal(utf8_length("a\u00fc"), 1);
	assert_int_equal(utf8_length("\u00fca"), 2);
	assert_int_equal(utf8_length("\u20aca"), 3);
	assert_int_equal(utf8_length("\U0001f600a"), 4);
	assert_int_equal(utf8_length("\xc3"), 0);
	assert_int_equal(utf8_length("\xe2\x82"), 0);
	assert_int_equal(utf8_length("\x80"), 0);
	assert_int_equal(utf8_length("\xc0\x80"), 0);
}

RUN_TESTS(NULL, NULL)
