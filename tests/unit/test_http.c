/* SPDX-License-Identifier: MIT */
/*
 * All input stands flush against a page that cannot be read, so that one byte
 * too far is a crash; and comes in three ways: each prefix anew, each prefix
 * with what the parser kept of the last, and whole.
 */
#include "tests/unit/unit.h"

#include <sys/mman.h>

#include "common/net/http.h"
#include "common/net/http_target.h"

#define ROOM ((size_t)256 * 1024)
#define HOST "Host: a\r\n"

static char *wall; /* the first byte that cannot be read */

static int
build_wall(void **state)
{
	char *room = mmap(NULL, ROOM + 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	if (room == MAP_FAILED || mprotect(room + ROOM, 4096, PROT_NONE) != 0)
		return -1;
	wall = room + ROOM;
	return 0;
}

static const char *
against_wall(const char *bytes, size_t len)
{
	assert_true(len <= ROOM);
	return memcpy(wall - len, bytes, len);
}

/* ---- heads ---- */

static int
parse_whole(const char *bytes, size_t len, struct http_request *request)
{
	request->checked = 0;
	return http_parse(against_wall(bytes, len), len, request);
}

/* The first prefix of which there is something to say, both ways. */
static int
parse(const char *bytes, size_t len, struct http_request *request)
{
	size_t kept = 0;
	int anew = 0;

	for (size_t n = 0; n <= len && anew == 0; n++) {
		int resumed;

		request->checked = kept;
		resumed = http_parse(against_wall(bytes, n), n, request);
		kept = request->checked;
		anew = parse_whole(bytes, n, request);
		if (anew != resumed)
			fail_msg("%d anew, %d resumed after %zu of \"%.*s\"",
			    anew, resumed, n, (int)len, bytes);
	}
	return anew;
}

static void
gives_bytes(const char *bytes, size_t len, int wanted)
{
	struct http_request request;
	int got = parse(bytes, len, &request);
	int whole = parse_whole(bytes, len, &request);

	/* An error may be told by an earlier prefix, but then as the same. */
	if (got != wanted || whole != wanted)
		fail_msg("%d and %d, not %d, for \"%.*s\"", got, whole, wanted,
		    (int)len, bytes);
}

static void
gives(int wanted, const char *head)
{
	gives_bytes(head, strlen(head), wanted);
}

static void
takes(const char *head)
{
	gives((int)strlen(head), head);
}

/* LINE, then a Host field and the end. */
static void
line_gives(int wanted, const char *line)
{
	char head[512];

	snprintf(head, sizeof(head), "%s\r\n" HOST "\r\n", line);
	gives(wanted ? wanted : (int)strlen(head), head);
}

/* FIELDS, each with its line's end, after a request line and Host. */
static void
fields_give(int wanted, const char *fields)
{
	char head[1024];

	snprintf(
	    head, sizeof(head), "GET / HTTP/1.1\r\n" HOST "%s\r\n", fields);
	gives(wanted ? wanted : (int)strlen(head), head);
}

static void
text_is(struct http_slice text, const char *wanted)
{
	if (text.len != strlen(wanted) ||
	    memcmp(text.at, wanted, text.len) != 0)
		fail_msg(
		    "\"%.*s\", not \"%s\"", (int)text.len, text.at, wanted);
}

TEST(request_is_taken_apart)
{
	static const char head[] =
	    "POST /a/b?c=d?e HTTP/1.1\r\nHost: [::1]:80\r\n"
	    "X-Empty:\r\nX-Blank: \t v w \t\r\ncontent-LENGTH: 0012\r\n"
	    "Expect: 100-Continue\r\n\r\nbody";
	struct http_request request;
	int n = parse(head, strlen(head), &request);

	assert_int_equal(n, strlen(head) - 4);
	text_is(request.method, "POST");
	text_is(request.target, "/a/b?c=d?e");
	text_is(request.path, "/a/b");
	assert_int_equal(request.minor, 1);
	assert_int_equal(request.field_count, 5);
	text_is(*http_field(&request, "host"), "[::1]:80");
	text_is(*http_field(&request, "x-empty"), "");
	text_is(*http_field(&request, "x-blank"), "v w");
	assert_null(http_field(&request, "x"));
	assert_int_equal(request.length, 12);
	assert_true(request.expects_100 && request.keep_alive);
	assert_false(request.chunked);
}

TEST(request_line_has_three_parts_and_one_space_between)
{
	static const char *const bad[] = {"", " ", "GET", "GET /", "GET / ",
	    "GET  / HTTP/1.1", "GET /  HTTP/1.1", " GET / HTTP/1.1",
	    "GET / HTTP/1.1 ", "GET /\tHTTP/1.1", "GET\t/ HTTP/1.1",
	    "GET / / HTTP/1.1", "G@T / HTTP/1.1", "GET/ HTTP/1.1",
	    "GET  HTTP/1.1", "/ GET HTTP/1.1", "GET HTTP/1.1",
	    "GET / HTTP/1.1 x", "GET /a b HTTP/1.1", "GE(T / HTTP/1.1",
	    "GE\"T / HTTP/1.1", "GET: / HTTP/1.1", "G\xc9T / HTTP/1.1"};

	line_gives(0, "GET / HTTP/1.1");
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		line_gives(-400, bad[i]);
}

TEST(version_is_of_the_first_major)
{
	static const char *const bad[] = {"GET / http/1.1", "GET / HTTP/1",
	    "GET / HTTP/1.", "GET / HTTP/1.10", "GET / HTTP/11",
	    "GET / HTTP 1.1", "GET / HTTP/x.1", "GET / HTTP//.1",
	    "GET / HTTP/1./", "GET / HTTP/1.x", "GET / HTTPS/1.1",
	    "GET / HTTP/-1.1", "GET / HTTP/01.1", "GET / HTTP/ 1.1",
	    "OPTIONS sip:a SIP/2.0"};

	line_gives(0, "GET / HTTP/1.0");
	line_gives(0, "GET / HTTP/1.9");
	line_gives(-505, "GET / HTTP/2.0");
	line_gives(-505, "GET / HTTP/0.9");
	line_gives(-505, "PRI * HTTP/2.0");
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		line_gives(-400, bad[i]);
}

TEST(method_is_one_that_is_registered)
{
	static const char *const good[] = {"GET", "HEAD", "POST", "PUT",
	    "DELETE", "OPTIONS", "PATCH", "TRACE"};
	char line[64];

	for (size_t i = 0; i < COUNT_OF(good); i++) {
		snprintf(line, sizeof(line), "%s / HTTP/1.1", good[i]);
		line_gives(0, line);
	}
	line_gives(-501, "get / HTTP/1.1");
	line_gives(-501, "GETS / HTTP/1.1");
	line_gives(-501, "GE / HTTP/1.1");
	line_gives(-501, "BREW / HTTP/1.1");
	line_gives(-501, "CONNECT a:1 HTTP/1.1");
	line_gives(-501, "CONNECT a HTTP/1.1");
}

TEST(target_is_a_path_a_url_or_an_asterisk)
{
	static const char *const good[] = {"/", "//", "/a%2Fb", "/?",
	    "/a?b=c&d", "/:@!$&'()*+,;=-._~", "http://a", "http://a/",
	    "HTTP://a?b", "https://a:8/b?c", "http://[::1]:8/", "/?a/b?c",
	    "/../a", "/%00"},
				 *const bad[] = {"*", "a", "a:80", "/a#b",
				     "/a b", "/%", "/%2", "/%g2", "/%2g", "/\"",
				     "/<", "/\\", "/^", "/`", "/{", "/|",
				     "/\xc3\xa4", "/[", "http:", "http:/a",
				     "http://", "http:///a", "ftp://a/",
				     "http://u@a/", "http://a:x/",
				     "http://a:65536/", "http://[::1/",
				     "http://[::g]/", "http://[::1]8/",
				     "http://a/[", "?a", "http://a\\b/",
				     "/?a#b", "/%zz", "/[a]", "/\x7f",
				     "http://:80/", "http://u:p@a/",
				     "file:///a", "javascript:a(1)",
				     "http://a\\@b/", "http://a\x01/"};
	char line[64];

	for (size_t i = 0; i < COUNT_OF(good); i++) {
		snprintf(line, sizeof(line), "GET %s HTTP/1.1", good[i]);
		line_gives(0, line);
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		snprintf(line, sizeof(line), "GET %s HTTP/1.1", bad[i]);
		line_gives(-400, line);
	}
	line_gives(0, "OPTIONS * HTTP/1.1");
	line_gives(-400, "OPTIONS ** HTTP/1.1");
}

TEST(path_is_the_targets_without_host_and_query)
{
	static const struct {
		const char *target, *path;
	} known[] = {{"/", "/"}, {"/a?b", "/a"}, {"/?b", "/"},
	    {"http://a", "/"}, {"http://a?b", "/"},
	    {"http://a:8/b/c?d", "/b/c"}};
	struct http_request request;
	char head[128];

	for (size_t i = 0; i < COUNT_OF(known); i++) {
		snprintf(head, sizeof(head), "GET %s HTTP/1.0\r\n\r\n",
		    known[i].target);
		assert_int_equal(
		    parse(head, strlen(head), &request), strlen(head));
		text_is(request.path, known[i].path);
	}
}

TEST(lines_end_in_cr_lf_alone)
{
	gives(-400, "GET / HTTP/1.1\nHost: a\n\n");
	gives(-400, "GET / HTTP/1.1\r\nHost: a\n\r\n");
	gives(-400, "GET / HTTP/1.1\rHost: a\r\r");
	gives(-400, "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n");
	gives(-400, "GET / HTTP/1.1\r\nHost: a\r\n\n");
	gives(-400, "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n");
	gives(-400, "GET / HTTP/1.1\r\nHost: a\r\n\rX: a\r\n\r\n");
	gives(-400, "GET / HTTP/1.1\r\r\n" HOST "\r\n");
	gives(-400, "\nGET / HTTP/1.1\r\n" HOST "\r\n");
	gives(-400, "\rGET / HTTP/1.1\r\n" HOST "\r\n");
	gives(-400, "\xef\xbb\xbfGET / HTTP/1.1\r\n" HOST "\r\n");
}

TEST(one_empty_line_may_come_first)
{
	takes("\r\nGET / HTTP/1.1\r\n" HOST "\r\n");
	gives(-400, "\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n");
	gives(0, "\r\n");
}

TEST(no_control_byte_is_taken_anywhere)
{
	static const char shape[] =
	    "GET /# HTTP/1.1\r\nHost: a\r\nX#: b#\r\n\r\n";
	char head[sizeof(shape)];

	for (size_t at = 0; at < strlen(shape); at++) {
		for (int c = 0; shape[at] == '#' && c < 0x20; c++) {
			memcpy(head, shape, sizeof(head));
			for (char *mark = head; (mark = strchr(mark, '#'));)
				*mark = '1';
			head[at] = (char)c;
			if (c != '\t' || shape[at - 1] != 'b')
				gives_bytes(head, strlen(shape), -400);
		}
	}
	for (int c = 0; c < 0x20; c++) {
		char line[] = "G?T / HTTP/1.1\r\n" HOST "\r\n";

		line[1] = (char)c;
		gives_bytes(line, strlen(line + 2) + 2, -400);
		memcpy(line, "GET", 3);
		line[13] = (char)c;
		gives_bytes(line, sizeof(line) - 1, -400);
	}
	fields_give(-400, "X: a\x7f\r\n");
	fields_give(0, "X: a\xff\x80\r\n");
}

TEST(field_is_a_name_a_colon_and_a_value)
{
	static const char *const bad[] = {"X\r\n", "X : a\r\n", "X\t: a\r\n",
	    " X: a\r\n", "X: a\r\n b\r\n", "X: a\r\n\tb\r\n", ": a\r\n",
	    "X Y: a\r\n", "X\xe4: a\r\n", "X(: a\r\n", "X\"Y: a\r\n",
	    "X/: a\r\n", "X: a\r\n \r\n", "X@: a\r\n", "X(): a\r\n",
	    "[X]: a\r\n", "X,Y: a\r\n"};

	fields_give(0, "X:\r\n");
	fields_give(0, "X:a\r\n");
	fields_give(0, "!#$%&'*+-.^_`|~9: a\r\n");
	fields_give(0, "X: a: b\r\n");
	fields_give(0, "X: \t a\tb \t\r\nX: \"a\r\n");
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		fields_give(-400, bad[i]);
	gives(-400, "GET / HTTP/1.1\r\n Host: a\r\n\r\n");
}

TEST(host_is_needed_once_and_is_one)
{
	static const char *const good[] = {"a", "a:80", "a:", "127.0.0.1:1",
	    "[::1]", "[::1]:80", "a-b.c_d~", "a%41"},
				 *const bad[] = {"", " ", "a b", "a/b", "u@a",
				     "a:b", "a:65536", "a:99999999999", ":80",
				     "[::1", "[]", "[a]", "[::1]a", "[::1]:x",
				     "a:1:2", "http://a", "a, b", "a?b", "a#b",
				     "%4", "a\xe4", "::1", "a:-1", "a\\b",
				     ("[1111:2222:3333:4444:5555:6666:"
				      "7777:8888:9999:0000:1111]")};
	char head[256];

	for (size_t i = 0; i < COUNT_OF(good); i++) {
		snprintf(head, sizeof(head),
		    "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", good[i]);
		takes(head);
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		snprintf(head, sizeof(head),
		    "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", bad[i]);
		gives(-400, head);
	}
	gives(-400, "GET / HTTP/1.1\r\n\r\n");
	gives(-400, "GET http://a/ HTTP/1.1\r\n\r\n");
	takes("GET / HTTP/1.0\r\n\r\n");
	fields_give(-400, HOST);
	fields_give(-400, "HOST: b\r\n");
	gives(-400, "GET / HTTP/1.1\r\nHost : a\r\n\r\n");
	gives(-400, "GET / HTTP/1.1\r\nHost:\r\n a\r\n\r\n");
	gives(-400, "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n");
}

TEST(length_is_decimal_and_said_once)
{
	static const char *const bad[] = {"", "+5", "-5", "0x5", "5 5", "5,5",
	    "5, 5", "5.", "5e1", "five", "'5'", "\xb2", "a", "0o5", "5,",
	    "5, 6", "\"5\"", "1_0", "5x", "5;",
	    "\x0b"
	    "5"};
	char fields[128];

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		snprintf(
		    fields, sizeof(fields), "Content-Length: %s\r\n", bad[i]);
		fields_give(-400, fields);
	}
	fields_give(0, "Content-Length: 5\r\n");
	fields_give(0, "Content-Length: 0000000000000000000000000000005\r\n");
	fields_give(0, "Content-Length: 1073741824\r\n");
	fields_give(-413, "Content-Length: 1073741825\r\n");
	fields_give(-413, "Content-Length: 2147483648\r\n");
	fields_give(-413, "Content-Length: 18446744073709551616\r\n");
	fields_give(-413, "Content-Length: 18446744073709551621\r\n");
	fields_give(-413, "Content-Length: 99999999999999999999999999999\r\n");
	fields_give(-400, "Content-Length: 5\r\nContent-Length: 5\r\n");
	fields_give(-400, "Content-Length: 5\r\ncontent-length: 6\r\n");
	fields_give(-400, "Content-Length : 5\r\n");
	fields_give(-400, "Content-Length:\r\n 5\r\n");
}

TEST(coding_is_chunked_and_said_once_and_without_a_length)
{
	static const char *const bad[] = {"", "identity", "gzip", "xchunked",
	    "chunkedx", "chunked;a", "\"chunked\"", "chunked, identity",
	    "chunked,", "chunk ed", "cow", "chunk",
	    "\x0b"
	    "chunked",
	    "identity, chunked,", "chunked, gzip"};
	char fields[128];

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		snprintf(fields, sizeof(fields), "Transfer-Encoding: %s\r\n",
		    bad[i]);
		fields_give(-400, fields);
	}
	fields_give(0, "Transfer-Encoding: chunked\r\n");
	fields_give(0, "Transfer-Encoding: \tCHUNKED \r\n");
	fields_give(-501, "Transfer-Encoding: gzip, chunked\r\n");
	fields_give(-501, "Transfer-Encoding: chunked, chunked\r\n");
	fields_give(-501, "Transfer-Encoding: identity, chunked\r\n");
	fields_give(-501, "Transfer-Encoding: ,chunked\r\n");
	fields_give(-400, "Transfer-Encoding : chunked\r\n");
	fields_give(-400, "Transfer-Encoding\t: chunked\r\n");
	fields_give(-400, "Transfer-Encoding:\r\n chunked\r\n");
	fields_give(-400, " Transfer-Encoding: chunked\r\n");
	fields_give(-400, "X: a\nTransfer-Encoding: chunked\r\n");
	fields_give(-400, "X: a\rTransfer-Encoding: chunked\r\n");
	fields_give(-400,
	    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n");
	fields_give(-400,
	    "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n");
	fields_give(-400,
	    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n");
	fields_give(
	    -400, "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n");
	fields_give(
	    -400, "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n");
	gives(-400, "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n");
}

TEST(connection_is_kept_as_the_version_and_the_option_say)
{
	static const struct {
		const char *head;
		bool kept;
	} known[] = {
	    {"GET / HTTP/1.1\r\n" HOST "\r\n", true},
	    {"GET / HTTP/1.0\r\n\r\n", false},
	    {"GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", false},
	    {"GET / HTTP/1.1\r\n" HOST "Connection: a , CLOSE\r\n\r\n", false},
	    {"GET / HTTP/1.1\r\n" HOST "Connection: closed\r\n\r\n", true},
	    {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
	    {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n"
	     "Connection: close\r\n\r\n",
		false},
	};
	struct http_request request;

	for (size_t i = 0; i < COUNT_OF(known); i++) {
		assert_int_equal(
		    parse(known[i].head, strlen(known[i].head), &request),
		    strlen(known[i].head));
		assert_int_equal(request.keep_alive, known[i].kept);
	}
}

TEST(expectation_is_100_continue)
{
	struct http_request request;
	static const char old[] =
	    "GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n";

	fields_give(0, "Expect: 100-continue\r\n");
	fields_give(-417, "Expect: 200-ok\r\n");
	parse(old, strlen(old), &request);
	assert_false(request.expects_100);
}

/* ---- limits ---- */

/* A request line of LEN bytes. */
static size_t
long_line(char *buf, size_t len)
{
	static const char rest[] = " HTTP/1.1\r\n" HOST "\r\n";

	memset(buf, 'a', len);
	memcpy(buf, "GET /", 5);
	memcpy(buf + len - 9, rest, strlen(rest));
	return len - 9 + strlen(rest);
}

TEST(request_line_has_a_limit)
{
	static char head[2 * HTTP_LINE_MAX];
	struct http_request request;
	size_t len = long_line(head, HTTP_LINE_MAX);

	assert_int_equal(parse_whole(head, len, &request), len);
	assert_int_equal(parse(head, len, &request), len);
	len = long_line(head, HTTP_LINE_MAX + 1);
	assert_int_equal(parse_whole(head, len, &request), -414);
	assert_int_equal(parse(head, len, &request), -414);
	/* An empty line before it is no part of it. */
	memcpy(head, "\r\n", 2);
	len = 2 + long_line(head + 2, HTTP_LINE_MAX);
	assert_int_equal(parse(head, len, &request), len);
	/* Without an end, it is told soon after the limit. */
	memset(head, 'a', sizeof(head));
	assert_int_equal(parse_whole(head, HTTP_LINE_MAX + 3, &request), 0);
	assert_int_equal(parse_whole(head, HTTP_LINE_MAX + 4, &request), -414);
}

/* A head of LEN bytes with one long field. */
static size_t
long_head(char *buf, size_t len)
{
	static const char start[] = "GET / HTTP/1.1\r\n" HOST "X: ";

	memset(buf, 'a', len);
	memcpy(buf, start, strlen(start));
	memcpy(buf + len - 4, "\r\n\r\n", 4);
	return len;
}

TEST(head_has_a_limit)
{
	static char head[2 * HTTP_HEAD_MAX];
	struct http_request request;

	long_head(head, HTTP_HEAD_MAX);
	assert_int_equal(
	    parse_whole(head, HTTP_HEAD_MAX, &request), HTTP_HEAD_MAX);
	assert_int_equal(
	    parse_whole(head, sizeof(head), &request), HTTP_HEAD_MAX);
	long_head(head, HTTP_HEAD_MAX + 1);
	assert_int_equal(parse_whole(head, HTTP_HEAD_MAX + 1, &request), -431);
	assert_int_equal(parse_whole(head, HTTP_HEAD_MAX - 1, &request), 0);
	assert_int_equal(parse_whole(head, HTTP_HEAD_MAX, &request), -431);
	assert_int_equal(parse_whole(head, sizeof(head), &request), -431);
}

TEST(fields_have_a_limit)
{
	char head[4096];
	int len = 0;

	len = snprintf(head, sizeof(head), "GET / HTTP/1.1\r\n" HOST);
	for (int i = 1; i < HTTP_FIELDS_MAX; i++)
		len += snprintf(
		    head + len, sizeof(head) - (size_t)len, "a: b\r\n");
	snprintf(head + len, sizeof(head) - (size_t)len, "\r\n");
	takes(head);
	/* One too many, and told without the head's end. */
	snprintf(head + len, sizeof(head) - (size_t)len, "a: b\r\n");
	gives(-431, head);
}

/* An error shows without what comes after it. */
TEST(error_is_told_as_early_as_it_shows)
{
	gives(-400, "\x16\x03\x01"); /* TLS to a plain port */
	gives(-505, "GET / HTTP/3.0\r\n");
	gives(-400, "GET / HTTP/1.1\r\nContent-Length: x\r\n");
	gives(0, "GET / HTTP/1.1\r\nContent-Length: x\r");
	gives(-400, "GET / HTTP/1.1\rx");
}

/* ---- bodies ---- */

/* BYTES in pieces of at most PIECE. Returns how many the body took, or less
 * than 0. */
static long
pass_over(const struct http_request *request, const char *bytes, size_t len,
    size_t piece, bool *done)
{
	struct http_body body;
	size_t at = 0;

	http_body_begin(&body, request);
	http_body_skip(&body, wall, 0, done);
	while (!*done && at < len) {
		size_t n = len - at < piece ? len - at : piece;
		long used =
		    http_body_skip(&body, against_wall(bytes + at, n), n, done);

		if (used < 0)
			return used;
		if (!*done)
			assert_int_equal(used, n);
		at += (size_t)used;
	}
	return (long)at;
}

/* However it is cut: WANTED bytes and the end; or WANTED as the status; or,
 * with 0, all that there is and no end. */
static void
chunks_give(long wanted, const char *bytes)
{
	const struct http_request request = {.chunked = true};
	size_t len = strlen(bytes);

	for (size_t piece = 1; piece <= len; piece++) {
		bool done;
		long got = pass_over(&request, bytes, len, piece, &done);

		if (got != (wanted ? wanted : (long)len) ||
		    done != (wanted > 0))
			fail_msg("%ld, not %ld, in pieces of %zu for \"%s\"",
			    got, wanted, piece, bytes);
	}
}

TEST(body_of_a_length_ends_there)
{
	const struct http_request five = {.length = 5}, none = {0};
	bool done;

	for (size_t piece = 1; piece < 8; piece++) {
		assert_int_equal(
		    pass_over(&five, "12345GET", 8, piece, &done), 5);
		assert_true(done);
		assert_int_equal(pass_over(&five, "1234", 4, piece, &done), 4);
		assert_false(done);
	}
	assert_int_equal(pass_over(&none, "GET", 3, 3, &done), 0);
	assert_true(done);
}

static void
chunks_are_taken(const char *bytes)
{
	char followed[512];

	chunks_give((long)strlen(bytes), bytes);
	snprintf(followed, sizeof(followed), "%sGET", bytes);
	chunks_give((long)strlen(bytes), followed);
}

TEST(chunked_body_ends_after_its_last_chunk)
{
	chunks_are_taken("0\r\n\r\n");
	chunks_are_taken("5\r\n12345\r\n0\r\n\r\n");
	chunks_are_taken("a\r\n0123456789\r\n1\r\nx\r\n000\r\n\r\n");
	chunks_are_taken("B\r\n\r\n0\r\n\r\n\r\n\r\n\r\n0\r\n\r\n");
	chunks_are_taken("0000000000000001\r\nx\r\n0\r\n\r\n");
	chunks_give(0, "5\r\n1234");
	chunks_give(0, "5\r\n12345\r\n");
	chunks_give(0, "0\r\n");
	chunks_give(0, "0\r\na: b\r\n");
}

TEST(chunk_size_is_hexadecimal_and_short)
{
	static const char *const bad[] = {"\r\n", "x\r\n", "0x5\r\n", "+5\r\n",
	    "-5\r\n", " 5\r\n", "5 \r\n", "5\n", "5\r5", "5\n12345", "5,5\r\n",
	    "5\r\n12345X", "5\r\n12345\n", "5\r\n123456\r\n", "5\r\n12345\rX",
	    "5 5\r\n", "00000000000000005\r\n", "fffffffffffffffff\r\n",
	    "5\r\n12345\r\n\r\n", "g\r\n", "G\r\n", "@\r\n", ";a\r\n",
	    "5\t\r\n", "1_0\r\n"};

	for (size_t i = 0; i < COUNT_OF(bad); i++)
		chunks_give(-400, bad[i]);
}

TEST(chunk_extension_has_a_grammar_and_a_limit)
{
	static const char *const good[] = {"0;a\r\n\r\n", "0;a=b\r\n\r\n",
	    "0;a=\"b\"\r\n\r\n", "0;a=\"\\\"\"\r\n\r\n", "0;a;b=c;d\r\n\r\n",
	    "0;ab=cd;ef\r\n\r\n", "0 ; a = b ; c\r\n\r\n",
	    "0\t;\ta=\t\"\tb c;\"\t;d\r\n\r\n"},
				 *const bad[] = {"0;\r\n", "0;;\r\n", "0;=\r\n",
				     "0;a=\r\n", "0;a=\"b\r\n", "0;a=b\"\r\n",
				     "0;a=\"b\"c\r\n", "0;a\n", "0;a\rx",
				     "0;a\rb\r\n", "0;a b\r\n", "0;a=b c\r\n",
				     "0;a=b \r\n", "0;a \r\n",
				     "0;a=\"\x01\"\r\n", "0;a=\"\\\x01\"\r\n",
				     "0;a=@\r\n", "0; \r\n"};
	char chunk[300];

	for (size_t i = 0; i < COUNT_OF(good); i++)
		chunks_are_taken(good[i]);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		chunks_give(-400, bad[i]);
	/* "a..." and a CR are all that is counted. */
	for (int len = 254; len < 258; len++) {
		snprintf(chunk, sizeof(chunk), "0;%0*d\r\n\r\n", len, 0);
		chunks_give(len <= 255 ? (long)strlen(chunk) : -400, chunk);
	}
}

TEST(trailers_are_passed_over_and_bounded)
{
	static char many[HTTP_TRAILERS_MAX + 8];

	chunks_are_taken("0\r\na: b\r\nc:\r\n\r\n");
	chunks_are_taken("0\r\nabc: d\r\n\r\n");
	chunks_give(-400, "0\r\n a: b\r\n");
	chunks_give(-400, "0\r\na : b\r\n");
	chunks_give(-400, "0\r\na\r\n");
	chunks_give(-400, "0\r\n: b\r\n");
	chunks_give(-400, "0\r\na: b\n\r\n");
	chunks_give(-400, "0\r\na: \x01\r\n");
	chunks_give(-400, "0\r\na: b\r\n\n");
	chunks_give(-400, "0\r\na: b\rx");
	chunks_give(-400, "0\r\n\rx");
	chunks_give(-400, "0\r\na: b\r\n c\r\n");
	chunks_give(-400, "0\r\n\n");
	chunks_give(-400, "0\n\n");
	memset(many, 'a', sizeof(many) - 1);
	memcpy(many, "0\r\na:", 5);
	chunks_give(-431, many);
}

TEST(chunks_have_a_limit_together)
{
	/* As if a GiB less a byte had come. */
	const struct http_request request = {.chunked = true};
	struct http_body body;
	bool done;

	chunks_give(-413, "40000001\r\n");
	chunks_give(-413, "80000000\r\n");
	chunks_give(-413, "ffffffffffffffff\r\n");
	http_body_begin(&body, &request);
	body.total = HTTP_BODY_MAX - 1;
	assert_int_equal(http_body_skip(&body, "1\r\nx\r\n", 6, &done), 6);
	assert_int_equal(http_body_skip(&body, "1\r\n", 3, &done), -413);
}

/* ---- WebSocket ---- */

#define KEY "Sec-WebSocket-Key: dGhlIHNhb+/sZSBub25jZQ==\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define UPGRADE "Upgrade: websocket\r\nConnection: Upgrade\r\n"

static void
handshake_gives(int wanted, const char *line, const char *fields)
{
	struct http_request request;
	struct http_slice key = {0};
	char head[1024];
	int got;

	snprintf(head, sizeof(head), "%s\r\n" HOST "%s\r\n", line, fields);
	assert_int_equal(
	    parse_whole(head, strlen(head), &request), strlen(head));
	got = http_websocket(&request, &key);
	if (got != wanted)
		fail_msg("%d, not %d, for \"%s\"", got, wanted, head);
	if (got == 101)
		text_is(key, "dGhlIHNhb+/sZSBub25jZQ==");
}

static struct http_request
request_with(const char *target, const char *fields)
{
	struct http_request request;
	char head[512];

	snprintf(
	    head, sizeof(head), "GET %s HTTP/1.1\r\n%s\r\n", target, fields);
	assert_int_equal(
	    parse_whole(head, strlen(head), &request), strlen(head));
	return request;
}

static void
origin_over_is_own(const char *scheme, bool wanted, const char *fields)
{
	struct http_request request = request_with("/", fields);

	if (http_same_origin(&request, scheme) != wanted)
		fail_msg("not %d for \"%s\"", wanted, fields);
}

static void
origin_is_own(bool wanted, const char *fields)
{
	origin_over_is_own("http", wanted, fields);
}

TEST(only_pages_of_its_own_host_are_of_the_same_origin)
{
	origin_is_own(true, "Host: a:7\r\n");
	origin_is_own(true, "Host: a:7\r\nOrigin: http://a:7\r\n");
	origin_is_own(true, "Host: a\r\nOrigin: HTTP://A\r\n");
	origin_is_own(true, "Host: a:80\r\nOrigin: http://a\r\n");
	origin_is_own(true, "Host: a\r\nOrigin: http://a:80\r\n");
	origin_is_own(true, "Host: a:\r\nOrigin: http://a\r\n");
	origin_is_own(true, "Host: [::1]:80\r\nOrigin: http://[::1]\r\n");
	origin_is_own(false, "Host: a:443\r\nOrigin: http://a\r\n");
	origin_is_own(false, "Host: a\r\nOrigin: http://\r\n");
	origin_is_own(false, "Host: a\r\nOrigin: http://aa\r\n");
	origin_is_own(false, "Host: a\r\nOrigin: http://a/\r\n");
	origin_is_own(false, "Host: a\r\nOrigin: ws://a\r\n");
	origin_is_own(false, "Host: a\r\nOrigin: http://a http://a\r\n");
	origin_is_own(
	    false, "Host: a\r\nOrigin: http://a\r\nOrigin: http://a\r\n");
	origin_is_own(false, "Host: a\r\nOrigin:\r\n");
	origin_is_own(false, "Host: a\r\nOrigin: http://a:7\r\n");
	origin_is_own(false, "Host: a:7\r\nOrigin: http://b:7\r\n");
	origin_is_own(false, "Host: a:7\r\nOrigin: http://a:77\r\n");
	origin_is_own(false, "Host: a:7\r\nOrigin: null\r\n");
	origin_is_own(false, "Host: a:7\r\nOrigin: a:7\r\n");
}

TEST(another_scheme_is_another_origin)
{
	origin_is_own(false, "Host: a\r\nOrigin: https://a\r\n");
	origin_over_is_own("https", true, "Host: a\r\nOrigin: https://a\r\n");
	origin_over_is_own(
	    "https", true, "Host: a\r\nOrigin: https://a:443\r\n");
	origin_over_is_own("https", false, "Host: a\r\nOrigin: http://a\r\n");
	/* A proxy is before us. */
	origin_over_is_own(NULL, true, "Host: a\r\nOrigin: https://a\r\n");
	origin_over_is_own(NULL, true, "Host: a\r\nOrigin: http://a\r\n");
	origin_over_is_own(NULL, false, "Host: a\r\nOrigin: ws://a\r\n");
}

TEST(the_host_of_the_target_counts)
{
	struct http_request request;

	request = request_with("http://b:7/x?y", "Host: a\r\n");
	text_is(request.authority, "b:7");
	assert_false(request.https);
	request = request_with("https://[::1]", "Host: a\r\n");
	text_is(request.authority, "[::1]");
	assert_true(request.https);
	request = request_with("/", "Host: a\r\n");
	text_is(request.authority, "a");
	assert_false(request.https);
}

TEST(only_names_of_the_loopback_are_local)
{
	static const char *const local[] = {"localhost", "LocalHost:7007",
	    "localhost.", "a.b.localhost", "x.localhost.:80", "127.0.0.1:7007",
	    "127.255.0.9", "[::1]", "[::1]:7007", "[::ffff:127.0.0.1]"};
	static const char *const foreign[] = {"evil.example",
	    "evil.example:7007", "localhost.evil.example", "xlocalhost",
	    "127.0.0.1.evil.example", "localhost.evil", "128.0.0.1", "0.0.0.0",
	    "[::2]", "[::ffff:1.2.3.4]", "a", "unix", "l%6fcalhost"};
	struct http_request request;
	char fields[256];

	for (size_t i = 0; i < COUNT_OF(local) + COUNT_OF(foreign); i++) {
		bool wanted = i < COUNT_OF(local);
		const char *host =
		    wanted ? local[i] : foreign[i - COUNT_OF(local)];

		snprintf(fields, sizeof(fields), "Host: %s\r\n", host);
		request = request_with("/", fields);
		if (http_host_is_local(&request) != wanted)
			fail_msg("not %d: %s", wanted, host);
	}
}

TEST(what_need_not_be_escaped_is_the_same_path)
{
	static const char *const others[] = {"/%57ho", "/%2Fwho", "/%2fwho",
	    "/%2577ho", "/who%3Fa", "/who%00", "/who%20", "/who%61", "/%77h",
	    "/%F7ho", "//who", "/../who"};
	struct http_request request;

	request = request_with("/%77h%6F", HOST);
	assert_true(http_path_is(&request, "/who"));
	assert_false(http_path_is(&request, "/whoo"));
	assert_false(http_path_is(&request, "/wh"));
	request = request_with("/%2D%2e%5F%7e%41%39", HOST);
	assert_true(http_path_is(&request, "/-._~A9"));
	request = request_with("/a%2Fb%25%00", HOST);
	assert_false(http_path_is(&request, "/a/b%"));
	assert_true(http_path_is(&request, "/a%2Fb%25%00"));
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		request = request_with(others[i], HOST);
		if (http_path_is(&request, "/who"))
			fail_msg("\"%s\" is /who", others[i]);
	}
}

TEST(handshake_is_what_the_rfc_says)
{
	static const char get[] = "GET /echo HTTP/1.1";

	handshake_gives(101, get, UPGRADE KEY VERSION);
	handshake_gives(101, get,
	    "upgrade: h2c, WebSocket\r\nconnection: keep-alive, upgrade\r\n" KEY
		VERSION);
	handshake_gives(
	    101, get, "Upgrade: h2c\r\nConnection: a\r\n" UPGRADE KEY VERSION);
	handshake_gives(0, get, "");
	handshake_gives(0, get, "Upgrade: websocket\r\n" KEY VERSION);
	handshake_gives(0, get, "Connection: upgrade\r\n" KEY VERSION);
	handshake_gives(
	    0, get, "Upgrade: h2c\r\nConnection: upgrade\r\n" KEY VERSION);
	handshake_gives(0, "GET / HTTP/1.0", UPGRADE KEY VERSION);
	handshake_gives(400, "POST / HTTP/1.1", UPGRADE KEY VERSION);
	handshake_gives(400, get, UPGRADE KEY VERSION "Content-Length: 1\r\n");
	handshake_gives(
	    400, get, UPGRADE KEY VERSION "Transfer-Encoding: chunked\r\n");
	handshake_gives(426, get, UPGRADE KEY);
	handshake_gives(426, get, UPGRADE KEY "Sec-WebSocket-Version: 8\r\n");
	handshake_gives(
	    426, get, UPGRADE KEY "Sec-WebSocket-Version: 13, 8\r\n");
	handshake_gives(426, get, UPGRADE KEY VERSION VERSION);
	handshake_gives(400, get, UPGRADE VERSION);
	handshake_gives(400, get, UPGRADE VERSION KEY KEY);
}

TEST(handshake_key_is_sixteen_bytes_in_base64)
{
	static const char *const bad[] = {"",
	    "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ===",
	    "dGhlIHNhbXBsZSBub25jZR==", "dGhlIHNhbXBsZSBub25jZQQQ",
	    "dGhlIHNhbXBsZSBub2 jZQ==", "dGhlIHNhbXBsZSBub2-jZQ==",
	    "dGhlIHNhbXBsZSBub25jZQ==,", "dGhl{HNhbXBsZSBub25jZQ==",
	    "dGhl[HNhbXBsZSBub25jZQ==", "dGhl:HNhbXBsZSBub25jZQ=="};
	char fields[256];

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		snprintf(fields, sizeof(fields),
		    UPGRADE VERSION "Sec-WebSocket-Key: %s\r\n", bad[i]);
		handshake_gives(400, "GET / HTTP/1.1", fields);
	}
}

TEST(a_head_is_known_by_its_first_word)
{
	static const struct {
		const char *bytes;
		bool head;
	} cases[] = {{"", false}, {"H", true}, {"HEAD", true}, {"HEAD ", true},
	    {"HEB", false}, {"HEAD \x01", true}, {"\r\nHEAD /", true},
	    {"\r", false}, {"HEADS /", false}, {"head /", false},
	    {"GET /HEAD ", false}};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		size_t len = strlen(cases[i].bytes);

		assert_int_equal(
		    http_begins_head(against_wall(cases[i].bytes, len), len),
		    cases[i].head);
	}
}

RUN_TESTS(build_wall, NULL)
