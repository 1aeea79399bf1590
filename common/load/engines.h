/* SPDX-License-Identifier: MIT */
/*
 * engines: a load in one thread, or in one for each of the client's CPUs.
 *
 * The connections, and the requests of a schedule, are dealt out to the
 * engines. The first one runs in the caller's thread, each other one in a
 * thread of its own, which waits between the calls below. With one CPU there is
 * no other thread, and nothing to merge: the calls are those of engine.h.
 *
 *	engines_open(&engines, &plan, why, sizeof(why));
 *	engines_connect(&engines, &result);
 *	engines_run(&engines, 5 * NS_PER_S, UINT64_MAX, &result);
 *	engines_finish(&engines, &result);
 *	engines_close(&engines);
 *
 * What each thread may touch. During a call, an engine and its result belong to
 * its thread; between calls, all belong to the caller. Threads take no lock and
 * share no counter while they send: results are merged at the end of the call.
 * What they share: the plan, which nobody changes; *STOP; the trace, which is
 * atomic; a few times a second, the counts for PROGRESS, which are atomic; and
 * at the end of an interval, interval_merge.h, which has a lock. All signals
 * are blocked in the other threads, so that the caller's handles them.
 *
 * All calls from one thread.
 */
#ifndef COMMON_LOAD_ENGINES_H
#define COMMON_LOAD_ENGINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/load/engine.h"

/* How evenly the right replies were distributed over the connections. */
struct fairness {
	uint64_t min, median, max; /* replies of a connection */
	uint32_t none;		   /* connections without a reply */
	double jain; /* Jain's index: 1 is equal, 1/N one got all; 0: no reply
		      */
};

struct engines_crew; /* the threads */

/* How many engines carry out PLAN: one for each of its CPUs, but no more than
 * there are connections. */
uint32_t
engines_of(const struct load_plan *plan);

/* Must not move in memory while it is open. */
struct engines {
	struct load_plan plan; /* the size is corrected to the protocol's */
	uint32_t count;	       /* of engines */
	struct engines_crew *crew;
	/* Of the latest run: for how long requests were begun, on average over
	 * the connections. */
	uint64_t sending_ns;
	/* As in struct engine; the caller sets them before a call. INTERVAL and
	 * PROGRESS are never called by two threads at once, but INTERVAL by any
	 * of them. */
	const volatile int *stop;
	bool needs_server;
	uint64_t interval_ns; /* 0: no intervals */
	void (*interval)(void *context, const struct load_result *part,
	    uint64_t from_ns, uint64_t to_ns);
	void *interval_context;
	void (*progress)(void *context, const struct load_result *so_far,
	    uint64_t elapsed_ns);
	void *progress_context;
};

/*
 * Opens the engines. A CPU that is listed twice gets two. The calling thread
 * moves to the first of the CPUs. Returns 0; or -1 with the reason in WHY (SIZE
 * bytes) and nothing to close.
 */
int
engines_open(struct engines *engines, const struct load_plan *plan, char *why,
    size_t size);

/* Closes all connections at once, and ends the threads. */
void
engines_close(struct engines *engines);

/* As engine_connect(). Adds the times of connect(2), and stalls, to RESULT. */
uint32_t
engines_connect(struct engines *engines, struct load_result *result);

/* Why one of the connections could not be made, such as a fault in a
 * certificate; "": nothing is known but its errno. Valid until the next
 * call. */
const char *
engines_why(const struct engines *engines);

/* As engine_run(). */
void
engines_run(struct engines *engines, uint64_t duration_ns, uint64_t requests,
    struct load_result *result);

/* As engine_finish(). Replies that two engines took for right and that cannot
 * both be (protocol.merge) are wrong from here on. */
void
engines_finish(struct engines *engines, struct load_result *result);

/* For all runs since engines_open(), with kept connections only; replies that
 * only engines_finish() found to be wrong count as right. Returns 0, or -1 with
 * errno. */
int
engines_fairness(const struct engines *engines, struct fairness *fairness);

#endif
