/* SPDX-License-Identifier: MIT */
/*
 * compare: which of two servers is better, by how much, and how sure that is.
 *
 * Slice: one server under load for a twentieth of a second, the others
 * connected and idle. Quad: all servers in turn and back again (A B B A), the
 * next one the other way round, so that a steady drift of the machine and the
 * order of the slices cancel out. Block: fresh servers in random order on new
 * ports, fresh connections, one quad to warm up, then some that count; it
 * gives one number for each server, the median over its quads of the logarithm
 * of its ratio to the baseline. Comparison: a number of blocks that is fixed
 * before the start; their numbers are independent, so an exact interval
 * follows from their ranks (stats.h).
 *
 * In every quad also runs a second instance of the baseline: the A/A control.
 * If that differs from the baseline, the method is at fault, not the server.
 */
#ifndef COMMON_LOAD_COMPARE_H
#define COMMON_LOAD_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/load/engine.h"
#include "common/load/placement.h"
#include "common/load/stats.h"

#define SERVERS_MAX 8
#define BLOCKS_MIN 6 /* fewer give no interval of 95 % */
#define SCENARIOS_MAX 8

struct scenario {
	const char *name;
	const char *question;
	const char *setting;
	const char *protocol;
	bool churn;
	uint32_t connections;
	uint64_t size;
};

/* NULL-terminated by name. */
extern const struct scenario SCENARIOS[];

const struct scenario *
scenario_find(const char *name);

struct contender {
	const char *name;
	const char *command; /* see launch.h */
};

struct compare_plan {
	struct contender servers[SERVERS_MAX]; /* the first is the baseline */
	size_t server_count;
	const struct scenario *scenarios[SCENARIOS_MAX];
	size_t scenario_count;
	size_t blocks, quads;
	uint64_t slice_ns;
	double delta; /* the smallest difference that matters, 0.03 */
	uint64_t seed;
	struct placement placement;
	const volatile int *stop;
	/* Called after each quad: done of total quads. NULL: silent. */
	void (*progress)(const char *scenario, size_t done, size_t total);
};

enum verdict { FASTER, SLOWER, EQUIVALENT, UNDECIDED, INVALID };

/* One server in one scenario. */
struct server_result {
	struct load_result load;    /* all of its slices that count */
	double rates[STATS_MAX];    /* by block */
	double ratios[STATS_MAX];   /* by block: logarithm of it to baseline */
	uint64_t cpu_ns, cpu_begun; /* its own CPU, and for how many requests */
	bool cpu_lost;		    /* it lets the kernel reap its children */
	bool limited;		    /* the client's CPU was full, its own not */
	char trouble[600];	    /* why it gives no result; empty: it does */
	bool usable;		    /* the figures below are figures */
	struct estimate rate;
	struct estimate ratio; /* exp()ed; above 1 is better */
	enum verdict verdict;
	double detectable; /* smallest ratio above 1 that would have shown */
	char reason[700];
};

struct scenario_result {
	const struct scenario *scenario;
	size_t blocks; /* completed */
	/* servers in plan's order, then the control */
	struct server_result servers[SERVERS_MAX + 1];
};

struct compare_result {
	size_t count;
	struct scenario_result scenarios[SCENARIOS_MAX];
	const char *images[SERVERS_MAX]; /* how each server is linked, see
					    procs.h; NULL: unknown */
	double seconds;
	bool interrupted;
};

/*
 * Runs PLAN. Returns 0, or -1 with errno if not even memory could be had; all
 * else is in the result, which compare_release() frees.
 */
int
compare_run(const struct compare_plan *plan, struct compare_result *result);

void
compare_release(const struct compare_plan *plan, struct compare_result *result);

/*
 * The verdict on COUNT logarithms of ratios; fills RATIO, DETECTABLE, REASON.
 * CONTROL holds as many of the control. Pure: for compare_run() and its tests.
 */
enum verdict
compare_judge(const double *ratios, const double *control, size_t count,
    double delta, struct estimate *ratio, double *detectable, char *reason,
    size_t size);

#endif
