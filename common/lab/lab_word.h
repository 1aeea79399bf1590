/* SPDX-License-Identifier: MIT */
/* lab_word: a path in a command that is printed, so that a student can paste
 * the command. */
#ifndef COMMON_LAB_LAB_WORD_H
#define COMMON_LAB_LAB_WORD_H

#include <limits.h>
#include <stddef.h>

/* Room for a path and its quotes. */
#define LAB_WORD (PATH_MAX + 512)

/* Writes WORD to BUF as a shell takes it: in quotes if it needs them. It is cut
 * where it does not fit in SIZE bytes, of which there are 3 at least. Returns
 * BUF. */
const char *
lab_word(char *buf, size_t size, const char *word);

#endif
