/* SPDX-License-Identifier: MIT */
/*
 * http_slice: what the files of the HTTP parser share: classes of characters,
 * and taking a text apart. The rest of perconn sees http.h.
 *
 *	http.c            heads: lines, and what the fields say together
 *	http_target.c     what a request is for: target, path, authority
 *	http_body.c       where a body ends
 *	http_condition.c  whether it shall be done at all
 *	http_websocket.c  handshakes, and whose page sent them
 *
 * Nothing is copied: what is cut off is still the caller's bytes. Inline,
 * because every byte of a head passes through here.
 */
#ifndef COMMON_NET_HTTP_SLICE_H
#define COMMON_NET_HTTP_SLICE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/hot.h"
#include "common/net/http.h"

/* ---- characters (RFC 9110 5.6.2, RFC 3986 appendix A) ---- */

enum {
	HTTP_TOKEN = 1,	 /* of a method or a field's name */
	HTTP_TARGET = 2, /* of a path or query, beside '%' and two digits */
	HTTP_HOST = 4,	 /* of a registered name, beside the same */
	HTTP_HEX = 8,
	HTTP_IN_LINE = 16, /* of a field value: visible, blank, not ASCII */
};

/* Of each byte, the classes that it belongs to. */
extern const unsigned char HTTP_CLASSES[256];

static inline bool
http_is_class(char c, int class)
{
	return HTTP_CLASSES[(unsigned char)c] & class;
}

static inline bool
http_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Of a digit of HTTP_HEX. */
static inline unsigned
http_hex(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

/* How many characters TEXT begins with that are of CLASS. */
static inline size_t
http_span(struct http_slice text, int class)
{
	size_t n = 0;

	while (n < text.len && http_is_class(text.at[n], class))
		n++;
	return n;
}

/* ---- texts ---- */

/* Cuts N bytes off the front of TEXT and returns them. */
static inline struct http_slice
http_cut(struct http_slice *text, size_t n)
{
	struct http_slice front = {text->at, n};

	text->at += n;
	text->len -= n;
	return front;
}

/* Cuts off what comes before C, and C. All, if there is none. (What is cut is
 * short: a memchr(3) would be one more page of code for each request, hot.h.)
 */
HOT static inline struct http_slice
http_cut_at(struct http_slice *text, char c)
{
	struct http_slice front;
	size_t n = 0;

	while (n < text->len && text->at[n] != c)
		n++;
	front = http_cut(text, n);
	if (text->len > 0)
		http_cut(text, 1);
	return front;
}

/* TEXT without the blanks at its ends. */
HOT static inline struct http_slice
http_trim(struct http_slice text)
{
	while (text.len > 0 && http_is_blank(text.at[0]))
		http_cut(&text, 1);
	while (text.len > 0 && http_is_blank(text.at[text.len - 1]))
		text.len--;
	return text;
}

#endif
