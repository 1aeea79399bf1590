/* SPDX-License-Identifier: MIT */
/* http_site: read, parse, drop the body, answer; again. */
#include "common/service/http_site.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "common/base/hot.h"
#include "common/net/http.h"
#include "common/net/http_target.h"
#include "common/net/websocket.h"
#include "common/service/http_output.h"

/* On the stack of every idle connection, in one page with its output. */
#define SMALL_IN 2048

struct conversation {
	struct http_visit visit;
	const struct http_page *pages;
	const char *early; /* read by the caller, not used yet */
	size_t early_len;
	char *in; /* of in_size bytes */
	size_t in_size;
	size_t begin, end; /* bytes that were read and not used yet */
	size_t checked;	   /* of http_parse(), for an incomplete head */
	bool fresh;	   /* the next byte begins a request */
	bool asked;	   /* which is not the first one */
	struct http_output output;
	const struct http_page *upgraded;
};

/* The decision about a request, kept because its head is overwritten. */
struct decision {
	struct http_answer answer;
	bool expects_100;
	struct http_body body;
};

enum next {
	GO_ON,
	READ,
	ANSWER,
	GROW, /* the head does not fit the buffer */
	UPGRADE,
	LATE, /* the deadline passed within a request */
	END,
};

/* ---- input ---- */

/*
 * LATE: tells the client why, if that can be sent at once. Either way the
 * connection has timed out, and is ended so that the client can read the answer
 * (conn_finish()).
 */
static void
say_timed_out(struct conversation *talk, bool head_only)
{
	struct conn *conn = talk->visit.conn;

	http_output_answer(&talk->output,
	    &(struct http_answer){
		.status = 408, .minor = 1, .head_only = head_only});
	conn_try_write(conn, talk->output.bytes, talk->output.len);
	talk->output.len = 0;
	conn->outcome = OUTCOME_TIMED_OUT;
	conn->ended = false;
}

static void
take_early(struct conversation *talk)
{
	size_t room = talk->in_size - talk->end;
	size_t len = talk->early_len < room ? talk->early_len : room;

	if (len == 0)
		return;
	memcpy(talk->in + talk->end, talk->early, len);
	talk->end += len;
	talk->early += len;
	talk->early_len -= len;
}

/* Reads into the free end of the buffer. BEGUN: a request has begun. */
HOT static enum next
fill(struct conversation *talk, bool begun)
{
	const struct service_setup *setup = talk->visit.context->setup;
	struct conn *conn = talk->visit.conn;
	ssize_t n;

	if (talk->early_len > 0) {
		take_early(talk);
		return GO_ON;
	}
	if (http_output_flush(&talk->output) < 0)
		return END;
	if (talk->fresh && begun)
		conn_request_within(conn, conn->request_timeout_ns);
	else if (talk->fresh)
		conn_request_begin(conn);
	talk->fresh = false;
	/* An idle connection may be closed during a drain. */
	conn->leave = begun	    ? NULL
		      : talk->asked ? setup->draining
				    : setup->closing_silent;
	n = conn_read(conn, talk->in + talk->end, talk->in_size - talk->end);
	conn->leave = NULL;
	if (n > 0) {
		talk->end += (size_t)n;
		return GO_ON;
	}
	return n < 0 && errno == ETIMEDOUT && begun ? LATE : END;
}

/* Moves unused bytes to the start of the buffer. */
static void
to_front(struct conversation *talk)
{
	talk->end -= talk->begin;
	memmove(talk->in, talk->in + talk->begin, talk->end);
	talk->begin = 0;
}

static enum next
read_head(struct conversation *talk)
{
	size_t len = talk->end - talk->begin;

	if (len == talk->in_size)
		return GROW;
	if (len == 0)
		talk->begin = talk->end = 0;
	else if (talk->begin > 0 && talk->end == talk->in_size)
		to_front(talk);
	return fill(talk, len > 0);
}

/* Returns END at the end of the connection. */
static enum next
drop_body(struct conversation *talk, struct decision *decision)
{
	enum next next;
	bool done;

	for (;;) {
		long n = http_body_skip(&decision->body, talk->in + talk->begin,
		    talk->end - talk->begin, &done);

		if (n < 0) {
			decision->answer.status = (int)-n;
			decision->answer.keep_alive = false;
			return GO_ON;
		}
		talk->begin += (size_t)n;
		if (done)
			return GO_ON;
		/* A client that waits for 100 Continue has sent none of the
		 * body. */
		if (decision->expects_100 && n == 0)
			http_output_continue(&talk->output);
		talk->begin = talk->end = 0;
		next = fill(talk, true);
		if (next == LATE)
			say_timed_out(talk, decision->answer.head_only);
		if (next != GO_ON)
			return END;
	}
}

/* ---- requests ---- */

/* Returns NULL if there is no such page. */
static const struct http_page *
find_page(const struct http_page *pages, const struct http_request *request)
{
	struct http_slice key;
	const struct http_page *any = NULL;

	for (; pages->path; pages++) {
		if (http_path_is(request, pages->path))
			return pages;
		if (pages->any_path)
			any = pages;
	}
	return any && http_websocket(request, &key) != 0 ? any : NULL;
}

/* A unix socket belongs to a proxy, which may have used either scheme. */
static bool
is_of_our_pages(
    const struct http_visit *visit, const struct http_request *request)
{
	bool local = visit->context->peer->any.sa_family == AF_UNIX;

	return http_same_origin(request, visit->conn->transport->secure
					     ? "https"
					 : local ? NULL
						 : "http");
}

/* See http_page.own_host. Over TLS the certificate proves the name. */
static bool
was_led_here(const struct http_visit *visit, const struct http_request *request)
{
	struct address own;

	if (visit->context->setup->any_address ||
	    visit->conn->transport->secure || http_host_is_local(request))
		return false;
	own.len = sizeof(own) - offsetof(struct address, any);
	return getsockname(visit->conn->fd, &own.any, &own.len) == 0 &&
	       address_is_loopback(&own);
}

/* The status for REQUEST if its body is in order. */
static int
decide(const struct http_visit *visit, const struct http_request *request,
    const struct http_page *page, bool early_fits, struct http_slice *key)
{
	int status = 0;

	/* Without TLS, the client has no proof of the server's name (RFC 9110
	 * 7.4). */
	if (request->https && !visit->conn->transport->secure)
		return 421;
	if (!page)
		return http_is(request->path, "*") ? 204 : 404;
	if (page->websocket)
		status = http_websocket(request, key);
	if (status == 101 && !WEBSOCKET_HERE)
		return 501;
	if ((page->own_host || (status == 101 && page->same_origin)) &&
	    was_led_here(visit, request))
		return 421;
	if (status == 101 && page->same_origin &&
	    !is_of_our_pages(visit, request))
		return 403;
	/* The client must wait for the 101 before it sends more. */
	if (status == 101 && !early_fits)
		return 400;
	if (status != 0)
		return status;
	if (http_is(request->method, "OPTIONS"))
		return 204;
	if (!http_is(request->method, "GET") &&
	    !http_is(request->method, "HEAD"))
		return 405;
	if (!page->type)
		return 426;
	return request->conditional ? http_precondition(request) : 200;
}

static void
upgrade(struct conversation *talk, const struct http_page *page,
    const struct http_request *request, struct http_slice key)
{
	size_t after = request->path.len + 1; /* the "?" */
	struct http_slice query = request->target;

	if (request->expects_100) /* before all else (RFC 9110 7.8) */
		http_output_continue(&talk->output);
	/* NOLINTNEXTLINE(*CallAndMessage): decide() gives 101 with a key */
	http_output_switch(&talk->output, key);
	talk->upgraded = page;
	if (query.at != request->path.at || query.len <= after)
		return; /* an absolute target, or no query */
	query.len -= after;
	if (query.len >= HTTP_QUERY_MAX)
		query.len = HTTP_QUERY_MAX - 1;
	memcpy(talk->visit.query, query.at + after, query.len);
}

/*
 * Takes the next head, if it is complete. Not inlined: the request lies on the
 * stack where the frames of waiting calls will be.
 */
HOT static __attribute__((noinline)) enum next
take_head(struct conversation *talk, struct decision *decision)
{
	struct http_request request;
	struct http_slice key;
	struct http_answer *answer = &decision->answer;
	int n;

	request.checked = talk->checked;
	n = http_parse(
	    talk->in + talk->begin, talk->end - talk->begin, &request);
	talk->checked = n == 0 ? request.checked : 0;
	if (n == 0)
		return READ;
	*decision = (struct decision){.answer = {.status = -n, .minor = 1}};
	if (n < 0) {
		answer->head_only = http_begins_head(
		    talk->in + talk->begin, talk->end - talk->begin);
		return ANSWER;
	}
	talk->begin += (size_t)n;
	answer->page = find_page(talk->pages, &request);
	answer->status = decide(&talk->visit, &request, answer->page,
	    talk->end - talk->begin + talk->early_len <= SMALL_IN, &key);
	if (answer->status == 101) {
		upgrade(talk, answer->page, &request, key);
		return UPGRADE;
	}
	answer->head_only = http_is(request.method, "HEAD");
	/* After a refused handshake, the next bytes may be frames. */
	if (answer->status == 400 || answer->status == 403 ||
	    answer->status == 421 || answer->status == 501)
		return ANSWER;
	answer->keep_alive =
	    request.keep_alive && !*talk->visit.context->setup->draining;
	answer->minor = request.minor;
	decision->expects_100 = request.expects_100;
	http_body_begin(&decision->body, &request);
	return ANSWER;
}

/* Sends the answer; decides whether the connection goes on. */
static enum next
conclude(struct conversation *talk, const struct http_answer *answer)
{
	http_output_answer(&talk->output, answer);
	talk->fresh = talk->asked = true;
	return answer->keep_alive ? GO_ON : END;
}

/* Returns GROW, UPGRADE, or another value at the end. */
HOT static enum next
converse(struct conversation *talk)
{
	struct decision decision;
	enum next next;

	do {
		next = take_head(talk, &decision);
		if (next == READ) {
			next = read_head(talk);
		} else if (next == ANSWER) {
			next = drop_body(talk, &decision);
			if (next == GO_ON)
				next = conclude(talk, &decision.answer);
		}
	} while (next == GO_ON);
	if (next == LATE)
		say_timed_out(talk, http_begins_head(talk->in + talk->begin,
					talk->end - talk->begin));
	if (next != UPGRADE)
		http_output_flush(&talk->output);
	return next;
}

static void
move_to(struct conversation *talk, char *in, size_t size)
{
	to_front(talk);
	memcpy(in, talk->in, talk->end);
	talk->in = in;
	talk->in_size = size;
}

/* With a buffer for the longest head. Not on the stack, which TLS needs. */
static enum next
converse_large(struct conversation *talk, char *small)
{
	char *large = malloc(HTTP_HEAD_MAX);
	enum next next = END;

	if (!large) {
		conn_fail(talk->visit.conn, ENOMEM);
		return next;
	}
	move_to(talk, large, HTTP_HEAD_MAX);
	next = converse(talk);
	if (next == UPGRADE)
		move_to(talk, small, SMALL_IN);
	free(large);
	return next;
}

void
http_site_serve(struct conn *conn, const struct service_context *context,
    const struct http_page *pages, const char *early, size_t early_len)
{
	char in[SMALL_IN], out[HTTP_OUTPUT_MAX];
	struct conversation talk = {
	    .visit = {.conn = conn, .context = context},
	    .pages = pages,
	    .in = in,
	    .in_size = sizeof(in),
	    .early = early,
	    .early_len = early_len,
	    .fresh = early_len == 0,
	    .output = {.visit = &talk.visit, .bytes = out},
	};
	enum next next;

	talk.visit.output = &talk.output;
	next = converse(&talk);
	if (next == GROW)
		next = converse_large(&talk, in);
	if (next != UPGRADE || talk.output.failed)
		return;
	/* They fit; see decide(). */
	to_front(&talk);
	take_early(&talk);
	conn_request_end(conn);
	talk.upgraded->websocket(&talk.visit, in, talk.end);
}

int
http_site_switch(const struct http_visit *visit)
{
	return http_output_flush(visit->output);
}

void
http_site_time_out(struct conn *conn, const struct service_context *context,
    const char *begun, size_t len)
{
	char out[HTTP_OUTPUT_MAX];
	struct conversation talk = {
	    .visit = {.conn = conn, .context = context},
	    .output = {.visit = &talk.visit, .bytes = out},
	};

	say_timed_out(&talk, http_begins_head(begun, len));
}

/* Only for the accept loop, which sends the text before the next call. */
const char *
http_site_refusal(enum refusal_reason reason, const char *first, size_t len)
{
	static char text[512];
	bool source_full = reason == REFUSAL_SOURCE_FULL;
	const char *content =
	    source_full ? SERVICE_SOURCE_FULL : "Server full, come back soon\n";
	char date[HTTP_DATE_LEN];

	http_date(date, (unsigned long)time(NULL));
	snprintf(text, sizeof(text),
	    "HTTP/1.1 %s\r\nDate: %.*s\r\nContent-Type: text/plain\r\n"
	    "Content-Length: %zu\r\nConnection: close\r\nRetry-After: 1\r\n"
	    "\r\n%s",
	    source_full ? "429 Too Many Requests" : "503 Service Unavailable",
	    HTTP_DATE_LEN, date, strlen(content),
	    http_begins_head(first, len) ? "" : content);
	return text;
}
