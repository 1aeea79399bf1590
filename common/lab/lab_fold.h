/* SPDX-License-Identifier: MIT */
/*
 * lab_fold: paragraphs of a page, in English or Chinese, folded to the width of
 * a terminal.
 */
#ifndef COMMON_LAB_LAB_FOLD_H
#define COMMON_LAB_LAB_FOLD_H

#include <stddef.h>
#include <stdio.h>

/*
 * Prints TEXT, UTF-8 and trusted, each line after INDENT blanks; the first one
 * goes on in COLUMN of the line so far, if that is not 0. Lines of a
 * paragraph are joined and broken anew at WIDTH: between words, and between
 * Chinese characters, but not before their punctuation. An empty line, and one
 * that begins with "- " or a number and a dot, begin a new paragraph; a block
 * between lines of ``` stays as it is, without those lines.
 */
void
lab_fold(
    FILE *out, const char *text, size_t column, size_t indent, size_t width);

/* How many columns of a terminal the UTF-8 TEXT takes, whatever the locale:
 * Chinese characters take two. */
size_t
lab_columns(const char *text);

#endif
