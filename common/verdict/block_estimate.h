/* SPDX-License-Identifier: MIT */
/*
 * block_estimate: from the slices of one block to one number for each server:
 * how long the warm-up was, which ABBA rounds count, the medians over them.
 *
 * Arithmetic only: no state, no I/O, safe in any thread. Logarithms are
 * natural. An instance is a server, or the control behind the servers.
 */
#ifndef COMMON_VERDICT_BLOCK_ESTIMATE_H
#define COMMON_VERDICT_BLOCK_ESTIMATE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/verdict/comparison.h"

#define ROUNDS_MAX 64

/* How many rounds a block has at most, of which PLANNED count: the first round
 * is warm-up, and a longer warm-up may take half as many more. */
#define BLOCK_ROUNDS_MOST(planned) (1 + (planned) + ((planned) + 1) / 2)

/* The share of a slice's CPU time that other processes may use, and the factor
 * of its planned length that it may take, before the slice is spoilt. */
#define BLOCK_CONTENTION 0.20
#define BLOCK_GAP 2.0

/* One server in one round: there and back. */
struct block_slice {
	double log_value[2];  /* of the rate, or of what is compared */
	double contention[2]; /* share of CPU time that other processes used */
	/* Its length until the client stopped sending, as a multiple of the
	 * planned length: the excess is the client's own delay, caused from
	 * outside. The wait for the last replies is not in it: the server
	 * causes that, and must never be excused by it. */
	double stretch[2];
	bool stall[2]; /* the client stalled in it: stall.h */
};

/* What a block gives, by instance. */
struct block_estimate {
	size_t warm_up; /* rounds dropped at the start */
	/* The instance came to a steady rate in time. If the warm-up did not
	 * end, this is judged from where rounds count, so at least one instance
	 * is not settled. */
	bool settled[SERVERS_MAX + 1];
	size_t kept, dropped;	 /* rounds; dropped for an outside cause */
	bool counts[ROUNDS_MAX]; /* by round: whether it is kept */
	/* Medians over the rounds kept; NAN if no round is kept, or a kept
	 * round has no value. */
	double value[SERVERS_MAX + 1];
	double log_ratio[SERVERS_MAX + 1]; /* likewise, to instance 0; above 0
					      is better */
	double log_ratio_all[SERVERS_MAX + 1]; /* with the dropped rounds */
};

/*
 * Whether the rounds so far of INSTANCES instances have come to a steady rate:
 * returns how many rounds at the start are warm-up (1 at least), or COUNT if
 * no round is known to be steady. SLICES[instance][round].
 *
 * Steady means, for every instance: the median of 4 slices lies within 3 robust
 * standard deviations of the median of the 8 that follow; where fewer follow,
 * fewer are taken, 2 and 2 at least. It is the median because one disturbed
 * slice is not a server that warms up. An instance without values is ignored.
 *
 * The caller adds rounds until COUNT less this number is what was planned, or
 * COUNT is BLOCK_ROUNDS_MOST, and then calls block_estimate() with all rounds.
 */
size_t
block_warm_up(
    const struct block_slice *const slices[], size_t instances, size_t count);

/*
 * COUNT rounds (ROUNDS_MAX at most) of INSTANCES instances to one number each.
 * The warm-up is dropped; if it did not end, the first half. A round is dropped
 * for all instances if an outside cause spoilt a slice in it (see struct
 * block_slice); never for its value. HIGHER: more is better.
 */
void
block_estimate(const struct block_slice *const slices[], size_t instances,
    size_t count, bool higher, struct block_estimate *block);

#endif
