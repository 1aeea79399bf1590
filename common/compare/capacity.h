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
	bool disturbed;	   /* by other processes */
	bool client_bound; /* the client was the limit */
};

/* Whether the COUNT tries so far are enough. */
bool
capacity_is_known(const struct capacity_try *tries, size_t count);

/*
 * The capacity by COUNT tries, 0 without any: the median of the undisturbed
 * tries. *AT_LEAST: it may be more, because too few are undisturbed; then it is
 * the highest rate seen, because disturbance makes a server slower, not faster.
 */
double
capacity_of(const struct capacity_try *tries, size_t count, bool *at_least);

/*
 * Starts the servers of RUN, without the control, at its point, and returns
 * what the slowest can do; 0 if no server answers, or the comparison was
 * stopped. Servers that fail have their trouble in the accumulators. RUN's note
 * says where the figure may be too low. RATES, unless NULL, gets what each can
 * do; 0: nothing.
 */
double
capacity_of_slowest(struct block_run *run, double rates[SERVERS_MAX]);

/*
 * Gives each of COUNT points its share of the capacity of the slowest, as
 * capacity_of_slowest() finds it with CONNECTIONS: a rate, and settings that
 * say it. Troubles are forgotten if any server answers, because the servers
 * will be tried again, at rates that one of them can do.
 */
void
capacity_put_rates(struct block_run *run, struct load_point *points,
    size_t count, uint32_t connections, double rates[SERVERS_MAX]);

#endif
