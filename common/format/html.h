/* SPDX-License-Identifier: MIT */
/*
 * html: text that stands in a page as what it is, whatever bytes it has.
 *
 * Markup is written by fputs() and its kin; everything that is not a constant
 * of ours goes through these. Good between tags, and within "quoted" values.
 * Errors are the stream's.
 */
#ifndef COMMON_FORMAT_HTML_H
#define COMMON_FORMAT_HTML_H

#include <stdio.h>

/* Marks become entities; what is not UTF-8, or a control, U+FFFD. */
void
html_text(FILE *out, const char *text);

/* The same of what printf() would make of it. */
void
html_print(FILE *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* <TAG>text</TAG>; TAG may have attributes: "td class=\"name\"". */
void
html_element(FILE *out, const char *tag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
