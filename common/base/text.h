/* SPDX-License-Identifier: MIT */
/*
 * text: a text that is put together piece by piece.
 *
 *	char buf[200] = "";
 *	text_append(buf, sizeof(buf), "%d of %d", 1, 2);
 *	text_append(buf, sizeof(buf), "; the rest follows");
 *
 * What does not fit is left out: for words, not for data. No state.
 */
#ifndef COMMON_BASE_TEXT_H
#define COMMON_BASE_TEXT_H

#include <stddef.h>

/* Appends to the text in BUF, which has SIZE bytes with its NUL. */
void
text_append(char *buf, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
