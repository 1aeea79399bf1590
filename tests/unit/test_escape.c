/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "common/base/escape.h"
#include "common/format/html.h"

TEST(a_terminal_gets_printable_ascii_alone)
{
	char buf[ESCAPED_SIZE(300)], all[256];

	assert_string_equal(
	    escape("a\033[31m\xc3\xbc\n~\x7f", buf, sizeof(buf)),
	    "a\\x1b[31m\\xc3\\xbc\\x0a~\\x7f");
	for (int c = 1; c < 256; c++)
		all[c - 1] = (char)c;
	all[255] = '\0';
	escape(all, buf, sizeof(buf));
	for (const char *at = buf; *at; at++)
		assert_in_range(*at, 0x20, 0x7e);
	assert_non_null(strstr(buf, "\\xff"));
}

TEST(an_escape_is_never_cut)
{
	char buf[16];

	for (size_t size = 1; size <= 10; size++) {
		memset(buf, '#', sizeof(buf));
		escape("ab\033\033", buf, size);
		assert_true(strlen(buf) < size);
		assert_true(strlen(buf) <= 2 || strlen(buf) % 4 == 2);
		assert_int_equal(buf[size], '#');
	}
}

static void
page_of(const char *text, const char *expected)
{
	char *page;
	size_t size;
	FILE *out = open_memstream(&page, &size);

	assert_non_null(out);
	html_text(out, text);
	fclose(out);
	assert_string_equal(page, expected);
	free(page);
}

TEST(a_page_gets_text_alone)
{
	page_of("<b a='1' c=\"2\">&amp;</b>",
	    "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;amp;&lt;/b&gt;");
	page_of("Gr\u00fc\u00dfe \u20ac \U0001f600\n\t",
	    "Gr\u00fc\u00dfe \u20ac \U0001f600\n\t");
	page_of("a\033[0m\x7f", "a\ufffd[0m\ufffd");
	page_of("\xff\xc3(\xe2\x82", "\ufffd\ufffd(\ufffd\ufffd");
	page_of("\xed\xa0\x80<", "\ufffd\ufffd\ufffd&lt;");
	page_of("\xc2\x85\u00a0", "\ufffd\ufffd\u00a0");
}

TEST(an_element_ends_as_it_began)
{
	char *page;
	size_t size;
	FILE *out = open_memstream(&page, &size);

	assert_non_null(out);
	html_element(out, "td class=\"x\"", "%s %d", "<", 7);
	fclose(out);
	assert_string_equal(page, "<td class=\"x\">&lt; 7</td>");
	free(page);
}

RUN_TESTS(NULL, NULL)
