/* SPDX-License-Identifier: MIT */
/*
 * escape: bytes of a stranger as text that cannot drive a terminal.
 *
 * What is not printable ASCII becomes \xNN; but where setlocale(3) was told of
 * a UTF-8 terminal, the characters that take room there stay. Those that take
 * none (combining, joining, turning the direction) do not, nor does what looks
 * like \xNN from the start (it becomes \x5cxNN): two texts that look the same
 * are the same. No allocation.
 */
#ifndef COMMON_BASE_ESCAPE_H
#define COMMON_BASE_ESCAPE_H

#include <stddef.h>

/* How large a buffer TEXT of SIZE bytes (its NUL included) needs at most. */
#define ESCAPED_SIZE(size) (4 * (size))

/* TEXT in BUF, cut where SIZE ends, never within an escape or a character.
 * Returns BUF. */
char *
escape(const char *text, char *buf, size_t size);

/* How many columns of a terminal an escaped TEXT takes. */
size_t
escape_columns(const char *text);

#endif
