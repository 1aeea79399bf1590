/* SPDX-License-Identifier: MIT */
/*
 * escape: makes text from elsewhere safe to print: it cannot drive a terminal,
 * forge a line, or look like another text.
 *
 * Bytes outside printable ASCII become \xNN. escape() keeps UTF-8 characters
 * where setlocale(3) found a UTF-8 terminal, except those without a width
 * (combining, joining, changing the direction); a text that contains "\xNN"
 * itself gets \x5cxNN there. No allocation.
 */
#ifndef COMMON_BASE_ESCAPE_H
#define COMMON_BASE_ESCAPE_H

#include <stddef.h>

/* The largest buffer that TEXT of SIZE bytes (its NUL included) can need. */
#define ESCAPED_SIZE(size) (4 * (size))

/* Writes TEXT into BUF for a terminal. Cuts it where SIZE ends, but never
 * within an escape or a character. Returns BUF. */
char *
escape(const char *text, char *buf, size_t size);

/* The same in ASCII whatever the locale; "\xNN" in TEXT stays as it is. Returns
 * the length. */
size_t
escape_ascii(const char *text, char *buf, size_t size);

/* How many columns of a terminal an escaped TEXT takes. */
size_t
escape_columns(const char *text);

#endif
