/* SPDX-License-Identifier: MIT */
/* Each protocol with right and with wrong replies. */
#include "tests/unit/unit.h"

#include "common/load/protocol_table.h"
#include "common/net/websocket.h"

/* A run with two connections, without a socket. */
struct fixture {
	struct protocol_run run;
	struct exchange x[2];
};

static void
open_asking(struct fixture *f, const char *protocol, bool churn, size_t size,
    const struct http_plan *http)
{
	memset(f, 0, sizeof(*f));
	f->run.http = http;
	f->run.protocol = protocol_find(protocol);
	f->run.churn = churn;
	f->run.host = "example.com:80";
	f->run.path = f->run.protocol->path;
	assert_int_equal(protocol_open(&f->run, size, 2), 0);
	for (uint32_t i = 0; i < 2; i++)
		exchange_init(&f->x[i], &f->run, i);
}

static void
open_fixture(struct fixture *f, const char *protocol, bool churn, size_t size)
{
	open_asking(f, protocol, churn, size, NULL);
}

static void
ask(struct fixture *f, struct exchange *x)
{
	x->number++;
	x->pending = true;
	x->received = x->sent = 0;
	f->run.protocol->request(&f->run, x);
	x->sent = x->out_len;
}

/* Judges LEN bytes in pieces of PIECE, each at the end of its memory, so that
 * sanitizers report a byte too far. Returns the first result that is not
 * REPLY_MORE. */
static enum reply_check
answer(struct fixture *f, struct exchange *x, const char *text, size_t len,
    size_t piece)
{
	enum reply_check now = REPLY_MORE;

	for (size_t at = 0; at < len && now == REPLY_MORE; at += piece) {
		size_t n = piece < len - at ? piece : len - at;
		char *copy = malloc(n);

		assert_non_null(copy);
		memcpy(copy, text + at, n);
		now = f->run.protocol->judge(&f->run, x, copy, n);
		free(copy);
	}
	return now;
}

static enum reply_check
ask_and_answer(struct fixture *f, struct exchange *x, const char *text)
{
	ask(f, x);
	return answer(f, x, text, strlen(text), 4096);
}

static const size_t PIECES[] = {1, 2, 5, 4096};

/* ---- echo ---- */

TEST(echo_accepts_only_the_request)
{
	struct fixture f;
	char reply[65];

	open_fixture(&f, "echo", false, 64);
	for (size_t p = 0; p < COUNT_OF(PIECES); p++) {
		ask(&f, &f.x[0]);
		assert_int_equal(
		    answer(&f, &f.x[0], f.x[0].out, 63, PIECES[p]), REPLY_MORE);
		assert_int_equal(
		    answer(&f, &f.x[0], f.x[0].out + 63, 1, 1), REPLY_COMPLETE);
		ask(&f, &f.x[0]);
		memcpy(reply, f.x[0].out, 64);
		reply[40] ^= 1;
		assert_int_equal(
		    answer(&f, &f.x[0], reply, 64, PIECES[p]), REPLY_WRONG);
		assert_int_equal(f.run.why[0], '\0');
		ask(&f, &f.x[0]);
		memcpy(reply, f.x[0].out, 64);
		assert_int_equal(
		    answer(&f, &f.x[0], reply, 65, 65), REPLY_WRONG);
		ask(&f, &f.x[0]);
		ask(&f, &f.x[1]);
		assert_int_equal(
		    answer(&f, &f.x[0], f.x[1].out, 64, 64), REPLY_WRONG);
	}
	protocol_close(&f.run);
}

/* ---- http ---- */

#define OK "HTTP/1.1 200 OK\r\n"
#define HELLO OK "Content-Length: 5\r\n\r\nhello"

TEST(http_requests_have_path_and_host)
{
	struct fixture f;

	open_fixture(&f, "http", false, 64);
	ask(&f, &f.x[0]);
	assert_int_equal(f.x[0].out_len,
	    strlen("GET / HTTP/1.1\r\nHost: example.com:80\r\n\r\n"));
	assert_memory_equal(f.x[0].out,
	    "GET / HTTP/1.1\r\nHost: example.com:80\r\n\r\n", f.x[0].out_len);
	protocol_close(&f.run);
	open_fixture(&f, "http", true, 64);
	ask(&f, &f.x[0]);
	assert_non_null(strstr(f.x[0].out, "\r\nConnection: close\r\n\r\n"));
	protocol_close(&f.run);
}

TEST(http_accepts_the_same_body_in_any_framing)
{
	static const char *const same[] = {
	    HELLO,
	    HELLO,
	    OK "Date: now\r\nContent-Length: 5\r\n\r\nhello",
	    OK "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n"
	       "0\r\n\r\n",
	    "HTTP/1.1 206 Partial\r\nContent-Length: 5\r\n\r\nhello",
	    "HTTP/1.1 100 Continue\r\n\r\n" HELLO,
	};
	struct fixture f;

	for (size_t p = 0; p < COUNT_OF(PIECES); p++) {
		open_fixture(&f, "http", false, 64);
		for (size_t i = 0; i < 3 * COUNT_OF(same); i++) {
			const char *text = same[i % COUNT_OF(same)];

			ask(&f, &f.x[0]);
			if (answer(&f, &f.x[0], text, strlen(text),
				PIECES[p]) != REPLY_COMPLETE)
				fail_msg("%s: %s", text, f.run.why);
		}
		protocol_close(&f.run);
	}
}

TEST(http_refuses_responses_unlike_the_first)
{
	static const struct {
		const char *text, *why;
	} lies[] = {
	    {OK "Content-Length: 5\r\n\r\nhallo",
		"byte 1 of the body is 0x61, not 0x65"},
	    {OK "Content-Length: 4\r\n\r\nhell",
		"a body of 4 bytes, where the first had 5"},
	    {OK "Content-Length: 6\r\n\r\nhello!", "more than 5 bytes"},
	    {OK "Content-Length: 0\r\n\r\n", "a body of 0 bytes"},
	    {"HTTP/1.1 503 Full\r\nContent-Length: 5\r\n\r\nhello",
		"status 503"},
	    {"HTTP/1.1 600 Odd\r\nContent-Length: 5\r\n\r\nhello",
		"status 600"},
	    {"HTTP/2 200\r\nContent-Length: 5\r\n\r\nhello", "no HTTP"},
	    {OK "Content-Length: 5, 6\r\n\r\nhello", "differ"},
	    {OK "Content-Length: 5x\r\n\r\nhello", "not a number"},
	    {OK "X\r\nContent-Length: 5\r\n\r\nhello", "without a name"},
	    {"HTTP/1.1 302 Gone\r\nContent-Length: 5\r\n\r\nhello",
		"status 302"},
	    {"HTTP/1.1 101 Upgrade\r\n\r\n", "status 101"},
	    {HELLO "H", "1 bytes too many after the response"},
	    {HELLO HELLO, "doubled"},
	    {"hello", NULL}, /* not complete */
	    {"hello\r\n", "no HTTP response"},
	    {OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhallo\r\n0\r\n\r\n",
		"byte 1 of the body"},
	    {OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhellooo\r\n0\r\n\r\n",
		"chunk"},
	};
	struct fixture f;

	open_fixture(&f, "http", false, 64);
	assert_int_equal(ask_and_answer(&f, &f.x[0], HELLO), REPLY_COMPLETE);
	for (size_t i = 0; i < COUNT_OF(lies); i++) {
		enum reply_check now =
		    ask_and_answer(&f, &f.x[0], lies[i].text);

		if (!lies[i].why) {
			assert_int_equal(now, REPLY_MORE);
			continue;
		}
		assert_int_equal(now, REPLY_WRONG);
		if (!strstr(f.run.why, lies[i].why))
			fail_msg("%s: %s", lies[i].text, f.run.why);
		/* and the right response is still accepted */
		assert_int_equal(
		    ask_and_answer(&f, &f.x[0], HELLO), REPLY_COMPLETE);
	}
	protocol_close(&f.run);
}

TEST(http_does_not_compare_with_a_bad_response)
{
	struct fixture f;

	open_fixture(&f, "http", false, 64);
	assert_int_equal(ask_and_answer(&f, &f.x[0],
			     "HTTP/1.1 500 No\r\nContent-Length: 3\r\n\r\nbad"),
	    REPLY_WRONG);
	/* nor from a part of one that never ends */
	assert_int_equal(
	    ask_and_answer(&f, &f.x[0], OK "Content-Length: 9\r\n\r\nother"),
	    REPLY_MORE);
	assert_int_equal(ask_and_answer(&f, &f.x[1], HELLO), REPLY_COMPLETE);
	assert_int_equal(ask_and_answer(&f, &f.x[0], HELLO), REPLY_COMPLETE);
	protocol_close(&f.run);
}

/* Two responses in flight before one is complete. */
TEST(http_compares_responses_that_began_before_the_first_was_complete)
{
	static const char *const second[] = {
	    HELLO, OK "Content-Length: 5\r\n\r\nhallo"};

	for (size_t i = 0; i < COUNT_OF(second); i++) {
		size_t len = strlen(second[i]);
		struct fixture f;

		open_fixture(&f, "http", false, 64);
		ask(&f, &f.x[1]);
		assert_int_equal(
		    answer(&f, &f.x[1], second[i], len - 1, 7), REPLY_MORE);
		assert_int_equal(
		    ask_and_answer(&f, &f.x[0], HELLO), REPLY_COMPLETE);
		assert_int_equal(answer(&f, &f.x[1], second[i] + len - 1, 1, 1),
		    i == 0 ? REPLY_COMPLETE : REPLY_WRONG);
		protocol_close(&f.run);
	}
}

TEST(http_recognizes_a_last_response)
{
	static const char closing[] =
	    OK "Connection: close\r\nContent-Length: 5\r\n\r\nhello";
	struct fixture f;

	open_fixture(&f, "http", false, 64);
	for (int i = 0; i < 3; i++)
		assert_int_equal(
		    ask_and_answer(&f, &f.x[0], closing), REPLY_LAST);
	assert_int_equal(
	    ask_and_answer(&f, &f.x[0], OK "\r\nhello"), REPLY_MORE);
	assert_int_equal(f.run.protocol->at_eof(&f.run, &f.x[0]), REPLY_LAST);
	assert_int_equal(
	    ask_and_answer(&f, &f.x[0], OK "\r\nhell"), REPLY_MORE);
	assert_int_equal(f.run.protocol->at_eof(&f.run, &f.x[0]), REPLY_WRONG);
	assert_int_equal(
	    ask_and_answer(&f, &f.x[0], OK "Content-Length: 5\r\n\r\nhell"),
	    REPLY_MORE);
	assert_int_equal(f.run.protocol->at_eof(&f.run, &f.x[0]), REPLY_CLOSED);
	protocol_close(&f.run);
}

/* What is right is what the plan says. */
TEST(http_takes_the_statuses_that_are_expected)
{
	static const struct {
		const char *text;
		enum reply_check result;
		const char *why;
	} replies[] = {
	    {"HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno", REPLY_COMPLETE,
		""},
	    {"HTTP/1.1 304 Same\r\n\r\n", REPLY_COMPLETE, ""},
	    /* another body than that of 404 */
	    {"HTTP/1.1 503 Full\r\nContent-Length: 4\r\n\r\nfull",
		REPLY_COMPLETE, ""},
	    {"HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno", REPLY_COMPLETE,
		""},
	    {"HTTP/1.1 503 Full\r\nContent-Length: 2\r\n\r\nno", REPLY_WRONG,
		"byte 0 of the body is 0x6e, not 0x66"},
	    {HELLO, REPLY_WRONG, "status 200, not --expect 404,304,5xx"},
	    {"HTTP/1.1 600 Odd\r\nContent-Length: 2\r\n\r\nno", REPLY_WRONG,
		"status 600"},
	    {"HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\nno", REPLY_WRONG,
		"status 999"},
	    {"HTTP/1.1 301 Moved\r\nLocation: /b\r\n"
	     "Content-Length: 0\r\n\r\n",
		REPLY_WRONG,
		"status 301, a redirect to /b, which the client does not "
		"follow: load that, or give --expect 301"},
	    {"HTTP/1.1 401 Who\r\nContent-Length: 0\r\n\r\n", REPLY_WRONG,
		"--header 'Authorization: ...'"},
	};
	struct http_plan plan = http_plan_usual;

	http_plan_expect(&plan, "404,304,5xx");
	for (size_t p = 0; p < COUNT_OF(PIECES); p++) {
		struct fixture f;

		open_asking(&f, "http", false, 64, &plan);
		for (size_t i = 0; i < COUNT_OF(replies); i++) {
			const char *text = replies[i].text;

			ask(&f, &f.x[0]);
			assert_int_equal(
			    answer(&f, &f.x[0], text, strlen(text), PIECES[p]),
			    replies[i].result);
			if (replies[i].result == REPLY_WRONG &&
			    !strstr(f.run.why, replies[i].why))
				fail_msg("%s: %s", text, f.run.why);
		}
		protocol_close(&f.run);
	}
}

TEST(http_takes_any_body_if_it_may_differ)
{
	static const char *const bodies[] = {HELLO,
	    OK "Content-Length: 2\r\n\r\nhi",
	    OK "Transfer-Encoding: chunked\r\n\r\n3\r\nhey\r\n0\r\n\r\n",
	    OK "Content-Length: 0\r\n\r\n", HELLO};
	struct http_plan plan = http_plan_usual;

	plan.any_body = true;
	for (size_t p = 0; p < COUNT_OF(PIECES); p++) {
		struct fixture f;

		open_asking(&f, "http", false, 64, &plan);
		for (size_t i = 0; i < COUNT_OF(bodies); i++) {
			ask(&f, &f.x[0]);
			assert_int_equal(answer(&f, &f.x[0], bodies[i],
					     strlen(bodies[i]), PIECES[p]),
			    REPLY_COMPLETE);
		}
		/* the framing must still be right */
		assert_int_equal(
		    ask_and_answer(&f, &f.x[0], HELLO "x"), REPLY_WRONG);
		assert_int_equal(ask_and_answer(&f, &f.x[0],
				     OK "Content-Length: 5\r\n\r\nhell"),
		    REPLY_MORE);
		assert_int_equal(
		    f.run.protocol->at_eof(&f.run, &f.x[0]), REPLY_CLOSED);
		protocol_close(&f.run);
	}
}

/* A page that changes must not look like a fault without a way out. */
TEST(http_names_the_option_for_bodies_that_differ)
{
	static const char *const others[] = {OK
	    "Content-Length: 5\r\n\r\nhallo",
	    OK "Content-Length: 6\r\n\r\nhello!",
	    OK "Content-Length: 4\r\n\r\nhell"};
	struct fixture f;

	open_fixture(&f, "http", false, 64);
	assert_int_equal(ask_and_answer(&f, &f.x[0], HELLO), REPLY_COMPLETE);
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		assert_int_equal(
		    ask_and_answer(&f, &f.x[0], others[i]), REPLY_WRONG);
		assert_non_null(strstr(f.run.why, "--any-body"));
	}
	protocol_close(&f.run);
}

/* Whatever a server sends: each piece is judged within its memory, and what is
 * right as a whole is right byte by byte. */
TEST(http_takes_hostile_responses_apart_alike_whole_and_in_bytes)
{
	static const char *const seeds[] = {HELLO,
	    OK "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n"
	       "0\r\nX: y\r\n\r\n",
	    "HTTP/1.1 100 Go\r\n\r\n" HELLO,
	    "HTTP/1.1 302 Gone\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"};
	static const char bytes[] = "\r\n\r\n :;,0159afxHT/\t\xff\0";
	static const char *const methods[] = {"GET", "HEAD"};
	uint64_t random = RANDOM_FIXED_STATE;
	size_t right = 0;

	for (int i = 0; i < 40000; i++) {
		const char *seed =
		    seeds[random_next(&random) % COUNT_OF(seeds)];
		size_t len = strlen(seed), changes = random_next(&random) % 4;
		struct http_plan plan = http_plan_usual;
		enum reply_check results[2];
		char text[200];

		memcpy(text, seed, len);
		for (size_t k = 0; k < changes; k++)
			text[random_next(&random) % len] =
			    bytes[random_next(&random) % (sizeof(bytes) - 1)];
		plan.method = methods[i % 2];
		http_plan_expect(&plan, "2xx,302");
		for (size_t p = 0; p < 2; p++) {
			struct fixture f;

			open_asking(&f, "http", false, 64, &plan);
			ask(&f, &f.x[0]);
			results[p] =
			    answer(&f, &f.x[0], text, len, p ? 1 : len);
			assert_true(results[p] != REPLY_WRONG || f.run.why[0]);
			protocol_close(&f.run);
		}
		if (results[0] == REPLY_COMPLETE || results[0] == REPLY_LAST ||
		    results[0] == REPLY_MORE) {
			assert_int_equal(results[0], results[1]);
			right++;
		}
	}
	assert_true(right > 1000);
}

/* Of three runs, as of three threads, the first of which got no answer. */
TEST(http_compares_the_first_bodies_of_all_runs)
{
	struct fixture f[3];
	uint64_t (*merge)(struct protocol_run *, const struct protocol_run *);

	for (size_t i = 0; i < COUNT_OF(f); i++)
		open_fixture(&f[i], "http", false, 64);
	merge = f[0].run.protocol->merge;
	assert_int_equal(
	    ask_and_answer(&f[1], &f[1].x[0], HELLO), REPLY_COMPLETE);
	assert_int_equal(ask_and_answer(&f[2], &f[2].x[0],
			     OK "Content-Length: 5\r\n\r\nhallo"),
	    REPLY_COMPLETE);
	assert_int_equal(merge(&f[0].run, &f[1].run), 0);
	assert_int_equal(merge(&f[0].run, &f[1].run), 0);
	assert_int_equal(merge(&f[0].run, &f[2].run), 1);
	assert_non_null(strstr(f[0].run.why, "of two threads are not the "));
	for (size_t i = 0; i < COUNT_OF(f); i++)
		protocol_close(&f[i].run);
}

TEST(http_expects_no_body_after_head)
{
	struct http_plan plan = http_plan_usual;
	struct fixture f;

	plan.method = "HEAD";
	open_asking(&f, "http", false, 64, &plan);
	for (size_t p = 0; p < COUNT_OF(PIECES); p++) {
		static const char head[] = OK "Content-Length: 5\r\n\r\n";

		ask(&f, &f.x[0]);
		assert_int_equal(
		    answer(&f, &f.x[0], head, strlen(head), PIECES[p]),
		    REPLY_COMPLETE);
	}
	assert_int_equal(ask_and_answer(&f, &f.x[0], HELLO), REPLY_WRONG);
	assert_non_null(strstr(f.run.why, "although the request was HEAD"));
	protocol_close(&f.run);
}

TEST(http_is_sent_again_only_if_it_may_arrive_twice)
{
	struct http_plan plan = http_plan_usual;
	struct fixture f;

	open_asking(&f, "http", false, 64, &plan);
	assert_true(f.run.idempotent);
	protocol_close(&f.run);
	plan.method = "POST";
	open_asking(&f, "http", false, 64, &plan);
	assert_false(f.run.idempotent);
	protocol_close(&f.run);
	open_fixture(&f, "echo", false, 64);
	assert_false(f.run.idempotent);
	protocol_close(&f.run);
}

/* ---- counter ---- */

TEST(counter_accepts_each_value_once)
{
	struct fixture f;
	char text[32];

	open_fixture(&f, "counter", false, 64);
	/* The second connection is one reply behind, as with two in flight. */
	for (int i = 500; i < 5000; i += 2) {
		snprintf(text, sizeof(text), "%d\n", i + 1);
		assert_int_equal(
		    ask_and_answer(&f, &f.x[0], text), REPLY_COMPLETE);
		snprintf(text, sizeof(text), "%d\n", i);
		assert_int_equal(
		    ask_and_answer(&f, &f.x[1], text), REPLY_COMPLETE);
	}
	assert_int_equal(f.run.lost_updates, 0);
	for (int i = 500; i < 5000; i++) {
		snprintf(text, sizeof(text), "%d\n", i);
		assert_int_equal(
		    ask_and_answer(&f, &f.x[0], text), REPLY_WRONG_KEEP);
		assert_non_null(strstr(f.run.why, "came twice"));
	}
	assert_int_equal(f.run.lost_updates, 4500);
	protocol_close(&f.run);
}

TEST(counter_finds_repeated_values_at_any_distance)
{
	static const char *const values[] = {"1000000\n", "1\n", "70000000\n",
	    "64\n", "0\n", "63\n", "2000000000\n", "65\n"};
	struct fixture f;

	open_fixture(&f, "counter", false, 64);
	for (size_t i = 0; i < COUNT_OF(values); i++) {
		enum reply_check now = ask_and_answer(&f, &f.x[0], values[i]);

		assert_true(now == REPLY_COMPLETE || now == REPLY_WRONG_KEEP);
		assert_int_equal(f.run.lost_updates, 0);
	}
	for (size_t i = 0; i < COUNT_OF(values); i++) {
		assert_int_equal(
		    ask_and_answer(&f, &f.x[1], values[i]), REPLY_WRONG_KEEP);
		assert_int_equal(f.run.lost_updates, i + 1);
	}
	protocol_close(&f.run);
}

/* The bit map would be too large. */
TEST(counter_refuses_values_too_far_apart)
{
	static const char *const pairs[][2] = {
	    {"5\n", "9000000000\n"},
	    {"9000000000\n", "5\n"},
	    {"5\n", "18446744073709551615\n"},
	    {"9223372036854775807\n", "5\n"},
	};
	struct fixture f;

	for (size_t i = 0; i < COUNT_OF(pairs); i++) {
		open_fixture(&f, "counter", false, 64);
		assert_int_equal(
		    ask_and_answer(&f, &f.x[0], pairs[i][0]), REPLY_COMPLETE);
		assert_int_equal(
		    ask_and_answer(&f, &f.x[1], pairs[i][1]), REPLY_WRONG);
		assert_non_null(strstr(f.run.why, "too far"));
		assert_int_equal(
		    ask_and_answer(&f, &f.x[1], pairs[i][0]), REPLY_WRONG_KEEP);
		protocol_close(&f.run);
	}
}

TEST(counter_values_must_rise_on_one_connection)
{
	struct fixture f;

	open_fixture(&f, "counter", false, 64);
	assert_int_equal(ask_and_answer(&f, &f.x[0], "10\n"), REPLY_COMPLETE);
	assert_int_equal(ask_and_answer(&f, &f.x[0], "9\n"), REPLY_WRONG_KEEP);
	assert_non_null(strstr(f.run.why, "9 after 10 on one connection"));
	assert_int_equal(f.run.lost_updates, 0);
	assert_int_equal(ask_and_answer(&f, &f.x[1], "8\n"), REPLY_COMPLETE);
	protocol_close(&f.run);
}

TEST(counter_accepts_only_a_number_and_a_newline)
{
	static const char *const bad[] = {"\n", "-1\n", "1 \n", " 1\n", "x\n",
	    "1\r\n", "1\n\n", "1\n2\n", "18446744073709551616\n",
	    "99999999999999999999999\n", "18446744073709551615\n"};
	struct fixture f;

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		open_fixture(&f, "counter", false, 64);
		assert_int_equal(
		    ask_and_answer(&f, &f.x[0], "5\n"), REPLY_COMPLETE);
		if (ask_and_answer(&f, &f.x[1], bad[i]) != REPLY_WRONG)
			fail_msg("taken: %s", bad[i]);
		protocol_close(&f.run);
	}
	open_fixture(&f, "counter", false, 64);
	ask(&f, &f.x[0]);
	assert_int_equal(answer(&f, &f.x[0], "1234\n", 5, 1), REPLY_COMPLETE);
	ask(&f, &f.x[0]);
	assert_int_equal(answer(&f, &f.x[0], "1235", 4, 4), REPLY_MORE);
	protocol_close(&f.run);
}

/* ---- ws ---- */

#define SWITCHING                                       \
	"HTTP/1.1 101 Switching Protocols\r\n"          \
	"Upgrade: websocket\r\nConnection: Upgrade\r\n" \
	"Sec-WebSocket-Accept: %s\r\n\r\n"

/* Does the upgrade as a server does. Returns the result of judge(). */
static enum reply_check
upgrade(struct fixture *f, struct exchange *x, size_t piece)
{
	char accept[WEBSOCKET_ACCEPT_SIZE], text[300];
	const char *key;

	f->run.protocol->handshake(&f->run, x);
	key = strstr(x->out, "Sec-WebSocket-Key: ");
	assert_non_null(key);
	key += strlen("Sec-WebSocket-Key: ");
	assert_int_equal(strcspn(key, "\r"), 24);
	websocket_accept_key(key, 24, accept);
	snprintf(text, sizeof(text), SWITCHING, accept);
	return answer(f, x, text, strlen(text), piece);
}

static bool
open_ws(struct fixture *f, size_t size, size_t piece)
{
	if (!WEBSOCKET_HERE)
		return false;
	open_fixture(f, "ws", false, size);
	assert_int_equal(upgrade(f, &f->x[0], piece), REPLY_READY);
	return true;
}

/* Unmasks the frame at OUT into PAYLOAD. Returns the payload's length. */
static size_t
unmask(const char *out, size_t out_len, char *payload)
{
	const unsigned char *at = (const unsigned char *)out;
	size_t len = at[1] & 0x7f, head = 2;

	assert_true(at[1] & 0x80);
	if (len >= 126) {
		head = len == 126 ? 4 : 10;
		len = 0;
		for (size_t i = 2; i < head; i++)
			len = len << 8 | at[i];
	}
	assert_int_equal(out_len, head + 4 + len);
	for (size_t i = 0; i < len; i++)
		payload[i] = (char)(at[head + 4 + i] ^ at[head + i % 4]);
	return len;
}

/* Makes a frame of a server at OUT. Returns its length. */
static size_t
frame(char *out, int first, const char *payload, size_t len)
{
	size_t head = 2;

	out[0] = (char)first;
	if (len < 126) {
		out[1] = (char)len;
	} else {
		out[1] = 126;
		out[2] = (char)(len >> 8);
		out[3] = (char)len;
		head = 4;
	}
	memcpy(out + head, payload, len);
	return head + len;
}

TEST(ws_upgrades_with_the_headers_that_were_given)
{
	struct http_plan plan = http_plan_usual;
	struct fixture f;

	if (!WEBSOCKET_HERE)
		skip();
	plan.fields = "host: www\r\nOrigin: http://a\r\n";
	open_asking(&f, "ws", false, 64, &plan);
	f.run.protocol->handshake(&f.run, &f.x[0]);
	assert_memory_equal(
	    f.x[0].out, "GET /echo HTTP/1.1\r\nUpgrade: websocket\r\n", 40);
	assert_non_null(
	    strstr(f.x[0].out, "\r\nhost: www\r\nOrigin: http://a\r\n\r\n"));
	assert_null(strstr(f.x[0].out, "example.com"));
	protocol_close(&f.run);
}

TEST(ws_masks_its_frames)
{
	static const size_t sizes[] = {1, 2, 7, 125, 126, 127, 65535, 65536};
	static char payload[70000], first[70020];

	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		struct fixture f;

		if (!open_ws(&f, sizes[i], 4096))
			skip();
		ask(&f, &f.x[0]);
		assert_int_equal((unsigned char)f.x[0].out[0], 0x82);
		assert_int_equal(
		    unmask(f.x[0].out, f.x[0].out_len, payload), sizes[i]);
		assert_memory_equal(
		    payload, payload_request(&f.run.payload, 0, 1), sizes[i]);
		memcpy(first, f.x[0].out, f.x[0].out_len);
		/* A frame made again has the same bytes. */
		f.run.protocol->request(&f.run, &f.x[1]);
		f.run.protocol->request(&f.run, &f.x[0]);
		assert_memory_equal(first, f.x[0].out, f.x[0].out_len);
		protocol_close(&f.run);
		/* Another run has other masks. */
		open_ws(&f, sizes[i], 4096);
		ask(&f, &f.x[0]);
		assert_memory_not_equal(first, f.x[0].out, f.x[0].out_len);
		protocol_close(&f.run);
	}
}

TEST(ws_accepts_a_reply_in_frames_and_pieces_of_any_size)
{
	static const size_t parts[] = {1, 64, 100, 199};

	for (size_t p = 0; p < COUNT_OF(PIECES) * COUNT_OF(parts); p++) {
		size_t part = parts[p / COUNT_OF(PIECES)], len = 0;
		size_t piece = PIECES[p % COUNT_OF(PIECES)];
		char text[4000];
		const char *want;
		struct fixture f;

		if (!open_ws(&f, 200, piece))
			skip();
		ask(&f, &f.x[0]);
		want = payload_request(&f.run.payload, 0, 1);
		for (size_t at = 0; at < 200; at += part) {
			size_t n = part < 200 - at ? part : 200 - at;

			len += frame(text + len,
			    (at ? 0 : 2) | (at + n == 200 ? 0x80 : 0),
			    want + at, n);
			if (at == 0) /* between two frames (RFC 6455 5.5) */
				len += frame(text + len, 0x89, "ping", 4);
		}
		assert_int_equal(
		    answer(&f, &f.x[0], text, len, piece), REPLY_COMPLETE);
		assert_true(f.x[0].control_due);
		f.run.protocol->control(&f.run, &f.x[0]);
		assert_int_equal((unsigned char)f.x[0].out[0], 0x8a);
		assert_int_equal(unmask(f.x[0].out, f.x[0].out_len, text), 4);
		assert_memory_equal(text, "ping", 4);
		protocol_close(&f.run);
	}
}

/* The last frame may be empty. */
TEST(ws_waits_for_the_final_frame)
{
	struct fixture f;
	char text[100];
	size_t len;

	if (!open_ws(&f, 64, 4096))
		skip();
	ask(&f, &f.x[0]);
	len = frame(text, 0x02, payload_request(&f.run.payload, 0, 1), 64);
	assert_int_equal(answer(&f, &f.x[0], text, len, len), REPLY_MORE);
	len = frame(text, 0x80, "", 0);
	assert_int_equal(answer(&f, &f.x[0], text, len, len), REPLY_COMPLETE);
	protocol_close(&f.run);
}

TEST(ws_refuses_wrong_frames)
{
	static const struct {
		int first;
		size_t len;
		const char *why;
	} lies[] = {
	    {0x81, 64, "opcode 1"},
	    {0x80, 64, "opcode 0"},
	    {0xc2, 64, "reserved"},
	    {0x83, 64, "opcode 3"},
	    {0x82, 63, "a message of 63 bytes, not 64"},
	    {0x82, 0, "a message of 0 bytes"},
	    {0x8b, 1, "control frame"},
	    {0x09, 1, "control frame"},
	    {0x89, 126, "control frame"},
	};
	struct fixture f;
	char text[300];

	for (size_t i = 0; i < COUNT_OF(lies); i++) {
		size_t len;

		if (!open_ws(&f, 64, 4096))
			skip();
		ask(&f, &f.x[0]);
		len = frame(text, lies[i].first,
		    payload_request(&f.run.payload, 0, 1), lies[i].len);
		assert_int_equal(
		    answer(&f, &f.x[0], text, len, len), REPLY_WRONG);
		if (!strstr(f.run.why, lies[i].why))
			fail_msg(
			    "0x%02x: %s", (unsigned)lies[i].first, f.run.why);
		protocol_close(&f.run);
	}
}

TEST(ws_refuses_a_masked_frame)
{
	struct fixture f;
	char text[300];
	size_t len;

	if (!open_ws(&f, 64, 4096))
		skip();
	ask(&f, &f.x[0]);
	len = frame(text, 0x82, payload_request(&f.run.payload, 0, 1), 64);
	text[1] |= (char)0x80;
	assert_int_equal(answer(&f, &f.x[0], text, len, len), REPLY_WRONG);
	assert_string_equal(
	    f.run.why, "a frame with a mask, which only clients may set");
	protocol_close(&f.run);
}

TEST(ws_refuses_a_changed_byte_and_a_second_reply)
{
	struct fixture f;
	char text[300];
	size_t len;

	if (!open_ws(&f, 64, 4096))
		skip();
	ask(&f, &f.x[0]);
	len = frame(text, 0x82, payload_request(&f.run.payload, 0, 1), 64);
	text[2 + 33] ^= 1;
	assert_int_equal(answer(&f, &f.x[0], text, len, 1), REPLY_WRONG);
	assert_int_equal(f.run.got_at, 33);
	protocol_close(&f.run);

	open_ws(&f, 64, 4096);
	ask(&f, &f.x[0]);
	len = frame(text, 0x82, payload_request(&f.run.payload, 0, 1), 64);
	memcpy(text + len, text, len);
	assert_int_equal(
	    answer(&f, &f.x[0], text, 2 * len, 2 * len), REPLY_WRONG);
	assert_non_null(strstr(f.run.why, "doubled"));
	protocol_close(&f.run);
}

TEST(ws_accepts_a_close)
{
	struct fixture f;
	char text[100];
	size_t len = frame(text, 0x88, "\x03\xf5zu voll", 9);

	if (!open_ws(&f, 64, 4096))
		skip();
	ask(&f, &f.x[0]);
	assert_int_equal(answer(&f, &f.x[0], text, len, 1), REPLY_CLOSED);
	assert_non_null(strstr(f.run.why, "1013"));
	protocol_close(&f.run);
	/* without a request in flight, and after the client's close */
	open_ws(&f, 64, 4096);
	assert_int_equal(answer(&f, &f.x[0], text, len, 1), REPLY_LAST);
	f.run.protocol->leave(&f.run, &f.x[0]);
	assert_int_equal((unsigned char)f.x[0].out[0], 0x88);
	assert_int_equal(answer(&f, &f.x[0], text, len, 1), REPLY_MORE);
	protocol_close(&f.run);
}

TEST(ws_checks_the_upgrade)
{
	static const struct {
		const char *text, *why;
	} lies[] = {
	    {"HTTP/1.1 101 S\r\nUpgrade: websocket\r\n"
	     "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
		"Sec-WebSocket-Accept is \"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\""},
	    {"HTTP/1.1 101 S\r\nUpgrade: websocket\r\n\r\n",
		"Sec-WebSocket-Accept is \"\""},
	    {"HTTP/1.1 101 S\r\n\r\n", "Upgrade"},
	    {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n", "status 200"},
	    {"HTTP/1.1 503 Full\r\n\r\n", "status 503"},
	    {"hello\r\n", "no HTTP response"},
	};
	struct fixture f;

	for (size_t i = 0; i < COUNT_OF(lies); i++) {
		if (!open_ws(&f, 64, 1))
			skip();
		f.run.protocol->handshake(&f.run, &f.x[0]);
		assert_int_equal(
		    answer(&f, &f.x[0], lies[i].text, strlen(lies[i].text), 1),
		    REPLY_WRONG);
		if (!strstr(f.run.why, lies[i].why))
			fail_msg("%s: %s", lies[i].text, f.run.why);
		protocol_close(&f.run);
	}
}

RUN_TESTS(NULL, NULL)
