/* SPDX-License-Identifier: MIT */
/*
 * hint: what a user who typed something wrong may have meant, in words for the
 * line that refuses it.
 *
 * Each hint_...() puts words such as "it has no unit: write 5s" in WHY of SIZE
 * bytes; none of them if there is nothing to say. No allocation, no state.
 */
#ifndef COMMON_BASE_HINT_H
#define COMMON_BASE_HINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HINT_MAX 300 /* bytes of the words, their NUL included */

enum quantity {
	QUANTITY_COUNT,
	QUANTITY_SIZE,
	QUANTITY_DURATION,
	QUANTITY_PERCENT,
};

/* TEXT is no quantity of that KIND from MIN to MAX. What WHY says to write is
 * one. */
void
hint_quantity(enum quantity kind, const char *text, uint64_t min, uint64_t max,
    char *why, size_t size);

/* The same of LEN bytes from AT on; what is to be written is all of TEXT.
 * Returns whether they are at fault. */
bool
hint_part(enum quantity kind, const char *text, size_t at, size_t len,
    uint64_t min, uint64_t max, char *why, size_t size);

/* What WHY says to write, of *LEN bytes; or NULL. */
char *
hint_instead(char *why, size_t *len);

/*
 * The one of NAME_OF(CONTEXT, 0), (CONTEXT, 1), ..., until NULL, that the first
 * LEN bytes of WORD most likely were to be; NULL if they are like none, or that
 * very word.
 */
const char *
hint_nearest(const char *word, size_t len,
    const char *(*name_of)(const void *context, size_t i), const void *context);

/* "did you mean NAME?"; nothing for NULL. */
void
hint_name(const char *name, char *why, size_t size);

#endif
