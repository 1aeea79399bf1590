/* SPDX-License-Identifier: MIT */
/* http_plan: the bytes of requests, and sets of statuses. */
#include "tests/unit/unit.h"

#include "common/load/http_plan.h"

static void
asks(const struct http_plan *plan, bool last, const char *want)
{
	size_t len;
	char *request = http_plan_request(plan, "/p", "h:8", last, &len);

	assert_non_null(request);
	assert_int_equal(len, strlen(want));
	assert_memory_equal(request, want, len);
	free(request);
}

TEST(a_request_has_what_is_necessary)
{
	struct http_plan plan = http_plan_usual;

	asks(&plan, false, "GET /p HTTP/1.1\r\nHost: h:8\r\n\r\n");
	asks(&plan, true,
	    "GET /p HTTP/1.1\r\nHost: h:8\r\nConnection: close\r\n\r\n");
	plan.method = "POST";
	asks(&plan, false,
	    "POST /p HTTP/1.1\r\nHost: h:8\r\nContent-Length: 0\r\n\r\n");
	plan.method = "DELETE";
	asks(&plan, false, "DELETE /p HTTP/1.1\r\nHost: h:8\r\n\r\n");
	plan.body = "x=1";
	plan.body_len = 3;
	asks(&plan, false,
	    "DELETE /p HTTP/1.1\r\nHost: h:8\r\nContent-Length: 3\r\n\r\nx=1");
	plan.body_len = 0;
	asks(&plan, false,
	    "DELETE /p HTTP/1.1\r\nHost: h:8\r\nContent-Length: 0\r\n\r\n");
}

TEST(a_body_may_have_any_bytes)
{
	struct http_plan plan = http_plan_usual;
	char body[256];
	size_t len;
	char *request;

	for (int i = 0; i < 256; i++)
		body[i] = (char)i;
	plan.body = body;
	plan.body_len = sizeof(body);
	request = http_plan_request(&plan, "/", "h", false, &len);
	assert_non_null(request);
	assert_memory_equal(request + len - sizeof(body), body, sizeof(body));
	free(request);
}

TEST(fields_replace_those_of_the_client)
{
	struct http_plan plan = http_plan_usual;

	plan.fields = "hOsT: www\r\nX: y\r\nConnection: keep-alive\r\n";
	asks(&plan, true,
	    "GET /p HTTP/1.1\r\nhOsT: www\r\nX: y\r\n"
	    "Connection: keep-alive\r\n\r\n");
	/* A value that looks like a name replaces nothing. */
	plan.fields = "X-Host: a\r\nX: Host: b\r\n";
	asks(&plan, false,
	    "GET /p HTTP/1.1\r\nHost: h:8\r\nX-Host: a\r\nX: Host: b\r\n\r\n");
}

TEST(what_is_asked_is_described_without_its_secrets)
{
	struct http_plan plan = http_plan_usual;
	char words[300], tight[20], fields[400] = "";

	assert_string_equal(
	    http_plan_describe(&plan, "/a", words, 300), "GET /a");
	assert_string_equal(http_plan_describe(&plan, NULL, words, 300), "GET");
	http_plan_expect(&plan, "200");
	assert_string_equal(http_plan_describe(&plan, "/a", words, 300),
	    "GET /a; right: status 200, each body like the first");
	plan = http_plan_usual;
	plan.method = "POST";
	plan.body = "";
	plan.fields = "Host: a\r\nX-Key: secret\r\n";
	plan.any_body = true;
	assert_string_equal(http_plan_describe(&plan, "/a", words, 300),
	    "POST /a, a body of 0 bytes, with Host, X-Key; right: status 2xx, "
	    "any body");
	assert_string_equal(
	    http_plan_describe(&plan, "/a", tight, sizeof(tight)),
	    "POST /a, a body of ");
	for (int i = 0; i < 30; i++)
		strcat(fields, "Name: x\r\n");
	plan.fields = fields;
	assert_non_null(strstr(http_plan_describe(&plan, "/a", words, 300),
	    "...; right: status 2xx"));
}

TEST(statuses_are_listed)
{
	static const struct {
		const char *text;
		int count, has, has_not;
	} good[] = {
	    {"200", 1, 200, 201},
	    {"2xx", 100, 299, 300},
	    {"5XX", 100, 599, 499},
	    {"200,204,301", 3, 301, 302},
	    {"2xx,304", 101, 304, 303},
	    {"2xx,200", 100, 200, 199},
	};
	static const char *const bad[] = {"", ",", "200,", ",200", "200,,204",
	    "20", "2000", "20x", "2x0", "xxx", "100", "1xx", "600", "6xx",
	    "0xx", "099", "-20", "+20", " 200", "200 ", "200-204", "200;204",
	    "ok", "2xxx", "20\xb2"};
	struct http_plan plan = http_plan_usual;

	for (size_t i = 0; i < COUNT_OF(good); i++) {
		int count = 0;

		assert_int_equal(http_plan_expect(&plan, good[i].text), 0);
		for (int k = 0; k < HTTP_STATUS_END; k++)
			count += plan.expected[k];
		assert_int_equal(count, good[i].count);
		assert_true(plan.expected[good[i].has]);
		assert_false(plan.expected[good[i].has_not]);
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		if (http_plan_expect(&plan, bad[i]) == 0)
			fail_msg("taken: %s", bad[i]);
		assert_string_equal(plan.expect, "2xx,200");
		assert_true(plan.expected[200]);
	}
}

TEST(only_some_methods_may_be_sent_again)
{
	static const char *const again[] = {
	    "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"};
	static const char *const once[] = {
	    "POST", "PATCH", "get", "GETS", "LOCK", ""};
	struct http_plan plan = http_plan_usual;

	for (size_t i = 0; i < COUNT_OF(again); i++) {
		plan.method = again[i];
		assert_true(http_plan_is_idempotent(&plan));
		plan.method = once[i];
		assert_false(http_plan_is_idempotent(&plan));
	}
}

RUN_TESTS(NULL, NULL)
