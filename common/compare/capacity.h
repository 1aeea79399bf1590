/* SPDX-License-Identifier: MIT */
/*
 * capacity: how many requests a second the slowest of some servers can do, so
 * that others can be asked for a share of it.
 *
 * One short run says little on a machine that others use: it may be a fifth of
 * the truth. So the servers take turns, each has several tries, and those in
 * which others had the CPUs do not count. One thread.
 */
#ifndef COMMON_COMPARE_CAPACITY_H
#define COMMON_COMPARE_CAPACITY_H

#include "common/compare/block_run.h"

#define CAPACITY_TRIES 15 /* as a rule */
#define CAPACITY_LEAST 9  /* of them have to be undisturbed */
#define CAPACITY_MOST 36  /* tries, if too many are disturbed */

struct capacity_try {
	double rate;
	bool disturbed;	   /* by others */
	bool client_bound; /* the client was the limit */
};

/* Whether it takes no more than the COUNT tries so far. */
bool
capacity_is_known(const struct capacity_try *tries, size_t count);

/*
 * What COUNT tries say, 0 if there are none: the median of those that are
 * undisturbed. *AT_LEAST: it may be more, since there are too few of them; then
 * it is the most that was seen, for who is disturbed is slower, not faster.
 */
double
capacity_of(const struct capacity_try *tries, size_t count, bool *at_least);

/*
 * Starts the servers of TRIAL, not the control, at its point, and returns what
 * the slowest can do; 0 if none of them answers, or we were stopped. Those that
 * fail have their trouble in the tallies. TRIAL's note tells where the figure
 * may be too low.
 */
double
capacity_of_slowest(struct block_run *run);

#endif
