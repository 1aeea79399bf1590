/* SPDX-License-Identifier: MIT */
/*
 * escape: bytes of a stranger as text that cannot drive a terminal.
 *
 * What is not printable ASCII becomes \xNN. No state, no allocation.
 */
#ifndef COMMON_BASE_ESCAPE_H
#define COMMON_BASE_ESCAPE_H

#include <stddef.h>

/* How large a buffer TEXT of SIZE bytes (its NUL included) needs at most. */
#define ESCAPED_SIZE(size) (4 * (size))

/* TEXT in BUF, cut where SIZE ends, never within an escape. Returns BUF. */
char *
escape(const char *text, char *buf, size_t size);

#endif
