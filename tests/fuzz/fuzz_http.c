/* SPDX-License-Identifier: MIT */
/*
 * fuzz_http: a stream of requests with their bodies. Cut anywhere, it means
 * the same, and what was parsed lies within it.
 */
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>

#include "common/net/http.h"

static void
must_be_within(struct http_slice text, const char *buf, size_t len)
{
	MUST(text.at >= buf && text.at + text.len <= buf + len);
}

static void
must_make_sense(const struct http_request *request, const char *buf, size_t len)
{
	must_be_within(request->method, buf, len);
	must_be_within(request->target, buf, len);
	MUST(request->method.len > 0 && request->target.len > 0);
	MUST(request->path.len > 0);
	MUST(request->minor >= 0 && request->minor <= 9);
	MUST(request->field_count <= HTTP_FIELDS_MAX);
	for (size_t i = 0; i < request->field_count; i++) {
		must_be_within(request->fields[i].name, buf, len);
		must_be_within(request->fields[i].value, buf, len);
		MUST(request->fields[i].name.len > 0);
	}
	MUST(!request->chunked || request->length == 0);
	MUST(request->length <= HTTP_BODY_MAX);
	MUST(request->minor == 0 || http_field(request, "host"));
}

/* In two pieces, cut at CUT: the same as WHOLE, but an error that shows in the
 * first piece may be another than that of both. */
static void
head_in_two(const char *buf, size_t len, size_t cut, int whole)
{
	struct http_request request = {.checked = 0};
	int n = http_parse(buf, cut, &request);

	if (n == 0) {
		MUST(request.checked <= cut);
		n = http_parse(buf, len, &request);
	}
	MUST(n == whole || (n < 0 && whole < 0));
}

static int
parse_head(const char *buf, size_t len, struct http_request *request)
{
	int n;

	request->checked = 0;
	n = http_parse(buf, len, request);
	MUST(n <= (int)len && n <= HTTP_HEAD_MAX);
	head_in_two(buf, len, len / 2, n);
	head_in_two(buf, len, len - len / 8, n);
	if (n > 0) {
		head_in_two(buf, len, (size_t)n - 1, n);
		must_make_sense(request, buf, (size_t)n);
	}
	return n;
}

/* Returns how many bytes it has; 0 if it does not end; less than 0: wrong. */
static long
skip_body(const char *buf, size_t len, const struct http_request *request)
{
	struct http_body whole, piece;
	bool done, piece_done = false;
	long n, sum = 0;

	http_body_begin(&whole, request);
	n = http_body_skip(&whole, buf, len, &done);
	MUST(n <= (long)len && (n >= 0 || !done));
	MUST(done || n < 0 || n == (long)len);
	http_body_begin(&piece, request);
	for (size_t at = 0; at < len && !piece_done && sum >= 0; at++) {
		long one = http_body_skip(&piece, buf + at, 1, &piece_done);

		sum = one < 0 ? one : sum + one;
	}
	MUST(len == 0 || (sum == n && piece_done == done));
	return done || n < 0 ? n : 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *at = (const char *)data, *end = at + size;
	struct http_request request;
	int head;

	while (at < end &&
	       (head = parse_head(at, (size_t)(end - at), &request)) > 0) {
		long body;

		at += head;
		body = skip_body(at, (size_t)(end - at), &request);
		if (body < 0 ||
		    (body == 0 && (request.chunked || request.length > 0)))
			break;
		at += body;
	}
	return 0;
}
