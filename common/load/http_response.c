/* SPDX-License-Identifier: MIT */
/* http_response: copies lines to a buffer and passes bodies on in place. */
#include "common/load/http_response.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void
http_response_begin(struct http_response *r, bool no_body)
{
	r->no_body = no_body;
	r->state = HTTP_HEAD;
	r->status = 0;
	r->keep_alive = r->close = r->keep = false;
	r->coded = r->chunked = r->has_length = r->upgrade = false;
	r->begun = r->after_cr = r->pending = r->skipped = false;
	r->left = 0;
	r->head_len = r->line_len = 0;
	r->named[0] = '\0';
	r->why = r->bad_length = "";
}

bool
http_response_over(const struct http_response *r)
{
	return r->state == HTTP_DONE || r->state == HTTP_BAD;
}

bool
http_response_end(struct http_response *r)
{
	if (r->state == HTTP_TO_END)
		r->state = HTTP_DONE;
	return r->state == HTTP_DONE;
}

static void
bad(struct http_response *r, const char *why)
{
	r->state = HTTP_BAD;
	r->why = why;
}

/* ---- the head ---- */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "HTTP/1.1 200 OK"; the reason and the space before it may be missing. */
static void
take_status_line(struct http_response *r)
{
	const char *line = r->line;

	if (strncmp(line, "HTTP/1.", 7) != 0 || !is_digit(line[7]) ||
	    line[8] != ' ' || !is_digit(line[9]) || line[9] == '0' ||
	    !is_digit(line[10]) || !is_digit(line[11]) ||
	    (line[12] != ' ' && line[12] != '\0')) {
		bad(r, "no HTTP/1.x status line");
		return;
	}
	r->status = atoi(line + 9);
	r->keep_alive = line[7] > '0';
}

/* 16 if C is no digit. */
static unsigned
digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	c |= 32;
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

/* Parses AT to END, which must be digits of BASE only. */
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

/* Whether a comma-separated list has WORD. */
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

/* The next member of a comma-separated list, *LEN bytes; NULL at the end. */
static const char *
next_member(const char **list, size_t *len)
{
	const char *at = *list + strspn(*list, " \t,");

	*len = strcspn(at, ",");
	*list = at + *len;
	while (*len > 0 && is_blank(at[*len - 1]))
		(*len)--;
	return *len > 0 ? at : NULL;
}

/* A proxy may join two equal fields to "5, 5" (RFC 9112 6.3). */
static void
take_length(struct http_response *r, const char *value)
{
	const char *member;
	uint64_t length;
	size_t len;

	if (!strpbrk(value, "0123456789"))
		r->bad_length = "Content-Length is not a number";
	while ((member = next_member(&value, &len))) {
		if (!parse_number(member, member + len, 10, &length))
			r->bad_length = "Content-Length is not a number";
		else if (r->has_length && length != r->left)
			r->bad_length = "two different Content-Lengths";
		r->has_length = true;
		r->left = length;
	}
}

/* The last coding determines where the body ends; "identity" is no coding. */
static void
take_codings(struct http_response *r, const char *value)
{
	const char *member;
	size_t len;

	while ((member = next_member(&value, &len))) {
		if (len == 8 && strncasecmp(member, "identity", len) == 0)
			continue;
		r->coded = true;
		r->chunked =
		    len == 7 && strncasecmp(member, "chunked", len) == 0;
	}
}

static void
note_field(struct http_response *r, const char *name, const char *value)
{
	if (strcasecmp(name, "content-length") == 0) {
		take_length(r, value);
	} else if (strcasecmp(name, "transfer-encoding") == 0) {
		take_codings(r, value);
	} else if (strcasecmp(name, "connection") == 0) {
		r->close |= lists(value, "close");
		r->keep |= lists(value, "keep-alive");
	} else if (strcasecmp(name, "upgrade") == 0) {
		r->upgrade |= lists(value, "websocket");
	} else if (strcasecmp(name, r->status == 101 ? "sec-websocket-accept"
						     : "location") == 0) {
		snprintf(r->named, sizeof(r->named), "%s", value);
	}
}

/* Removes a blank at the end of TEXT, LEN bytes. */
static void
cut_blank(char *text, size_t len)
{
	if (len > 0 && is_blank(text[len - 1]))
		text[len - 1] = '\0';
}

static void
take_field(struct http_response *r)
{
	char *colon = strchr(r->line, ':'), *value;

	if (!colon) {
		/* A name that does not fit is none of those used here. */
		if (r->line_len < sizeof(r->line))
			bad(r, "a header field without a name");
		return;
	}
	*colon = '\0';
	cut_blank(r->line, strlen(r->line));
	value = colon + 1 + strspn(colon + 1, " \t");
	cut_blank(value, strlen(value));
	note_field(r, r->line, value);
}

/* At the empty line: how the body ends (RFC 9112 6.3). */
static void
end_head(struct http_response *r)
{
	/* A coding in HTTP/1.0 is an error (RFC 9112 6.1). */
	if (r->coded && !r->keep_alive)
		r->close = true;
	r->keep_alive = !r->close && (r->keep_alive || r->keep);
	if (r->status < 200 && r->status != 101) {
		http_response_begin(r, r->no_body);
	} else if (r->no_body || r->status == 101 || r->status == 204 ||
		   r->status == 304) {
		r->state = HTTP_DONE;
	} else if (r->chunked) {
		r->state = HTTP_CHUNK_SIZE;
	} else if (r->coded || !(r->has_length || r->bad_length[0])) {
		r->keep_alive = false;
		r->state = HTTP_TO_END;
	} else if (r->bad_length[0]) {
		bad(r, r->bad_length);
	} else {
		r->state = r->left ? HTTP_BODY : HTTP_DONE;
	}
}

/* ---- lines ---- */

static void
take_chunk_size(struct http_response *r)
{
	const char *end = r->line + strcspn(r->line, "; \t");

	if (!parse_number(r->line, end, 16, &r->left))
		bad(r, "a chunk without a size");
	else
		r->state = r->left ? HTTP_CHUNK : HTTP_TRAILER;
}

/*
 * At the first byte of a line. A field continues in the next line if that
 * begins with a blank (RFC 9112 5.2), so a field is parsed only now. After the
 * status line such a line is ignored (2.2).
 */
static void
begin_line(struct http_response *r, char c)
{
	bool goes_on = is_blank(c) && r->pending;

	r->begun = true;
	r->skipped =
	    is_blank(c) && !goes_on && r->state == HTTP_HEAD && r->status;
	if (r->pending && !goes_on)
		take_field(r);
	if (!goes_on)
		r->line_len = 0;
	r->pending = false;
}

static void
end_line(struct http_response *r)
{
	size_t len =
	    r->line_len < sizeof(r->line) ? r->line_len : sizeof(r->line) - 1;

	r->begun = r->after_cr = false;
	r->line[len] = '\0';
	if (r->state == HTTP_CHUNK_SIZE)
		take_chunk_size(r);
	else if (r->state == HTTP_CHUNK_END)
		r->state = HTTP_CHUNK_SIZE;
	else if (r->state == HTTP_TRAILER && !len)
		r->state = HTTP_DONE;
	else if (r->state == HTTP_HEAD && !r->status)
		take_status_line(r);
	else if (r->state == HTTP_HEAD && !len && !r->skipped)
		end_head(r);
	else if (r->state == HTTP_HEAD)
		r->pending = !r->skipped;
}

/* Keeps only the first of several blanks. */
static void
append_byte(struct http_response *r, char c)
{
	if (r->skipped ||
	    (is_blank(c) && r->line_len > 0 && r->line_len < sizeof(r->line) &&
		is_blank(r->line[r->line_len - 1])))
		return;
	if (r->line_len < sizeof(r->line) - 1)
		r->line[r->line_len] = c;
	r->line_len++;
}

static void
take_byte(struct http_response *r, char c)
{
	bool bare_cr = r->after_cr && c != '\n';

	if (!r->begun)
		begin_line(r, c);
	r->after_cr = c == '\r';
	if (bare_cr)
		append_byte(r, ' '); /* RFC 9112 2.2 */
	if (c == '\n')
		end_line(r);
	else if (c == '\0')
		bad(r, "a NUL in a line");
	else if (r->state == HTTP_CHUNK_END && (c != '\r' || bare_cr))
		bad(r, "a chunk longer than its size");
	else if (c != '\r')
		append_byte(r, c);
}

/* ---- all of it ---- */

static size_t
feed_lines(struct http_response *r, const char *buf, size_t len)
{
	size_t at = 0;

	while (at < len && !http_response_over(r) && r->state != HTTP_BODY &&
	       r->state != HTTP_CHUNK && r->state != HTTP_TO_END) {
		take_byte(r, buf[at++]);
		if (++r->head_len > HTTP_RESPONSE_HEAD_MAX)
			bad(r, "a head without end");
	}
	return at;
}

size_t
http_response_feed(struct http_response *r, const char *buf, size_t len,
    struct http_piece *body)
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
		/* The limit of the head holds again for each chunk. */
		r->head_len = 0;
		return body->len;
	case HTTP_TO_END:
		body->len = len;
		return len;
	default:
		return feed_lines(r, buf, len);
	}
}
