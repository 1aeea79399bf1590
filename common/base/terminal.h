/* SPDX-License-Identifier: MIT */
/*
 * terminal: how wide lines may be, and text that is folded to that width.
 *
 *	size_t width = terminal_columns(STDOUT_FILENO);
 *
 *	printf("  late     ");
 *	terminal_fold(stdout, words, 11, 11, width);
 *
 * No state, no allocation.
 */
#ifndef COMMON_BASE_TERMINAL_H
#define COMMON_BASE_TERMINAL_H

#include <stddef.h>
#include <stdio.h>

#define TERMINAL_COLUMNS 80 /* where nothing else is known */
#define TERMINAL_COLUMNS_MIN 40
#define TERMINAL_COLUMNS_MAX 200

/* The environment's COLUMNS, else the width of the terminal FD, else 80; never
 * less than 40, or lines would be of single words. */
size_t
terminal_columns(int fd);

/*
 * Prints TEXT, which escape() may have made, and an end of line. The line so
 * far has COLUMN columns. A word that would pass WIDTH begins a new line after
 * INDENT blanks, as does what stands behind a line feed in TEXT. A word that is
 * longer than a line stays whole.
 */
void
terminal_fold(
    FILE *out, const char *text, size_t column, size_t indent, size_t width);

#endif
