/* SPDX-License-Identifier: MIT */
/*
 * html: puts untrusted text into a page, whatever bytes it has.
 *
 * fputs() writes markup; all text that is not a constant of this program goes
 * through these functions. Safe between tags, and within "quoted" values.
 * Errors are the stream's.
 */
#ifndef COMMON_FORMAT_HTML_H
#define COMMON_FORMAT_HTML_H

#include <stdio.h>

/* Markup characters become entities; control characters, those that turn the
 * direction of text, and bytes that are not UTF-8, become U+FFFD. */
void
html_text(FILE *out, const char *text);

/* <TAG>text</TAG>; TAG may have attributes: "td class=\"name\"". */
void
html_element(FILE *out, const char *tag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
