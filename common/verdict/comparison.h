/* SPDX-License-Identifier: MIT */
/*
 * comparison: what a comparison has found, as plain data.
 *
 * compare.h fills one by measuring, comparison_json.h one from a file
 * that was saved; what renders it (a table, JSON, a page) reads it and nothing
 * else. So a saved result looks as a fresh one does.
 *
 *	comparison
 *	  servers     up to SERVERS_MAX; the first is the baseline
 *	  scenarios   each with one or more points ("64 connections")
 *	    points    each with one result for each server, and one for the
 *	              control: a second instance of the baseline
 *
 * What is not known is NAN, or an empty text. Texts end in NUL; they may hold
 * bytes of a server, so a caller that prints them escapes them.
 */
#ifndef COMMON_VERDICT_COMPARISON_H
#define COMMON_VERDICT_COMPARISON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/stats/rank_tests.h"
#include "common/sysinfo/machine.h"
#include "common/sysinfo/usage.h"

#define SERVERS_MAX 8
#define POINTS_MAX 24
#define SCENARIOS_MAX 40
#define SETTINGS_MAX 3
#define CURVE_MAX 48
#define ERRORS_MAX 6
#define COMMAND_MAX 4096 /* of a server, with its NUL */

/* The scenario whose load is the user's own: two of that name may ask
 * different questions. */
#define SCENARIO_CUSTOM "custom"
/* A thread that used this share of a CPU had no room for more. */
#define COMPARISON_LOOP_FULL 0.95

enum verdict { FASTER, SLOWER, EQUIVALENT, UNDECIDED, INVALID };

/*
 * What a ratio compares: the scenario's figure; or, where the client was the
 * limit, so that the figure says nothing of the server, the server's CPU time
 * for each request. Above 1 is better in both: half the CPU is 2.
 */
enum basis { BASIS_METRIC, BASIS_SERVER_CPU };

/* Why a finding is INVALID, for advice.h; words of JSON. */
#define CAUSE_DISTURBED "disturbed" /* other work had the CPUs */
#define CAUSE_QUOTA "quota"	    /* the client was throttled */
#define CAUSE_STALL "stall"	    /* the client did not run */
#define CAUSE_CLIENT "client"	    /* the client was the limit */
#define CAUSE_BACKLOG "backlog"
#define CAUSE_SERVER "server" /* did not start, died, answered wrongly */
#define CAUSE_RATE "rate"     /* was not reached */
#define CAUSE_LITTLE "little" /* Little's law does not hold */
#define CAUSE_CONTROL "control"

struct latency {
	double min, mean, p50, p90, p99, p99_9, max; /* us; NAN: no reply */
};

struct latency_curve {
	size_t count;
	double percent[CURVE_MAX], us[CURVE_MAX];
};

/* One server at one point. With fewer than six blocks there is no interval of
 * 95 %: the bounds of estimates are NAN. */
struct server_result {
	size_t blocks;
	double values[RANK_MAX]; /* by block, in the scenario's unit */
	double ratios[RANK_MAX]; /* by block: logarithm of how much better than
				     the baseline; NAN: no ratio */
	double cpu_us[RANK_MAX]; /* by block: of the server for each request,
				    over all slices; NAN: not known */
	enum basis basis;	 /* of the ratio, and of what follows from it */
	bool usable;		 /* VALUE is a figure */
	struct estimate value;	 /* in the scenario's unit */
	bool has_ratio;
	struct estimate ratio;	    /* to the baseline; above 1 is better */
	struct estimate difference; /* to the baseline, in the unit; where no
				       ratio has a meaning */
	double p_value;		    /* of no difference, by signed ranks */
	enum verdict verdict;
	char reason[700];
	char cause[16];		/* of INVALID: one of CAUSE_..., or empty */
	double min_detectable;	/* smallest ratio above 1 that would have shown;
			       NAN: none, with so few blocks */
	double required_blocks; /* so that a difference of delta would show */
	bool client_bound;	/* the client was the limit: a lower bound */
	/* New connections found its backlog full, in what counts. */
	uint64_t backlog, backlog_overflows;
	uint64_t requests, errors;
	uint64_t retries, reconnects; /* struct load_result's */
	struct {
		char name[24]; /* ECONNRESET, EOF, wrong, timed out */
		uint64_t count;
	} errors_by_name[ERRORS_MAX];
	double service_value; /* open loop: what VALUE is if time counts from
				 the sending, and never more; else NAN */
	/* Of all replies that count together; service: open loop, else NAN. */
	struct latency latency, service;
	struct latency_curve curve, service_curve;
	double client_us, client_busy; /* CPU for a request; share of a CPU */
	/* Its accept loop's, over all slices; of several the busiest's. */
	double loop_us, loop_busy;
	/* How many times what it is on one CPU (speedup.h); NAN: unknown. */
	struct estimate speedup;
	double little; /* N / (X R): 1 is what it should be */
	struct usage usage;
	/* What ended badly, and how often that was counted. */
	size_t slices, warm_up, dropped; /* kept; dropped to warm up; dropped
					    for a cause outside the server */
	double with_dropped; /* the ratio if nothing were dropped for a cause */
	bool settled;	     /* it came to a steady rate in time */
};

/* {"connections": 64}, {"image": "static"} */
struct setting {
	char key[24];
	char text[32]; /* empty: it is NUMBER */
	double number;
};

struct point {
	size_t setting_count;
	struct setting settings[SETTINGS_MAX];
	/* by server; at [server_count] the control */
	struct server_result results[SERVERS_MAX + 1];
};

struct scenario_result {
	char name[24];	    /* of the scenario */
	char question[160]; /* that it answers */
	char load[360];	    /* "64 kept connections, 64 bytes" */
	char metric[48];    /* "requests", "memory for a connection" */
	char unit[24];	    /* "requests/s", "KiB", "us" */
	bool higher_is_better;
	char note[400]; /* what the reader has to know beside; or empty */
	size_t point_count;
	struct point *points; /* POINTS_MAX of them, owned */
};

struct comparison {
	struct machine before, after;
	char version[64];
	char when[32];	    /* ISO 8601, local time with its offset */
	char command[1000]; /* that was typed */
	char placement[16]; /* split, shared, free */
	char placed[200];   /* in words */
	char client_cpus[200], server_cpus[200]; /* lists; empty: any */
	double cpu_quota; /* in CPUs; NAN: none, or unknown */
	/* The client did not run in slices, or was cut short by a quota. */
	double stall_s, throttled_s;
	uint64_t throttled;    /* how often */
	size_t blocks, rounds; /* as planned */
	double slice_s, delta, seconds;
	uint64_t seed;
	bool quick, interrupted;
	char busiest[160];   /* processes, where others disturbed slices */
	char not_begun[300]; /* scenarios, after an interrupt: "idle, crash" */
	size_t server_count;
	struct compared_server {
		char name[64], command[COMMAND_MAX], image[96];
	} servers[SERVERS_MAX];
	size_t scenario_count;
	struct scenario_result scenarios[SCENARIOS_MAX];
};

/* Everything unknown; it owns nothing yet. */
void
comparison_init(struct comparison *comparison);

/* Room for POINTS_MAX points, everything unknown, each verdict UNDECIDED. 0, or
 * -1 with errno. What it owns is the comparison's, once counted there. */
int
scenario_result_init(struct scenario_result *result);

/* Frees the points. Harmless twice. */
void
comparison_release(struct comparison *comparison);

/* Whether all is well: no error, no verdict `invalid`, no scenario that could
 * not be measured. */
bool
comparison_clean(const struct comparison *comparison);

extern const char *const VERDICT_WORDS[]; /* by enum verdict */
extern const char *const BASIS_WORDS[];	  /* by enum basis; words of JSON */

#endif
