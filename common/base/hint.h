/* SPDX-License-Identifier: MIT */
/*
 * hint: explains a wrong value, and what the user may have meant, for the error
 * line.
 *
 * Each hint_...() writes words such as "it has no unit: write 5s" into WHY of
 * SIZE bytes, or nothing. No allocation, no state.
 */
#ifndef COMMON_BASE_HINT_H
#define COMMON_BASE_HINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HINT_MAX 300 /* size of the words with their NUL */

enum quantity {
	QUANTITY_COUNT,
	QUANTITY_SIZE,
	QUANTITY_DURATION,
	QUANTITY_PERCENT,
};

/* Explains why TEXT is no quantity of KIND from MIN to MAX. If WHY suggests
 * another text, that is one. */
void
hint_quantity(enum quantity kind, const char *text, uint64_t min, uint64_t max,
    char *why, size_t size);

/* The same for the LEN bytes of TEXT at AT; a suggestion contains all of TEXT.
 * Returns whether these bytes are wrong. */
bool
hint_part(enum quantity kind, const char *text, size_t at, size_t len,
    uint64_t min, uint64_t max, char *why, size_t size);

/* Finds the suggestion in WHY, and sets its length *LEN; or NULL. */
char *
hint_instead(char *why, size_t *len);

/*
 * Finds the name among NAME_OF(CONTEXT, 0), (CONTEXT, 1), ..., until NULL, that
 * is most similar to the first LEN bytes of WORD. NULL: none is similar, or one
 * is equal.
 */
const char *
hint_nearest(const char *word, size_t len,
    const char *(*name_of)(const void *context, size_t i), const void *context);

/* Writes "did you mean NAME?"; nothing for NULL. */
void
hint_name(const char *name, char *why, size_t size);

#endif
