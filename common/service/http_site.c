/* SPDX-License-Identifier: MIT */
/* http_site: read, parse, drop the body, answer; again. */
#include "common/service/http_site.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/hot.h"
#include "common/net/http.h"
#include "common/net/websocket.h"

enum {
	/* On the stack of every idle connection, both in one page. */
	SMALL_IN = 2048,
	OUT_MAX = 1536,
	/* "Sun, 06 Nov 1994 08:49:37 GMT" */
	DATE_LEN = 29,
};

struct talk {
	struct http_visit visit;
	const struct http_page *pages;
	const char *early; /* read by our caller, not taken yet */
	size_t early_len;
	char *in; /* of in_size bytes */
	size_t in_size;
	size_t begin, end; /* what was read and is not used yet */
	size_t checked;	   /* http.h's, of an incomplete head */
	bool fresh;	   /* what comes next begins a request */
	bool failed;	   /* to write */
	char *out;	   /* of OUT_MAX bytes */
	size_t out_len;
	const struct http_page *upgraded;
	time_t second; /* of the date */
	char date[DATE_LEN];
	/* What lies at the start of OUT, sent or not: the same answer again
	 * needs no writing. LEN 0: nothing. */
	struct repeat {
		const struct http_page *page;
		time_t second;
		int minor;
		bool head_only, keep_alive;
		size_t len;
	} last;
};

/* What was decided about a request, before its head is overwritten. */
struct answer {
	int status;
	const struct http_page *page; /* whose content goes with 200 */
	bool head_only;
	bool keep_alive;
	int minor;
	bool expects_100;
	struct http_body body;
};

enum next {
	GO_ON,
	READ,
	ANSWER,
	GROW, /* the head does not fit the buffer */
	UPGRADE,
	END,
};

/* ---- output: gathered, so that pipelined answers share a send ---- */

static int
flush(struct talk *talk)
{
	if (!talk->failed && talk->out_len > 0)
		talk->failed =
		    conn_write(talk->visit.conn, talk->out, talk->out_len) < 0;
	talk->out_len = 0;
	return talk->failed ? -1 : 0;
}

static void
put(struct talk *talk, const char *bytes, size_t len)
{
	if (talk->out_len < talk->last.len)
		talk->last.len = 0; /* written over */
	while (len > OUT_MAX - talk->out_len) {
		size_t n = OUT_MAX - talk->out_len;

		memcpy(talk->out + talk->out_len, bytes, n);
		talk->out_len += n;
		bytes += n;
		len -= n;
		flush(talk);
	}
	memcpy(talk->out + talk->out_len, bytes, len);
	talk->out_len += len;
}

/* Inline, for texts whose length the compiler knows. */
static inline void
put_text(struct talk *talk, const char *text)
{
	put(talk, text, strlen(text));
}

static void
put_number(struct talk *talk, size_t number)
{
	char digits[20], *at = digits + sizeof(digits);

	do
		*--at = (char)('0' + number % 10);
	while (number /= 10);
	put(talk, at, (size_t)(digits + sizeof(digits) - at));
}

/* ---- the date (RFC 9110 5.6.7) ---- */

static void
two_digits(char *at, unsigned long value)
{
	at[0] = (char)('0' + value / 10 % 10);
	at[1] = (char)('0' + value % 10);
}

/*
 * Not by gmtime_r(3), which reads the time zone's file in each forked child.
 * A year here begins in March, so that the day that may be missing is its last;
 * 146097 days are 400 years, 153 days are five months of 31 and 30.
 */
static void
format_date(char *out, unsigned long second)
{
	static const char days[] = "ThuFriSatSunMonTueWed",
			  months[] = "MarAprMayJunJulAugSepOctNovDecJanFeb";
	unsigned long number = second / 86400, of_day = second % 86400;
	unsigned long day = number + 719468; /* from 0000-03-01 */
	unsigned long of_era = day % 146097;
	unsigned long year =
	    (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	unsigned long of_year = of_era - (365 * year + year / 4 - year / 100);
	unsigned long month = (5 * of_year + 2) / 153;

	memcpy(out, "xxx, xx xxx xxxx xx:xx:xx GMT", DATE_LEN);
	year += day / 146097 * 400 + (month >= 10);
	memcpy(out, days + number % 7 * 3, 3);
	two_digits(out + 5, of_year - (153 * month + 2) / 5 + 1);
	memcpy(out + 8, months + month * 3, 3);
	two_digits(out + 12, year / 100);
	two_digits(out + 14, year);
	two_digits(out + 17, of_day / 3600);
	two_digits(out + 20, of_day / 60 % 60);
	two_digits(out + 23, of_day % 60);
}

static void
look_at_clock(struct talk *talk)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	if (now.tv_sec != talk->second) {
		talk->second = now.tv_sec;
		format_date(talk->date, (unsigned long)now.tv_sec);
	}
}

/* ---- answers ---- */

#define ALLOW "Allow: GET, HEAD, OPTIONS\r\n"

static const struct status {
	int code;
	const char *line, *fields;
} STATUSES[] = {
    {200, "200 OK", ""},
    {204, "204 No Content", ALLOW},
    {400, "400 Bad Request", ""},
    {403, "403 Forbidden", ""},
    {404, "404 Not Found", ""},
    {405, "405 Method Not Allowed", ALLOW},
    {408, "408 Request Timeout", ""},
    {413, "413 Content Too Large", ""},
    {414, "414 URI Too Long", ""},
    {417, "417 Expectation Failed", ""},
    {426, "426 Upgrade Required",
	"Upgrade: websocket\r\nConnection: upgrade\r\n"
	"Sec-WebSocket-Version: 13\r\n"},
    {431, "431 Request Header Fields Too Large", ""},
    {501, "501 Not Implemented", ""},
    {505, "505 HTTP Version Not Supported", ""},
};

static const struct status *
find_status(int code)
{
	const struct status *status = STATUSES;

	while (status->code != code)
		status++;
	return status;
}

static void
put_head(struct talk *talk, const struct answer *answer,
    const struct status *status, const char *type, size_t len)
{
	put_text(talk, "HTTP/1.1 ");
	put_text(talk, status->line);
	put_text(talk, "\r\nDate: ");
	put(talk, talk->date, DATE_LEN);
	put_text(talk, "\r\n");
	put_text(talk, status->fields);
	if (!answer->keep_alive)
		put_text(talk, "Connection: close\r\n");
	else if (answer->minor == 0)
		put_text(talk, "Connection: keep-alive\r\n");
	if (answer->status != 204) {
		put_text(talk, "Content-Type: ");
		put_text(talk, type);
		put_text(talk, "\r\nContent-Length: ");
		put_number(talk, len);
		put_text(talk, "\r\n");
	}
	put_text(talk, "\r\n");
}

/* Out of line, as what is rare and large has no place in each stack frame. */
static __attribute__((noinline)) void
put_written(struct talk *talk, const struct answer *answer)
{
	char small[HTTP_PAGE_MAX], *content = small, *large = NULL;
	size_t size = sizeof(small), len;

	while (
	    (len = answer->page->write(&talk->visit, content, size)) > size) {
		size = len + len / 8; /* it may grow meanwhile */
		free(large);
		content = large = malloc(size);
		if (!large) {
			conn_fail(talk->visit.conn, ENOMEM);
			talk->failed = true;
			return;
		}
	}
	put_head(talk, answer, find_status(200), answer->page->type, len);
	if (!answer->head_only)
		put(talk, content, len);
	free(large);
}

/* What a page is in one text of its own. */
static void
put_page(struct talk *talk, const struct answer *answer)
{
	const struct http_page *page = answer->page;
	size_t len = strlen(page->text), start = talk->out_len, head;

	put_head(talk, answer, find_status(200), page->type, len);
	head = talk->out_len;
	if (answer->head_only)
		len = 0;
	put(talk, page->text, len);
	if (start > 0 || talk->out_len != head + len)
		return; /* not at the start, or not all of it */
	talk->last = (struct repeat){page, talk->second, answer->minor,
	    answer->head_only, answer->keep_alive, talk->out_len};
}

/* Whether it is the one that OUT begins with, which then is to be sent. */
static bool
repeats(struct talk *talk, const struct answer *answer)
{
	const struct repeat *last = &talk->last;

	if (talk->out_len > 0 || last->len == 0 || last->page != answer->page ||
	    last->second != talk->second || last->minor != answer->minor ||
	    last->head_only != answer->head_only ||
	    last->keep_alive != answer->keep_alive)
		return false;
	talk->out_len = last->len;
	return true;
}

static void
put_status(struct talk *talk, const struct answer *answer)
{
	const struct status *status = find_status(answer->status);

	put_head(talk, answer, status, "text/plain", strlen(status->line) + 1);
	if (answer->head_only || answer->status == 204)
		return;
	put_text(talk, status->line);
	put_text(talk, "\n");
}

HOT static void
put_answer(struct talk *talk, const struct answer *answer)
{
	look_at_clock(talk);
	if (answer->status != 200)
		put_status(talk, answer);
	else if (answer->page->write)
		put_written(talk, answer);
	else if (!repeats(talk, answer))
		put_page(talk, answer);
}

static void
put_switch(struct talk *talk, struct http_text key)
{
	char accept[WEBSOCKET_ACCEPT_SIZE];

	websocket_accept_key(key.at, key.len, accept);
	put_text(talk, "HTTP/1.1 101 Switching Protocols\r\n"
		       "Upgrade: websocket\r\nConnection: Upgrade\r\n"
		       "Sec-WebSocket-Accept: ");
	put_text(talk, accept);
	put_text(talk, "\r\n\r\n");
}

/* ---- input ---- */

/*
 * The deadline has passed inside a request. Who reads it learns why, if it can
 * be sent at once; either way the connection has timed out, and is ended with
 * the care that an answer takes (conn_finish()).
 */
static void
say_timed_out(struct talk *talk)
{
	struct conn *conn = talk->visit.conn;

	put_answer(talk, &(struct answer){.status = 408, .minor = 1});
	conn_try_write(conn, talk->out, talk->out_len);
	talk->out_len = 0;
	conn->outcome = OUTCOME_TIMED_OUT;
	conn->ended = false;
}

static void
take_early(struct talk *talk)
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

/* Reads what comes into the buffer's free end. BEGUN: a request has. */
HOT static enum next
fill(struct talk *talk, bool begun)
{
	struct conn *conn = talk->visit.conn;
	ssize_t n;

	if (talk->early_len > 0) {
		take_early(talk);
		return GO_ON;
	}
	if (flush(talk) < 0)
		return END;
	if (talk->fresh && begun)
		conn_request_within(conn, conn->request_timeout_ns);
	else if (talk->fresh)
		conn_request_begin(conn);
	talk->fresh = false;
	/* Who waits for nothing of ours may be sent away. */
	conn->leave = begun ? NULL : talk->visit.context->setup->draining;
	n = conn_read(conn, talk->in + talk->end, talk->in_size - talk->end);
	conn->leave = NULL;
	if (n > 0) {
		talk->end += (size_t)n;
		return GO_ON;
	}
	if (n < 0 && errno == ETIMEDOUT && begun)
		say_timed_out(talk);
	return END;
}

/* Moves what is not used yet to the start of the buffer. */
static void
to_front(struct talk *talk)
{
	talk->end -= talk->begin;
	memmove(talk->in, talk->in + talk->begin, talk->end);
	talk->begin = 0;
}

static enum next
read_head(struct talk *talk)
{
	size_t len = talk->end - talk->begin;

	if (len == talk->in_size)
		return GROW;
	if (talk->begin > 0 && (len == 0 || talk->end == talk->in_size))
		to_front(talk);
	return fill(talk, len > 0);
}

/* Returns END when the connection is at its end. */
static enum next
drop_body(struct talk *talk, struct answer *answer)
{
	bool done;

	for (;;) {
		long n = http_body_skip(&answer->body, talk->in + talk->begin,
		    talk->end - talk->begin, &done);

		if (n < 0) {
			answer->status = (int)-n;
			answer->keep_alive = false;
			return GO_ON;
		}
		talk->begin += (size_t)n;
		if (done)
			return GO_ON;
		/* Who waits for it has sent nothing of the body. */
		if (answer->expects_100 && n == 0)
			put_text(talk, "HTTP/1.1 100 Continue\r\n\r\n");
		talk->begin = talk->end = 0;
		if (fill(talk, true) == END)
			return END;
	}
}

/* ---- requests ---- */

/* Returns NULL if there is none. */
static const struct http_page *
find_page(const struct http_page *pages, const struct http_request *request)
{
	struct http_text path = request->path, key;
	const struct http_page *any = NULL;

	for (; pages->path; pages++) {
		if (path.len == strlen(pages->path) &&
		    memcmp(path.at, pages->path, path.len) == 0)
			return pages;
		if (pages->any_path)
			any = pages;
	}
	return any && http_websocket(request, &key) != 0 ? any : NULL;
}

/* The status that REQUEST gets where nothing is wrong with its body. */
static int
decide(const struct http_request *request, const struct http_page *page,
    bool early_fits, struct http_text *key)
{
	int status = 0;

	if (!page)
		return http_is(request->path, "*") ? 204 : 404;
	if (page->websocket)
		status = http_websocket(request, key);
	if (status == 101 && !WEBSOCKET_HERE)
		return 501;
	if (status == 101 && page->same_origin && !http_same_origin(request))
		return 403;
	/* Who has an answer to wait for has nothing to send yet. */
	if (status == 101 && !early_fits)
		return 400;
	if (status != 0)
		return status;
	if (http_is(request->method, "OPTIONS"))
		return 204;
	if (!http_is(request->method, "GET") &&
	    !http_is(request->method, "HEAD"))
		return 405;
	return page->type ? 200 : 426;
}

static void
upgrade(struct talk *talk, const struct http_page *page,
    const struct http_request *request, struct http_text key)
{
	size_t after = request->path.len + 1; /* the "?" */
	struct http_text query = request->target;

	put_switch(talk, key);
	talk->upgraded = page;
	if (query.at != request->path.at || query.len <= after)
		return; /* an absolute target, or no query */
	query.len -= after;
	if (query.len >= HTTP_QUERY_MAX)
		query.len = HTTP_QUERY_MAX - 1;
	memcpy(talk->visit.query, query.at + after, query.len);
}

/*
 * The next head, if all of it is here. Out of line: the request lies on the
 * stack where the calls that wait will have their frames.
 */
HOT static __attribute__((noinline)) enum next
take_head(struct talk *talk, struct answer *answer)
{
	struct http_request request;
	struct http_text key;
	int n;

	request.checked = talk->checked;
	n = http_parse(
	    talk->in + talk->begin, talk->end - talk->begin, &request);
	talk->checked = n == 0 ? request.checked : 0;
	if (n == 0)
		return READ;
	*answer = (struct answer){.status = -n, .minor = 1};
	if (n < 0)
		return ANSWER;
	talk->begin += (size_t)n;
	answer->page = find_page(talk->pages, &request);
	answer->status = decide(&request, answer->page,
	    talk->end - talk->begin + talk->early_len <= SMALL_IN, &key);
	if (answer->status == 101) {
		upgrade(talk, answer->page, &request, key);
		return UPGRADE;
	}
	/* What follows a handshake that is refused may be frames. */
	if (answer->status == 400 || answer->status == 403 ||
	    answer->status == 501)
		return ANSWER;
	answer->head_only = http_is(request.method, "HEAD");
	answer->keep_alive =
	    request.keep_alive && !*talk->visit.context->setup->draining;
	answer->minor = request.minor;
	answer->expects_100 = request.expects_100;
	http_body_begin(&answer->body, &request);
	return ANSWER;
}

/* The answer, and whether the connection goes on. */
static enum next
conclude(struct talk *talk, const struct answer *answer)
{
	put_answer(talk, answer);
	talk->fresh = true;
	return answer->keep_alive ? GO_ON : END;
}

/* Returns GROW, UPGRADE or END. */
HOT static enum next
converse(struct talk *talk)
{
	struct answer answer;
	enum next next;

	do {
		next = take_head(talk, &answer);
		if (next == READ) {
			next = read_head(talk);
		} else if (next == ANSWER) {
			next = drop_body(talk, &answer);
			if (next == GO_ON)
				next = conclude(talk, &answer);
		}
	} while (next == GO_ON);
	flush(talk);
	return next;
}

static void
move_to(struct talk *talk, char *in, size_t size)
{
	to_front(talk);
	memcpy(in, talk->in, talk->end);
	talk->in = in;
	talk->in_size = size;
}

/* With room for the longest head: not on the stack, where TLS needs some. */
static enum next
converse_large(struct talk *talk, char *small)
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
	char in[SMALL_IN], out[OUT_MAX];
	struct talk talk = {
	    .visit = {.conn = conn, .context = context},
	    .pages = pages,
	    .in = in,
	    .in_size = sizeof(in),
	    .early = early,
	    .early_len = early_len,
	    .fresh = early_len == 0,
	    .out = out,
	};
	enum next next;

	if (early_len > 0)
		conn_request_within(conn, conn->request_timeout_ns);
	next = converse(&talk);
	if (next == GROW)
		next = converse_large(&talk, in);
	if (next != UPGRADE || talk.failed)
		return;
	/* They fit: decide(). */
	to_front(&talk);
	take_early(&talk);
	conn_request_end(conn);
	talk.upgraded->websocket(&talk.visit, in, talk.end);
}
