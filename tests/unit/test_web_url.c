/* SPDX-License-Identifier: MIT */
/* web_url: what is taken from a URL, and what is refused. */
#include "tests/unit/unit.h"

#include "common/net/web_url.h"

TEST(a_url_is_taken_apart)
{
	static const struct {
		const char *text, *address, *authority, *path;
	} cases[] = {
	    {"http://a", "a:80", "a", "/"},
	    {"http://a/", "a:80", "a", "/"},
	    {"http://a:/", "a:80", "a", "/"},
	    {"http://a:80/", "a:80", "a", "/"},
	    {"http://a:080/", "a:80", "a", "/"},
	    {"http://a:8080/b/c?d=e&f", "a:8080", "a:8080", "/b/c?d=e&f"},
	    {"http://a:443", "a:443", "a:443", "/"},
	    {"HTTP://Www.Example.ORG/Q", "Www.Example.ORG:80",
		"Www.Example.ORG", "/Q"},
	    {"https://a", "tls:a:443", "a", "/"},
	    {"HttpS://a:443/", "tls:a:443", "a", "/"},
	    {"https://a:80", "tls:a:80", "a:80", "/"},
	    {"ws://a/echo", "a:80", "a", "/echo"},
	    {"wss://a:8443/echo", "tls:a:8443", "a:8443", "/echo"},
	    /* only the path's own begins with a slash */
	    {"http://a?b", "a:80", "a", "/?b"},
	    {"http://a:7?b/c", "a:7", "a:7", "/?b/c"},
	    /* a fragment is not sent */
	    {"http://a#b", "a:80", "a", "/"},
	    {"http://a/b#c?d", "a:80", "a", "/b"},
	    {"http://a?b#c#d", "a:80", "a", "/?b"},
	    /* as typed */
	    {"http://a/%7Eb/%zz/../c//d", "a:80", "a", "/%7Eb/%zz/../c//d"},
	    {"http://a/[b]{c}|\\^\"<>`", "a:80", "a", "/[b]{c}|\\^\"<>`"},
	    {"http://a/b@c:d", "a:80", "a", "/b@c:d"},
	    {"http://a/http://b:9/", "a:80", "a", "/http://b:9/"},
	    /* addresses */
	    {"http://127.0.0.1:7/", "127.0.0.1:7", "127.0.0.1:7", "/"},
	    {"http://[::1]", "[::1]:80", "[::1]", "/"},
	    {"http://[::1]:80/", "[::1]:80", "[::1]", "/"},
	    {"http://[::1]:8080?x", "[::1]:8080", "[::1]:8080", "/?x"},
	    {"https://[::1]/", "tls:[::1]:443", "[::1]", "/"},
	    /* a zone means something here alone */
	    {"http://[fe80::1%25lo]:8/", "[fe80::1%lo]:8", "[fe80::1]:8", "/"},
	    {"http://[fe80::1%lo]/", "[fe80::1%lo]:80", "[fe80::1]", "/"},
	};
	struct web_url url;
	char why[200];

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_true(web_url_is(cases[i].text));
		if (web_url_parse(cases[i].text, &url, why, sizeof(why)) < 0)
			fail_msg("%s: %s", cases[i].text, why);
		assert_string_equal(url.address, cases[i].address);
		assert_string_equal(url.authority, cases[i].authority);
		assert_string_equal(url.path, cases[i].path);
		assert_int_equal(url.has_path,
		    strcmp(url.path, "/") != 0 ||
			strcmp(cases[i].text + strlen(cases[i].text) - 1,
			    "/") == 0);
		assert_int_equal(
		    url.websocket, strncmp(cases[i].text, "ws", 2) == 0);
		web_url_release(&url);
		web_url_release(&url);
	}
}

TEST(other_texts_are_no_url)
{
	static const char *const texts[] = {"", "http", "http:80", "http:/a",
	    "ws:7007", "a:80", "httpx://a", "ftp://a", "tls:a:443", " http://a",
	    "//a"};

	for (size_t i = 0; i < COUNT_OF(texts); i++)
		assert_false(web_url_is(texts[i]));
}

TEST(a_url_that_is_wrong_is_told_why)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
	    {"http://", "no host"},
	    {"http:///a", "no host"},
	    {"http://:80/", "no host"},
	    {"http://?a", "no host"},
	    {"http://#a", "no host"},
	    {"http://u@a/", "user name"},
	    {"http://u:p@a:80/", "--header 'Authorization: Basic BASE64'"},
	    {"http://@a", "user name"},
	    {"http://good\\@evil/", "user name"},
	    {"http://a:0/", "port 0"},
	    {"http://a:65536/", "the highest port is 65535"},
	    {"http://a:99999999999999999999/", "the highest port"},
	    {"http://a:-1/", "-1 is not a number"},
	    {"http://a:8a/", "8a is not a number"},
	    {"http://a: 80/", "is not a number"},
	    {"http://::1/", "needs brackets"},
	    {"http://a:b:80/", "needs brackets"},
	    {"http://[::1", "not closed"},
	    {"http://[::1/", "not closed"},
	    {"http://[]/", "not an IPv6 address"},
	    {"http://[::g]/", "not an IPv6 address"},
	    {"http://[127.0.0.1]/", "not an IPv6 address"},
	    {"http://[::1]8/", "after its bracket"},
	    {"http://[::1]a:8/", "after its bracket"},
	    {"http://[fe80::1]/", "needs its interface"},
	    {"http://[fe80::1%25none0]/", "no interface \"none0\""},
	    {"http://[1234:1234:1234:1234:1234:1234:1234:1234%25"
	     "0123456789012345678901234567890]/",
		"too long"},
	    {"http://a b/", "its host cannot have a blank"},
	    {"http://a\tb/", "its host cannot have"},
	    {"http://a\\b/", "its host cannot have \\"},
	    {"http://a%41/", "its host cannot have %"},
	    {"http://a[/", "its host cannot have ["},
	    {"http://a\x7f/", "its host"},
	    {"http://b\xc3\xbc"
	     "cher.example/",
		"begins with xn--"},
	    {"http://a/b c", "a blank in its path: write %20 instead"},
	    {"http://a/b\nc", "a control character in its path: write %0A"},
	    {"http://a/b\x7f", "a control character in its path: write %7F"},
	    {"http://a/\xc3\xbc", "not ASCII in its path: write %C3%BC"},
	    {"http://a/\xe4\xbd\xa0?", "write %E4%BD%A0 instead"},
	    {"http://a/\xf0\x9f\x98\x80", "write %F0%9F%98%80 instead"},
	    {"http://a/\xff", "write %FF instead"},
	    {"http://a/\x80\x80\x80\x80\x80\x80", "write %80%80%80%80 instead"},
	    {"http://a?\r\nHost: b", "write %0D instead"},
	};
	struct web_url url;
	char why[200];

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_true(web_url_is(cases[i].text));
		if (web_url_parse(cases[i].text, &url, why, sizeof(why)) == 0)
			fail_msg("taken: %s", cases[i].text);
		if (!strstr(why, cases[i].why))
			fail_msg("%s: %s", cases[i].text, why);
	}
}

/* The longest name that DNS has, and one byte more. */
TEST(a_long_host_fits)
{
	char text[400], name[256], why[200];
	struct web_url url;

	memset(name, 'a', 254);
	name[254] = '\0';
	snprintf(text, sizeof(text), "https://%s:65535/", name + 1);
	assert_int_equal(web_url_parse(text, &url, why, sizeof(why)), 0);
	assert_string_equal(url.authority + 253, ":65535");
	assert_string_equal(url.address + 257, ":65535");
	web_url_release(&url);
	snprintf(text, sizeof(text), "https://%s:65535/", name);
	assert_int_equal(web_url_parse(text, &url, why, sizeof(why)), -1);
	assert_non_null(strstr(why, "254 bytes"));
}

/* Random bytes after the scheme: whatever is taken can be written in a line of
 * a request. */
TEST(what_is_taken_has_no_blank_and_no_line_break)
{
	static const char some[] = "ab.:/?#@[]%25 \t\r\n\\1\xc3\xbc\x7f";
	uint64_t random = RANDOM_FIXED_STATE;
	struct web_url url;
	size_t taken = 0;
	char text[64], why[200];

	for (int i = 0; i < 200000; i++) {
		size_t len = strlen(strcpy(text, "http://"));
		size_t more = random_next(&random) % 12;

		for (size_t k = 0; k < more; k++)
			text[len++] =
			    some[random_next(&random) % (sizeof(some) - 1)];
		text[len] = '\0';
		if (web_url_parse(text, &url, why, sizeof(why)) < 0) {
			assert_true(why[0]);
			continue;
		}
		assert_int_equal(url.path[0], '/');
		for (const char *c = url.path; *c; c++)
			assert_true(*c > ' ' && *c < 0x7f);
		for (const char *c = url.authority; *c; c++)
			assert_true(*c > ' ' && *c < 0x7f && *c != '@');
		taken++;
		web_url_release(&url);
	}
	assert_true(taken > 1000);
}

RUN_TESTS(NULL, NULL)
