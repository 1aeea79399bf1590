/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "common/service/chat_first.h"

static const struct {
	const char *bytes;
	enum chat_first first;
} CASES[] = {
    {"", CHAT_UNDECIDED},
    {"G", CHAT_UNDECIDED},
    {"GET", CHAT_UNDECIDED},
    {"GET ", CHAT_UNDECIDED},
    {"HELLO", CHAT_UNDECIDED},
    {"GET ht", CHAT_UNDECIDED},
    {"GET HTT", CHAT_UNDECIDED},
    {"GET /", CHAT_HALF_REQUEST},
    {"GET / HT", CHAT_HALF_REQUEST},
    {"GET / HTTP/1.1", CHAT_HALF_REQUEST},
    {"GET / HTTP/1.1\r", CHAT_HALF_REQUEST},
    {"OPTIONS * HT", CHAT_HALF_REQUEST},
    {"GET http://a/ HT", CHAT_HALF_REQUEST},
    {"GET HTTP://a", CHAT_HALF_REQUEST},
    {"GET / HTTP/1.1\n", CHAT_REQUEST},
    {"GET / HTTP/1.1\r\n", CHAT_REQUEST},
    {"GET / HTTP/1.1\r\nHost: a\r\n", CHAT_REQUEST},
    {"GET /\tx HTTP/1.1\r\n", CHAT_REQUEST},
    {"OPTIONS * HTTP/1.1\r\n", CHAT_REQUEST},
    {"CONNECT a:443 HTTP/1.1\r\n", CHAT_REQUEST},
    {"PRI * HTTP/2.0\r\n", CHAT_REQUEST},
    {"\n", CHAT_LINE},
    {"\r\n", CHAT_LINE},
    {" ", CHAT_LINE},
    {"h", CHAT_LINE},
    {"half a li", CHAT_LINE},
    {"I am", CHAT_LINE},
    {"I h", CHAT_UNDECIDED},
    {"I have", CHAT_LINE},
    {"HELLO!", CHAT_LINE},
    {"GET out", CHAT_LINE},
    {"GET /\n", CHAT_LINE},
    {"GET /away from here\r\n", CHAT_LINE},
    {"GET / HTTP/1.10\n", CHAT_LINE},
    {"get / HTTP/1.1\n", CHAT_LINE},
    {" HTTP/1.1\n", CHAT_LINE},
    {"A HTTP/1.1\n", CHAT_LINE},
    {"said\nGET / HTTP/1.1\n", CHAT_LINE},
    {"\r\nGET / HTTP/1.1\n", CHAT_LINE},
    {"\x16\x03\x01", CHAT_LINE},
};

TEST(the_first_bytes_tell_a_request_from_a_line)
{
	for (size_t i = 0; i < COUNT_OF(CASES); i++) {
		size_t len = strlen(CASES[i].bytes);
		char *copy = malloc(len ? len : 1); /* no byte behind them */

		memcpy(copy, CASES[i].bytes, len);
		if (chat_first(copy, len) != CASES[i].first)
			fail_msg("\"%s\" is %d", CASES[i].bytes,
			    (int)chat_first(copy, len));
		free(copy);
	}
}

/* What was decided of some bytes holds with more of them, but that half a
 * request may turn out to be a line. */
TEST(more_bytes_change_no_decision)
{
	for (size_t i = 0; i < COUNT_OF(CASES); i++) {
		enum chat_first last = CHAT_UNDECIDED;

		/* Its target looks like a word, until the version comes. */
		if (strncmp(CASES[i].bytes, "CONNECT", 7) == 0)
			continue;
		for (size_t n = 0; n <= strlen(CASES[i].bytes); n++) {
			enum chat_first now = chat_first(CASES[i].bytes, n);

			if (last == CHAT_LINE || last == CHAT_REQUEST)
				assert_int_equal(now, last);
			if (last == CHAT_HALF_REQUEST)
				assert_int_not_equal(now, CHAT_UNDECIDED);
			last = now;
		}
	}
}

RUN_TESTS(NULL, NULL)
