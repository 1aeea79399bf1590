/* SPDX-License-Identifier: MIT */
/*
 * http_body: finds the end of a body, by a state machine of single bytes. Data
 * is skipped in whole pieces; the syntax around it is checked as strictly as
 * heads are (http.h).
 */
#include "common/net/http.h"

#include "common/base/hot.h"

enum {
	COMPLETE,
	LENGTH,
	SIZE,
	SIZE_BLANK, /* after a size or an extension: only ';' or the end */
	NAME_START,
	NAME,
	NAME_BLANK,
	VALUE_START,
	VALUE,
	QUOTED,
	QUOTED_PAIR,
	VALUE_END,
	SIZE_LF,
	DATA,
	DATA_CR,
	DATA_LF,
	TRAILER_START,
	TRAILER_NAME,
	TRAILER_VALUE,
	TRAILER_LF,
	LAST_LF,
	BAD, /* 400 */
	BODY_LARGE,
	TRAILERS_LARGE,
};

HOT void
http_body_begin(struct http_body *body, const struct http_request *request)
{
	*body = (struct http_body){
	    .left = request->chunked ? 0 : request->length,
	    .state = request->chunked ? SIZE : LENGTH,
	};
	if (body->state == LENGTH && body->left == 0)
		body->state = COMPLETE;
}

/* White space around ';' and '=' is wrong, but must be accepted (RFC 9110
 * 5.6.3). */
static int
after_word(char c, int blank)
{
	return http_is_blank(c) ? blank : c == ';' ? NAME_START : BAD;
}

static int
on_size(struct http_body *body, char c)
{
	if (http_is_class(c, HTTP_HEX)) {
		body->left = body->left << 4 | http_hex(c);
		return ++body->line <= HTTP_CHUNK_DIGITS_MAX ? SIZE : BAD;
	}
	if (body->line == 0)
		return BAD;
	body->line = 0;
	return c == '\r' ? SIZE_LF : after_word(c, SIZE_BLANK);
}

static int
on_extension(struct http_body *body, char c)
{
	if (++body->line > HTTP_CHUNK_EXTENSION_MAX)
		return BAD;
	switch (body->state) {
	case NAME_START:
		return http_is_class(c, HTTP_TOKEN) ? NAME
		       : http_is_blank(c)	    ? NAME_START
						    : BAD;
	case NAME:
		if (http_is_class(c, HTTP_TOKEN) || c == '\r')
			return c == '\r' ? SIZE_LF : NAME;
		return c == '=' ? VALUE_START : after_word(c, NAME_BLANK);
	case NAME_BLANK:
		return c == '=' ? VALUE_START : after_word(c, NAME_BLANK);
	case VALUE_START:
		if (http_is_blank(c) || c == '"')
			return c == '"' ? QUOTED : VALUE_START;
		return http_is_class(c, HTTP_TOKEN) ? VALUE : BAD;
	case VALUE:
		if (http_is_class(c, HTTP_TOKEN))
			return VALUE;
		break;
	case QUOTED:
		if (c == '"' || c == '\\')
			return c == '"' ? VALUE_END : QUOTED_PAIR;
		return http_is_class(c, HTTP_IN_LINE) ? QUOTED : BAD;
	case QUOTED_PAIR:
		return http_is_class(c, HTTP_IN_LINE) ? QUOTED : BAD;
	}
	/* After VALUE or VALUE_END; SIZE_BLANK allows another extension. */
	if (c == '\r' && body->state != SIZE_BLANK)
		return SIZE_LF;
	return after_word(c, SIZE_BLANK);
}

static int
after_size(struct http_body *body)
{
	body->line = 0;
	if (body->left == 0)
		return TRAILER_START;
	/* Each summand is small, so the sum cannot wrap. */
	if (body->left > HTTP_BODY_MAX ||
	    (body->total += body->left) > HTTP_BODY_MAX)
		return BODY_LARGE;
	return DATA;
}

static int
on_trailer(struct http_body *body, char c)
{
	if (++body->line > HTTP_TRAILERS_MAX)
		return TRAILERS_LARGE;
	switch (body->state) {
	case TRAILER_START:
		if (c == '\r')
			return LAST_LF;
		return http_is_class(c, HTTP_TOKEN) ? TRAILER_NAME : BAD;
	case TRAILER_NAME:
		if (c == ':')
			return TRAILER_VALUE;
		return http_is_class(c, HTTP_TOKEN) ? TRAILER_NAME : BAD;
	default:
		if (c == '\r')
			return TRAILER_LF;
		return http_is_class(c, HTTP_IN_LINE) ? TRAILER_VALUE : BAD;
	}
}

static int
on_byte(struct http_body *body, char c)
{
	switch (body->state) {
	case SIZE:
		return on_size(body, c);
	case SIZE_LF:
		return c == '\n' ? after_size(body) : BAD;
	case DATA_CR:
		return c == '\r' ? DATA_LF : BAD;
	case DATA_LF:
		return c == '\n' ? SIZE : BAD;
	case TRAILER_START:
	case TRAILER_NAME:
	case TRAILER_VALUE:
		return on_trailer(body, c);
	case TRAILER_LF:
		return c == '\n' ? TRAILER_START : BAD;
	case LAST_LF:
		return c == '\n' ? COMPLETE : BAD;
	default:
		return on_extension(body, c);
	}
}

/* Skips the bytes, of LEN, that belong to the length or to this chunk. Returns
 * how many. */
static size_t
skip_data(struct http_body *body, size_t len)
{
	size_t n = len < body->left ? len : (size_t)body->left;

	body->left -= n;
	if (body->left == 0)
		body->state = body->state == DATA ? DATA_CR : COMPLETE;
	return n;
}

HOT long
http_body_skip(struct http_body *body, const char *buf, size_t len, bool *done)
{
	size_t at = 0;

	while (at < len && body->state > COMPLETE && body->state < BAD) {
		if (body->state == DATA || body->state == LENGTH)
			at += skip_data(body, len - at);
		else
			body->state = on_byte(body, buf[at++]);
	}
	*done = body->state == COMPLETE;
	switch (body->state) {
	case BAD:
		return -400;
	case BODY_LARGE:
		return -413;
	case TRAILERS_LARGE:
		return -431;
	default:
		return (long)at;
	}
}
