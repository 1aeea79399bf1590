/* SPDX-License-Identifier: MIT */
/*
 * utf8: whether bytes are UTF-8 (RFC 3629): no overlong forms, no surrogates,
 * nothing above U+10FFFF. Whole, or as they come: then the first byte that can
 * no longer be right is told at once.
 *
 *	struct utf8 u = {0};
 *	if (!utf8_take(&u, part, len)) ...bad, whatever follows
 *	if (u.left > 0) ...a character is not complete
 *
 * No other state; safe anywhere.
 */
#ifndef COMMON_BASE_UTF8_H
#define COMMON_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* What is expected next. Zeroed: a new character. */
struct utf8 {
	unsigned char left;	 /* bytes of this character ... */
	unsigned char low, high; /* ... the next of them between these */
};

/* Whether what came and LEN more bytes can still be text. */
bool
utf8_take(struct utf8 *u, const char *bytes, size_t len);

bool
utf8_valid(const char *text, size_t len);

/* TEXT to OUT, with its NUL; cut where SIZE (1 or more) ends, but not within a
 * character. */
void
utf8_copy(char *out, size_t size, const char *text);

#endif
