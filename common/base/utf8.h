/* SPDX-License-Identifier: MIT */
/*
 * utf8: checks UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing
 * above U+10FFFF. Text may come in parts; an error is found at the first byte
 * that cannot be right.
 *
 *	struct utf8 u = {0};
 *	if (!utf8_take(&u, part, len)) ...invalid, whatever follows
 *	if (u.left > 0) ...the last character is incomplete
 *
 * No other state; safe anywhere.
 */
#ifndef COMMON_BASE_UTF8_H
#define COMMON_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* What must come next. Zeroed: a new character. */
struct utf8 {
	unsigned char left;	 /* bytes of this character ... */
	unsigned char low, high; /* ... the next one lies between these */
};

/* Whether the text so far, with LEN more bytes, can still be valid. */
bool
utf8_take(struct utf8 *u, const char *bytes, size_t len);

bool
utf8_valid(const char *text, size_t len);

/* How many bytes the character at the beginning of TEXT has; 0: it is none. */
size_t
utf8_length(const char *text);

/* Whether BYTE begins a character of valid UTF-8, or is NUL. */
static inline bool
utf8_begins(char byte)
{
	return ((unsigned char)byte & 0xc0) != 0x80;
}

/* How many characters the valid TEXT has. */
size_t
utf8_count(const char *text);

/* Copies TEXT with its NUL to OUT. Cuts it where SIZE (1 or more) ends, but not
 * within a character. */
void
utf8_copy(char *out, size_t size, const char *text);

#endif
