/* SPDX-License-Identifier: MIT */
/* http_reply: lines are gathered, bodies are passed on in place. */
#include "common/load/http_reply.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void
http_reply_begin(struct http_reply *r)
{
	r->state = HTTP_HEAD;
	r->status = 0;
	r->keep_alive = r->chunked = r->has_length = r->upgrade = false;
	r->after_cr = false;
	r->left = 0;
	r->head_len = r->line_len = 0;
	r->accept[0] = '\0';
	r->why = "";
}

bool
http_reply_over(const struct http_reply *r)
{
	return r->state == HTTP_DONE || r->state == HTTP_BAD;
}

bool
http_reply_end(struct http_reply *r)
{
	if (r->state == HTTP_TO_END)
		r->state = HTTP_DONE;
	return r->state == HTTP_DONE;
}

static void
bad(struct http_reply *r, const char *why)
{
	r->state = HTTP_BAD;
	r->why = why;
}

/* ---- the head ---- */

/* "HTTP/1.1 200 OK"; the words may be missing, the space before them not. */
static void
take_status_line(struct http_reply *r)
{
	const char *line = r->line;

	if (strncmp(line, "HTTP/1.", 7) != 0 || line[7] < '0' ||
	    line[7] > '9' || line[8] != ' ' || line[9] < '1' || line[9] > '5' ||
	    line[10] < '0' || line[10] > '9' || line[11] < '0' ||
	    line[11] > '9' || line[12] != ' ') {
		bad(r, "no HTTP/1.x status line");
		return;
	}
	r->status = atoi(line + 9);
	r->keep_alive = line[7] > '0';
}

/* 16 and more for what is no digit. */
static unsigned
digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	c |= 32;
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

/* In digits of BASE and nothing else, from AT to END. */
static bool
parse_number(const char *at, const char *end, unsigned base, uint64_t *out)
{
	uint64_t value = 0;

	*out = 0;
	if (at == end)
		return false;
	for (; at < end; at++) {
		unsigned digit = digit_of(*at);

		if (digit >= base ||
		    __builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return false;
	}
	*out = value;
	return true;
}

/* Whether a list with commas has WORD in it. */
static bool
lists(const char *list, const char *word)
{
	size_t len = strlen(word);

	while (*list) {
		list += strspn(list, " \t,");
		if (strncasecmp(list, word, len) == 0 &&
		    strchr(" \t,", list[len]))
			return true;
		list += strcspn(list, ",");
	}
	return false;
}

static void
take_length(struct http_reply *r, const char *value, const char *end)
{
	uint64_t length;

	if (!parse_number(value, end, 10, &length))
		bad(r, "Content-Length is no number");
	else if (r->has_length && length != r->left)
		bad(r, "two Content-Lengths that differ");
	r->has_length = true;
	r->left = length;
}

static void
take_field(struct http_reply *r)
{
	char *colon = strchr(r->line, ':'), *value, *end;

	if (!colon || colon == r->line ||
	    strcspn(r->line, " \t") < (size_t)(colon - r->line)) {
		/* A name longer than we keep is none that we ask for. */
		if (colon || r->line_len < HTTP_REPLY_LINE_MAX)
			bad(r, "a header field without a name");
		return;
	}
	*colon = '\0';
	value = colon + 1 + strspn(colon + 1, " \t");
	end = value + strlen(value);
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*end = '\0';
	if (strcasecmp(r->line, "content-length") == 0)
		take_length(r, value, end);
	else if (strcasecmp(r->line, "transfer-encoding") == 0)
		r->chunked = lists(value, "chunked");
	else if (strcasecmp(r->line, "connection") == 0)
		r->keep_alive = !lists(value, "close") &&
				(r->keep_alive || lists(value, "keep-alive"));
	else if (strcasecmp(r->line, "upgrade") == 0)
		r->upgrade = lists(value, "websocket");
	else if (strcasecmp(r->line, "sec-websocket-accept") == 0 &&
		 strlen(value) < sizeof(r->accept))
		strcpy(r->accept, value);
}

/* The empty line: what RFC 9112 6.3 makes of the head. */
static void
end_head(struct http_reply *r)
{
	if (r->status < 200 && r->status != 101) {
		http_reply_begin(r);
	} else if (r->status == 101 || r->status == 204 || r->status == 304) {
		r->state = HTTP_DONE;
	} else if (r->chunked) {
		r->state = HTTP_CHUNK_SIZE;
	} else if (!r->has_length) {
		r->keep_alive = false;
		r->state = HTTP_TO_END;
	} else {
		r->state = r->left ? HTTP_BODY : HTTP_DONE;
	}
}

/* ---- lines ---- */

static void
take_chunk_size(struct http_reply *r)
{
	const char *end = r->line + strcspn(r->line, "; \t");

	if (!parse_number(r->line, end, 16, &r->left))
		bad(r, "a chunk without a size");
	else
		r->state = r->left ? HTTP_CHUNK : HTTP_TRAILER;
}

static void
take_line(struct http_reply *r)
{
	size_t len =
	    r->line_len < sizeof(r->line) ? r->line_len : sizeof(r->line) - 1;

	r->line[len] = '\0';
	if (r->state == HTTP_CHUNK_SIZE)
		take_chunk_size(r);
	else if (r->state == HTTP_CHUNK_END)
		r->state = HTTP_CHUNK_SIZE;
	else if (r->state == HTTP_TRAILER && !len)
		r->state = HTTP_DONE;
	else if (r->state == HTTP_HEAD && !r->status)
		take_status_line(r);
	else if (r->state == HTTP_HEAD && !len)
		end_head(r);
	else if (r->state == HTTP_HEAD)
		take_field(r);
	r->line_len = 0;
	r->after_cr = false;
}

static void
take_byte(struct http_reply *r, char c)
{
	if (r->after_cr && c == '\n') {
		take_line(r);
		return;
	}
	if (r->after_cr || c == '\n' || c == '\0') {
		bad(r, "a line that does not end with CR LF");
		return;
	}
	r->after_cr = c == '\r';
	if (r->after_cr)
		return;
	if (r->state == HTTP_CHUNK_END) {
		bad(r, "a chunk longer than its size");
		return;
	}
	if (r->line_len < sizeof(r->line) - 1)
		r->line[r->line_len] = c;
	r->line_len++;
}

/* ---- all of it ---- */

static size_t
feed_lines(struct http_reply *r, const char *buf, size_t len)
{
	size_t at = 0;

	while (at < len && !http_reply_over(r) && r->state != HTTP_BODY &&
	       r->state != HTTP_CHUNK && r->state != HTTP_TO_END) {
		take_byte(r, buf[at++]);
		if (++r->head_len > HTTP_REPLY_HEAD_MAX)
			bad(r, "a head without end");
	}
	return at;
}

size_t
http_reply_feed(
    struct http_reply *r, const char *buf, size_t len, struct http_piece *body)
{
	*body = (struct http_piece){buf, 0};
	switch (r->state) {
	case HTTP_BODY:
	case HTTP_CHUNK:
		body->len = r->left < len ? (size_t)r->left : len;
		r->left -= body->len;
		if (!r->left)
			r->state =
			    r->state == HTTP_BODY ? HTTP_DONE : HTTP_CHUNK_END;
		/* What is around the next chunk has its own limit. */
		r->head_len = 0;
		return body->len;
	case HTTP_TO_END:
		body->len = len;
		return len;
	default:
		return feed_lines(r, buf, len);
	}
}
