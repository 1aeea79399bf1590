/* SPDX-License-Identifier: MIT */
/* http_response: good and bad responses, in pieces of all sizes. */
#include "tests/unit/unit.h"

#include "common/load/http_response.h"

/* One run of a response through the parser. */
struct parse_result {
	struct http_response reply;
	char body[4096];
	size_t body_len;
	size_t used;
};

/* Parses TEXT in pieces of PIECE bytes, each at the end of its own memory: so
 * sanitizers report a byte too far. */
static void
feed_after(struct parse_result *o, bool head, const char *text, size_t len,
    size_t piece)
{
	memset(o, 0, sizeof(*o));
	http_response_begin(&o->reply, head);
	while (o->used < len && !http_response_over(&o->reply)) {
		size_t n = piece < len - o->used ? piece : len - o->used;
		char *copy = malloc(n);
		struct http_piece body;
		size_t took;

		assert_non_null(copy);
		memcpy(copy, text + o->used, n);
		took = http_response_feed(&o->reply, copy, n, &body);
		assert_true(took > 0 && took <= n);
		assert_true(o->body_len + body.len <= sizeof(o->body));
		memcpy(o->body + o->body_len, body.at, body.len);
		o->body_len += body.len;
		o->used += took;
		free(copy);
	}
}

static void
feed(struct parse_result *o, const char *text, size_t len, size_t piece)
{
	feed_after(o, false, text, len, piece);
}

static const size_t PIECES[] = {1, 2, 3, 7, 4096};

#define HEAD "HTTP/1.1 200 OK\r\n"

static const struct {
	const char *text, *body;
	int status;
	bool keep_alive;
} GOOD[] = {
    {HEAD "Content-Length: 5\r\n\r\nhello", "hello", 200, true},
    {HEAD "content-length:5  \r\n\r\nhello", "hello", 200, true},
    {HEAD "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", "hello", 200,
	true},
    {HEAD "Content-Length: 0\r\n\r\n", "", 200, true},
    {"HTTP/1.1 204 No Content\r\n\r\n", "", 204, true},
    {"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "", 304, true},
    {"HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\nx", "x", 200, true},
    {HEAD "Connection: close\r\nContent-Length: 1\r\n\r\nx", "x", 200, false},
    {HEAD "Connection: x, Close\r\nContent-Length: 1\r\n\r\nx", "x", 200,
	false},
    {HEAD "Connection: closed\r\nContent-Length: 1\r\n\r\nx", "x", 200, true},
    {"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", "x", 200, false},
    {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx",
	"x", 200, true},
    {HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "hello",
	200, true},
    {HEAD "Transfer-Encoding: gzip, Chunked\r\nContent-Length: 2\r\n\r\n"
	  "1;a=b\r\nh\r\n0A\r\nello world\r\n0\r\nTrailer: x\r\n\r\n",
	"hello world", 200, true},
    {"HTTP/1.1 100 Continue\r\n\r\n"
     "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" HEAD
     "Content-Length: 1\r\n\r\nx",
	"x", 200, true},
    {"HTTP/1.1 503 Full\r\nContent-Length: 3\r\n\r\nno\n", "no\n", 503, true},
    /* Irregular, but RFC 9110 and 9112 tell a client to accept it. */
    {HEAD "X: a\r\n b\r\nContent-Length: 1\r\n\r\nx", "x", 200, true},
    {HEAD "Content-Length:\r\n\t 1\r\n\r\nx", "x", 200, true},
    {HEAD "Connection: x,\r\n close\r\nContent-Length: 1\r\n\r\nx", "x", 200,
	false},
    {HEAD "Content-Length: 1\r\n \r\n\r\nx", "x", 200, true},
    {HEAD " X: folded to nothing\r\nContent-Length: 1\r\n\r\nx", "x", 200,
	true},
    {"HTTP/1.1 200 OK\nContent-Length: 1\n\nx", "x", 200, true},
    {HEAD "Transfer-Encoding: chunked\n\n1\nx\n0\n\n", "x", 200, true},
    {"HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx", "x", 200, true},
    {"HTTP/1.1  200 \t OK\r\nContent-Length: 1\r\n\r\nx", "x", 200, true},
    {"HTTP/1.1 200 \xe4\xff\r\nX: \xe4\r\nContent-Length: 1\r\n\r\nx", "x", 200,
	true},
    {"HTTP/1.1 999 No\r\nContent-Length: 1\r\n\r\nx", "x", 999, true},
    {HEAD "Content-Length : 1\r\n\r\nx", "x", 200, true},
    {HEAD "two words: x\r\n: x\r\nContent-Length: 1\r\n\r\nx", "x", 200, true},
    {HEAD "Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n"
	  "001 ; a=\"b\"\r\nx\r\n0\r\nA: b\r\n c\r\n\r\n",
	"x", 200, true},
    {HEAD "X: a\rb\r\nContent-Length: 1\r\n\r\nx", "x", 200, true},
    {HEAD "Content-Length: 1, 1\r\nContent-Length: 01\r\n\r\nx", "x", 200,
	true},
    {HEAD "Content-Length: five\r\nTransfer-Encoding: chunked\r\n\r\n"
	  "1 ;a\r\nx\r\n0\r\n\r\n",
	"x", 200, true},
    {HEAD "Transfer-Encoding: identity\r\nContent-Length: 1\r\n\r\nx", "x", 200,
	true},
    {HEAD "Transfer-Encoding: , gzip ,\r\nTransfer-Encoding: chunked,\r\n\r\n"
	  "1\r\nx\r\n0\r\n\r\n",
	"x", 200, true},
    {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n"
     "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
	"x", 200, false},
    {HEAD "Connection: close\r\nConnection: keep-alive\r\n"
	  "Content-Length: 1\r\n\r\nx",
	"x", 200, false},
    {"HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\nContent-Length: x\r\n"
     "\r\n",
	"", 204, true},
};

TEST(good_responses_are_accepted_in_pieces_of_any_size)
{
	struct parse_result o;

	for (size_t i = 0; i < COUNT_OF(GOOD); i++) {
		for (size_t p = 0; p < COUNT_OF(PIECES); p++) {
			size_t len = strlen(GOOD[i].text);

			feed(&o, GOOD[i].text, len, PIECES[p]);
			if (o.reply.state != HTTP_DONE)
				fail_msg("%s: state %d (%s)", GOOD[i].text,
				    (int)o.reply.state, o.reply.why);
			assert_int_equal(o.used, len);
			assert_int_equal(o.reply.status, GOOD[i].status);
			assert_int_equal(o.body_len, strlen(GOOD[i].body));
			assert_memory_equal(o.body, GOOD[i].body, o.body_len);
			assert_int_equal(
			    o.reply.keep_alive, GOOD[i].keep_alive);
		}
	}
}

/* For each good response: any beginning of it is neither bad nor complete. */
TEST(a_part_of_a_response_is_not_complete)
{
	struct parse_result o;

	for (size_t i = 0; i < COUNT_OF(GOOD); i++) {
		for (size_t len = 1; len < strlen(GOOD[i].text); len++) {
			feed(&o, GOOD[i].text, len, 4096);
			assert_false(http_response_over(&o.reply));
			assert_false(http_response_end(&o.reply));
		}
	}
}

TEST(bytes_after_a_response_are_not_consumed)
{
	struct parse_result o;

	for (size_t i = 0; i < COUNT_OF(GOOD); i++) {
		char twice[1024];

		snprintf(
		    twice, sizeof(twice), "%s%s", GOOD[i].text, GOOD[i].text);
		feed(&o, twice, strlen(twice), 4096);
		assert_int_equal(o.reply.state, HTTP_DONE);
		assert_int_equal(o.used, strlen(GOOD[i].text));
	}
}

TEST(a_body_without_a_length_ends_at_end_of_file)
{
	static const char *const texts[] = {HEAD "\r\nhello",
	    HEAD "Transfer-Encoding: chunked, gzip\r\nContent-Length: 2\r\n"
		 "\r\nhello",
	    "HTTP/1.0 200 OK\n\nhello"};
	struct parse_result o;

	for (size_t p = 0; p < COUNT_OF(PIECES) * COUNT_OF(texts); p++) {
		const char *text = texts[p / COUNT_OF(PIECES)];

		feed(&o, text, strlen(text), PIECES[p % COUNT_OF(PIECES)]);
		assert_false(http_response_over(&o.reply));
		assert_true(http_response_end(&o.reply));
		assert_int_equal(o.body_len, 5);
		assert_memory_equal(o.body, "hello", 5);
		assert_false(o.reply.keep_alive);
	}
}

TEST(malformed_responses_are_bad)
{
	static const char *const bad[] = {
	    "Hello, World!\r\n\r\n",
	    "HTTP/2.0 200 OK\r\n\r\n",
	    "HTTP/1.1 20 OK\r\n\r\n",
	    "HTTP/1.1 2000 OK\r\n\r\n",
	    "HTTP/1.1 200OK\r\n\r\n",
	    "\r\nHTTP/1.1 200 OK\r\n\r\n",
	    HEAD "Content-Length: five\r\n\r\n",
	    HEAD "Content-Length: -5\r\n\r\n",
	    HEAD "Content-Length: 0x5\r\n\r\n",
	    HEAD "Content-Length: \r\n\r\n",
	    HEAD "Content-Length: 99999999999999999999\r\n\r\n",
	    HEAD "Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
	    HEAD "Content-Length: 5, 6\r\n\r\n",
	    HEAD "Content-Length: 5 5\r\n\r\n",
	    HEAD "Content-Length: 5\rX\r\n\r\n",
	    HEAD "no colon\r\n\r\n",
	    HEAD "Transfer-Encoding: chunked\r\n\r\n1\r\nx\rX\n",
	    HEAD "Transfer-Encoding: chunked\r\n\r\nhello\r\n",
	    HEAD "Transfer-Encoding: chunked\r\n\r\n\r\n",
	    HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\nhello",
	    HEAD "Transfer-Encoding: chunked\r\n\r\n11111111111111111\r\n",
	};
	struct parse_result o;

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		for (size_t p = 0; p < COUNT_OF(PIECES); p++) {
			feed(&o, bad[i], strlen(bad[i]), PIECES[p]);
			if (o.reply.state != HTTP_BAD)
				fail_msg("taken: %s", bad[i]);
			assert_true(strlen(o.reply.why) > 0);
			assert_false(http_response_end(&o.reply));
		}
	}
}

TEST(a_nul_in_a_head_is_bad)
{
	static const char text[] = HEAD "Server: a\0b\r\n\r\n";
	struct parse_result o;

	feed(&o, text, sizeof(text) - 1, 4096);
	assert_int_equal(o.reply.state, HTTP_BAD);
}

TEST(a_head_without_end_is_bad)
{
	struct parse_result o;
	size_t len = HTTP_RESPONSE_HEAD_MAX + 1000;
	char *text = malloc(len);

	assert_non_null(text);
	memset(text, 'a', len);
	memcpy(text, HEAD "X: ", strlen(HEAD "X: "));
	feed(&o, text, len, 4096);
	assert_int_equal(o.reply.state, HTTP_BAD);
	assert_int_equal(o.used, HTTP_RESPONSE_HEAD_MAX + 1);
	free(text);
}

/* Longer than HTTP_RESPONSE_LINE_MAX, in their name or in their value. */
TEST(long_fields_are_skipped)
{
	char text[3000], name[600], value[600];
	struct parse_result o;

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	memset(value, 'v', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	snprintf(text, sizeof(text),
	    HEAD "Cookie: %s\r\n%s: x\r\nContent-Length:%700s1\r\n\r\nx", value,
	    name, "");
	for (size_t p = 0; p < COUNT_OF(PIECES); p++) {
		feed(&o, text, strlen(text), PIECES[p]);
		assert_int_equal(o.reply.state, HTTP_DONE);
		assert_int_equal(o.body_len, 1);
	}
}

TEST(bytes_after_an_upgrade_are_not_consumed)
{
	static const char text[] =
	    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\n"
	    "Connection: Upgrade\r\n"
	    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\x81";
	struct parse_result o;

	for (size_t p = 0; p < COUNT_OF(PIECES); p++) {
		feed(&o, text, strlen(text), PIECES[p]);
		assert_int_equal(o.reply.state, HTTP_DONE);
		assert_int_equal(o.used, strlen(text) - 1);
		assert_int_equal(o.reply.status, 101);
		assert_true(o.reply.upgrade);
		assert_string_equal(
		    o.reply.named, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
	}
}

/* RFC 9112 6.3: no body follows, whatever the head says; also after a 1xx. */
TEST(a_response_to_head_ends_with_its_head)
{
	static const char *const heads[] = {HEAD "Content-Length: 5\r\n\r\n",
	    HEAD "Content-Length: x\r\n\r\n",
	    HEAD "Transfer-Encoding: chunked\r\n\r\n", HEAD "\r\n",
	    "HTTP/1.1 100 Continue\r\n\r\n" HEAD "Content-Length: 5\r\n\r\n"};
	struct parse_result o;

	for (size_t i = 0; i < COUNT_OF(heads); i++) {
		for (size_t p = 0; p < COUNT_OF(PIECES); p++) {
			feed_after(
			    &o, true, heads[i], strlen(heads[i]), PIECES[p]);
			assert_int_equal(o.reply.state, HTTP_DONE);
			assert_true(o.reply.keep_alive);
			assert_int_equal(o.used, strlen(heads[i]));
			assert_int_equal(o.body_len, 0);
		}
	}
}

TEST(a_redirect_names_its_location)
{
	static const char redirect[] = "HTTP/1.1 301 Moved\r\n"
				       "Sec-WebSocket-Accept: no\r\n"
				       "LOCATION:  /there\r\n"
				       "Content-Length: 0\r\n\r\n";
	char longer[1000];
	struct parse_result o;

	for (size_t p = 0; p < COUNT_OF(PIECES); p++) {
		feed(&o, redirect, strlen(redirect), PIECES[p]);
		assert_int_equal(o.reply.state, HTTP_DONE);
		assert_string_equal(o.reply.named, "/there");
	}
	snprintf(longer, sizeof(longer),
	    "HTTP/1.1 302 Found\r\nLocation: %0700d\r\n\r\n", 0);
	feed(&o, longer, strlen(longer), 4096);
	assert_int_equal(strlen(o.reply.named), sizeof(o.reply.named) - 1);
}

RUN_TESTS(NULL, NULL)
