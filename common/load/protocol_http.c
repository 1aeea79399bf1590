/* SPDX-License-Identifier: MIT */
/*
 * protocol_http: a request (http_plan.h), and a response with an expected
 * status and the same body as the first one of that status.
 *
 * Most responses equal the one before them to the byte: a memcmp(3) is enough.
 * Others (another Date, a response in pieces) are parsed; the next responses
 * are compared with them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/load/http_response.h"
#include "common/load/protocol.h"

#define BODY_MAX ((size_t)256 << 20)
#define START_MAX ((size_t)40) /* of what is no response */

struct bytes {
	char *at;
	size_t len, size;
};

/* Of the first right response of a status. */
struct first_body {
	struct bytes body;
	bool known;
};

struct http_run {
	char *request;
	size_t request_len;
	/* The latest right response that came in one piece. */
	struct bytes good;
	bool good_last; /* it has Connection: close */
	bool no_body;	/* to HEAD */
	struct first_body first[HTTP_STATUS_END];
};

struct http_state {
	struct http_response reply;
	size_t body_len;   /* so far */
	struct bytes kept; /* the body, until the first one is known */
};

static int
http_open(struct protocol_run *run)
{
	struct http_run *h = run->own = calloc(1, sizeof(*h));

	if (!h)
		return -1;
	h->no_body = strcmp(run->http->method, "HEAD") == 0;
	h->request = http_plan_request(
	    run->http, run->path, run->host, run->churn, &h->request_len);
	return h->request ? 0 : -1;
}

static void
http_close(struct protocol_run *run)
{
	struct http_run *h = run->own;

	if (!h)
		return;
	for (uint32_t i = 0; i < run->connections; i++)
		free(((struct http_state *)(void *)run->states)[i].kept.at);
	free(h->request);
	free(h->good.at);
	for (int i = 0; i < HTTP_STATUS_END; i++)
		free(h->first[i].body.at);
	free(h);
	run->own = NULL;
}

static void
http_request(struct protocol_run *run, struct exchange *x)
{
	const struct http_run *h = run->own;
	struct http_state *state = x->own;

	http_response_begin(&state->reply, h->no_body);
	state->body_len = state->kept.len = 0;
	x->out = h->request;
	x->out_len = h->request_len;
}

/* 0, or -1 with errno. */
static int
append(struct bytes *to, const char *at, size_t len)
{
	size_t need = to->len + len, size = need + need / 2;

	if (need > to->size) {
		char *new = realloc(to->at, size);

		if (!new)
			return -1;
		to->at = new;
		to->size = size;
	}
	memcpy(to->at + to->len, at, len);
	to->len = need;
	return 0;
}

#define ANY_BODY "; give --any-body if it may differ each time"

/* Compares LEN bytes with the first body from AT on; REPLY_MORE: equal. */
static enum reply_check
compare(struct protocol_run *run, const struct http_state *state, size_t at,
    const char *bytes, size_t len)
{
	const struct http_run *h = run->own;
	const struct bytes *want = &h->first[state->reply.status].body;
	size_t i = 0;

	if (len > want->len - at)
		return reply_wrong(run,
		    "a body of more than %zu bytes, which the first "
		    "had" ANY_BODY,
		    want->len);
	if (!len || memcmp(bytes, want->at + at, len) == 0)
		return REPLY_MORE;
	while (bytes[i] == want->at[at + i])
		i++;
	return reply_wrong(run,
	    "byte %zu of the body is 0x%02x, not 0x%02x as in the first one "
	    "(changed)" ANY_BODY,
	    at + i, (unsigned char)bytes[i], (unsigned char)want->at[at + i]);
}

/* Compares what was kept until the first body was known. */
static enum reply_check
compare_kept(struct protocol_run *run, struct http_state *state)
{
	enum reply_check now =
	    compare(run, state, 0, state->kept.at, state->kept.len);

	free(state->kept.at);
	state->kept = (struct bytes){NULL, 0, 0};
	return now;
}

/* REPLY_MORE: the piece is right. */
static enum reply_check
judge_body(struct protocol_run *run, struct http_state *state,
    const struct http_piece *piece)
{
	const struct http_run *h = run->own;
	size_t at = state->body_len;

	state->body_len += piece->len;
	if (run->http->any_body)
		return REPLY_MORE;
	if (!h->first[state->reply.status].known) {
		if (state->body_len > BODY_MAX ||
		    append(&state->kept, piece->at, piece->len) < 0)
			return reply_wrong(run,
			    "a body too large to keep and compare" ANY_BODY);
		return REPLY_MORE;
	}
	if (state->kept.len && compare_kept(run, state) == REPLY_WRONG)
		return REPLY_WRONG;
	return compare(run, state, at, piece->at, piece->len);
}

/* The response is complete. */
static enum reply_check
judge_end(struct protocol_run *run, struct http_state *state)
{
	struct http_run *h = run->own;
	struct bytes *first = &h->first[state->reply.status].body;

	if (!h->first[state->reply.status].known) {
		*first = state->kept;
		h->first[state->reply.status].known = true;
		state->kept = (struct bytes){NULL, 0, 0};
	}
	if (state->kept.len && compare_kept(run, state) == REPLY_WRONG)
		return REPLY_WRONG;
	if (state->body_len != first->len && !run->http->any_body)
		return reply_wrong(run,
		    "a body of %zu bytes, where the first had %zu" ANY_BODY,
		    state->body_len, first->len);
	return state->reply.keep_alive ? REPLY_COMPLETE : REPLY_LAST;
}

static enum reply_check
wrong_status(struct protocol_run *run, const struct http_response *reply)
{
	int status = reply->status;

	if (status / 100 == 3 && reply->named[0])
		return reply_wrong(run,
		    "status %d, a redirect to %s, which the client does not "
		    "follow: load that, or give --expect %d",
		    status, reply->named, status);
	if (status == 401)
		return reply_wrong(run,
		    "status 401: the server wants a --header "
		    "'Authorization: ...'");
	if (run->http->expect != http_plan_usual.expect)
		return reply_wrong(run, "status %d, not --expect %.60s", status,
		    run->http->expect);
	return reply_wrong(run, "status %d", status);
}

/* What came begins with no status line: describe it, not the grammar. */
static enum reply_check
no_response(struct protocol_run *run, const struct http_response *reply)
{
	size_t len = reply->line_len < START_MAX ? reply->line_len : START_MAX;
	const char *other = protocol_other(run, reply->line, len);

	if (other)
		return reply_wrong(run, "no HTTP response: %s", other);
	if (reply->status || !len)
		return reply_wrong(run, "no HTTP response: %s", reply->why);
	return reply_wrong(run, "no HTTP response: it begins with '%.*s'",
	    (int)len, reply->line);
}

static enum reply_check
judge_status(struct protocol_run *run, const struct exchange *x,
    const struct http_response *reply)
{
	if (reply->state == HTTP_BAD)
		return no_response(run, reply);
	/* The server closed an idle connection while the request was in flight.
	 */
	if (reply->status == 408 && x->reused)
		return REPLY_RETRY;
	/* Before the body, which may differ in an error. */
	if (reply->state != HTTP_HEAD &&
	    (reply->status >= HTTP_STATUS_END ||
		!run->http->expected[reply->status]))
		return wrong_status(run, reply);
	return REPLY_MORE;
}

/* A server that closes an idle connection may say why (RFC 9110 15.5.9). */
static bool
says_timeout(const char *buf, size_t len)
{
	static const char line[] = "HTTP/1.x 408";
	const size_t end = strlen(line), minor = strlen("HTTP/1.");

	return len >= end && memcmp(buf, line, minor) == 0 &&
	       memcmp(buf + minor + 1, line + minor + 1, end - minor - 1) == 0;
}

/* Bytes without a request; WHICH describes them. A 408 means that the server
 * closes; it may come alone or right after a response. */
static enum reply_check
judge_unsolicited(
    struct protocol_run *run, const char *buf, size_t len, const char *which)
{
	if (says_timeout(buf, len))
		return REPLY_LAST;
	return reply_wrong(run, "%zu bytes %s", len, which);
}

/* Parses the LEN bytes at BUF up to the end of the response, *USED bytes.
 * Checks status and body, but not that the body is complete. */
static enum reply_check
parse(struct protocol_run *run, struct exchange *x, const char *buf, size_t len,
    size_t *used)
{
	struct http_state *state = x->own;
	enum reply_check now = REPLY_MORE;

	*used = 0;
	while (*used < len && now == REPLY_MORE &&
	       !http_response_over(&state->reply)) {
		struct http_piece piece;

		*used += http_response_feed(
		    &state->reply, buf + *used, len - *used, &piece);
		now = judge_status(run, x, &state->reply);
		if (now == REPLY_MORE && piece.len)
			now = judge_body(run, state, &piece);
	}
	return now;
}

/* Keeps a right response that came in one piece, for the next memcmp(3).
 * Without memory for it, all responses are parsed. */
static void
keep_good(struct http_run *h, const char *buf, size_t len, bool last)
{
	h->good.len = 0;
	h->good_last = last;
	append(&h->good, buf, len);
}

static enum reply_check
http_judge(
    struct protocol_run *run, struct exchange *x, const char *buf, size_t len)
{
	struct http_run *h = run->own;
	struct http_state *state = x->own;
	size_t used;
	bool first = x->received == 0;
	enum reply_check now;

	if (!x->pending)
		return judge_unsolicited(
		    run, buf, len, "without a request (doubled?)");
	x->received += len;
	if (first && len == h->good.len && memcmp(buf, h->good.at, len) == 0)
		return h->good_last ? REPLY_LAST : REPLY_COMPLETE;
	now = parse(run, x, buf, len, &used);
	if (now != REPLY_MORE || state->reply.state != HTTP_DONE)
		return now;
	now = judge_end(run, state);
	if (now != REPLY_WRONG && used < len)
		return judge_unsolicited(run, buf + used, len - used,
		    h->no_body ? "after the head, although the request was HEAD"
			       : "too many after the response (doubled?)");
	if (now != REPLY_WRONG && first)
		keep_good(h, buf, len, now == REPLY_LAST);
	return now;
}

static enum reply_check
http_at_eof(struct protocol_run *run, struct exchange *x)
{
	struct http_state *state = x->own;

	run->why[0] = '\0';
	if (!http_response_end(&state->reply)) {
		if (!x->received && !run->tls)
			reply_wrong(run,
			    "no answer; a server that speaks TLS needs "
			    "https:// or tls:");
		else if (x->received && !state->reply.status)
			no_response(run, &state->reply);
		return REPLY_CLOSED;
	}
	return judge_end(run, state) == REPLY_WRONG ? REPLY_WRONG : REPLY_LAST;
}

/* Whether A, which may be taken from B, is B. */
static bool
is_same_first(struct first_body *a, const struct first_body *b)
{
	if (!b->known)
		return true;
	if (!a->known) {
		a->known = !b->body.len ||
			   append(&a->body, b->body.at, b->body.len) == 0;
		return true;
	}
	return a->body.len == b->body.len &&
	       (!a->body.len ||
		   memcmp(a->body.at, b->body.at, a->body.len) == 0);
}

/* Each run compared with its own first bodies; all runs must have the same. How
 * many responses were like each of two is unknown: it counts as one. */
static uint64_t
http_merge(struct protocol_run *run, const struct protocol_run *other)
{
	struct http_run *h = run->own;
	const struct http_run *from = other->own;
	uint64_t count = 0;

	for (int i = 0; i < HTTP_STATUS_END && !run->http->any_body; i++) {
		if (is_same_first(&h->first[i], &from->first[i]))
			continue;
		if (!count++)
			reply_wrong(run,
			    "the first bodies of status %d on the connections "
			    "of two threads are not the same" ANY_BODY,
			    i);
	}
	return count;
}

const struct protocol protocol_http = {
    .name = "http",
    .summary = "GET, or another method: status 2xx, each body like the first",
    .service = "http",
    .unsolicited = true,
    .idempotent = true,
    .path = "/",
    .tls_name = "http/1.1",
    .own_size = sizeof(struct http_state),
    .open = http_open,
    .close = http_close,
    .request = http_request,
    .judge = http_judge,
    .at_eof = http_at_eof,
    .merge = http_merge,
};
