/* SPDX-License-Identifier: MIT */
/*
 * metric: the kinds of figures that a scenario may have, a file each.
 */
#ifndef COMMON_COMPARE_METRIC_H
#define COMMON_COMPARE_METRIC_H

#include "common/compare/block_run.h"

struct metric {
	/* Finds out what the POINTS depend on; NULL: nothing. A server that
	 * fails here will fail in its blocks, too; if all fail, each has its
	 * trouble in the accumulators of the first point. RUN has no point
	 * yet. */
	void (*prepare)(
	    struct block_run *run, struct load_point *points, size_t count);
	/* Fills values and ratios of the results at RUN's block. */
	void (*block)(struct block_run *run);
	/* About how long a block takes. */
	double (*seconds)(
	    const struct compare_plan *plan, const struct load_point *point);
	size_t blocks, blocks_quick; /* unless the plan says otherwise */
};

/* The rate of a closed loop, in slices. */
extern const struct metric METRIC_THROUGHPUT;
/* The 99th percentile of the response time at a rate, in slices. With a lower
 * rate than the least, the slices that are possible have too few replies. */
#define METRIC_LATENCY_RATE_LEAST 500
extern const struct metric METRIC_LATENCY;
/* The CPU that a server uses, at a rate that all of them reach, in blocks. */
extern const struct metric METRIC_CPU;
/* The memory of idle connections. */
extern const struct metric METRIC_MEMORY;
/* The connections that are lost when one worker crashes. */
extern const struct metric METRIC_CRASH;
/* The time until all clients of a burst have their answer. */
extern const struct metric METRIC_BURST;
/* The time from a worker's crash until all clients are served again. */
extern const struct metric METRIC_RECOVERY;

#endif
