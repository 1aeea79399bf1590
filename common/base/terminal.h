/* SPDX-License-Identifier: MIT */
/*
 * terminal: how wide a terminal is, so that no line wraps inside a word.
 */
#ifndef COMMON_BASE_TERMINAL_H
#define COMMON_BASE_TERMINAL_H

#include <stddef.h>

/* Of a terminal that does not tell, and of everything else. */
#define TERMINAL_COLUMNS 80

/* The columns of the terminal FD, TERMINAL_COLUMNS where FD is none. No
 * state. */
size_t
terminal_columns(int fd);

#endif
