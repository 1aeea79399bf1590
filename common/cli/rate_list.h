/* SPDX-License-Identifier: MIT */
/*
 * rate_list: one rate, or a sweep over several, as a user writes it.
 *
 *	"5000"              one
 *	"1000,2000,5000"    these
 *	"1000:10000:1000"   from 1,000 to 10,000 in steps of 1,000
 *	"500,1000:4000:1000" both
 *
 * Allocates nothing and keeps no state.
 */
#ifndef COMMON_CLI_RATE_LIST_H
#define COMMON_CLI_RATE_LIST_H

#include <stddef.h>
#include <stdint.h>

#define RATE_LIST_MAX 100
#define RATE_MAX 100000000
#define RATE_WORDS                                                     \
	"a whole number from 1 to 100000000, several (1000,2000), or " \
	"FROM:TO:STEP; 100 at most"

struct rate_list {
	size_t count; /* 0: none asked for */
	uint64_t rates[RATE_LIST_MAX];
};

/* Returns 0, or -1 if TEXT is none of these; then RATES holds rubbish. */
int
rate_list_parse(struct rate_list *rates, const char *text);

#endif
