/* SPDX-License-Identifier: MIT */
/*
 * random: numbers by Marsaglia's xorshift64*, the same ones from the same
 * state. For experiments and test data, not for secrets.
 *
 * A state belongs to one thread, and must not be 0: 0 is followed by 0.
 */
#ifndef COMMON_BASE_RANDOM_H
#define COMMON_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* A state for data that is to be the same in every run. */
#define RANDOM_FIXED_STATE 0x9e3779b97f4a7c15ULL

static inline uint64_t
random_next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dULL;
}

/* Between 0 and 1, neither of them included. */
static inline double
random_unit(uint64_t *state)
{
	return ((double)(random_next(state) >> 12) + 0.5) / 0x1p52;
}

/* The numbers from 0 to COUNT - 1 to ORDER, in random order. */
static inline void
random_order(uint64_t *state, size_t *order, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t j = random_next(state) % (i + 1);

		order[i] = i; /* J may be I */
		order[i] = order[j];
		order[j] = i;
	}
}

#endif
