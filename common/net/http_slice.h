/* SPDX-License-Identifier: MIT */
/*
 * http_slice: a piece of an HTTP message, and the calls that take it apart.
 *
 *	while (line.len > 0)
 *		word = http_trim(http_cut_at(&line, ','));
 *
 * A slice points into the caller's buffer; nothing is copied or allocated.
 * The functions are inline, because every byte of a head passes through them.
 */
#ifndef COMMON_NET_HTTP_SLICE_H
#define COMMON_NET_HTTP_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "common/base/hot.h"

/* LEN bytes of the caller's buffer; not NUL-terminated. */
struct http_slice {
	const char *at;
	size_t len;
};

/* ---- characters (RFC 9110 5.6.2, RFC 3986 appendix A) ---- */

enum {
	HTTP_TOKEN = 1,	 /* in a method or a field name */
	HTTP_TARGET = 2, /* in a path or query; '%' needs two digits as well */
	HTTP_HOST = 4,	 /* in a registered name; '%' likewise */
	HTTP_HEX = 8,
	HTTP_IN_LINE = 16, /* in a field value: visible, blank, not ASCII */
};

/* The classes that each byte belongs to. */
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

/* The value of a digit of class HTTP_HEX. */
static inline unsigned
http_hex(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

/* ASCII only: tolower(3) depends on the locale. */
static inline char
http_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* ---- slices ---- */

/* Whether TEXT is WORD, in upper or lower case. Inline, because the compiler
 * knows the words. */
static inline bool
http_is(struct http_slice text, const char *word)
{
	size_t i = 0;

	if (text.len != strlen(word))
		return false;
	while (i < text.len && http_lower(text.at[i]) == http_lower(word[i]))
		i++;
	return i == text.len;
}

/* Whether WORD is a member of TEXT, a list with commas. */
bool
http_lists(struct http_slice text, const char *word);

/* How many characters at the start of TEXT are of CLASS. */
static inline size_t
http_span(struct http_slice text, int class)
{
	size_t n = 0;

	while (n < text.len && http_is_class(text.at[n], class))
		n++;
	return n;
}

/* Cuts N bytes off the front of TEXT and returns them. */
static inline struct http_slice
http_cut(struct http_slice *text, size_t n)
{
	struct http_slice front = {text->at, n};

	text->at += n;
	text->len -= n;
	return front;
}

/* Cuts off and returns what comes before C, and drops C; all of TEXT where
 * there is no C. (The pieces are short: memchr(3) would touch one more page of
 * code for each request, see hot.h.) */
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

/* TEXT without blanks at both ends. */
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
