/* SPDX-License-Identifier: MIT */
/*
 * load_result: what came of a load, in numbers that add up.
 *
 *	begun = ok + wrong + timed_out + failed
 *
 * once an engine_run() has returned. Results of several runs add up to one.
 * One thread at a time.
 */
#ifndef COMMON_LOAD_LOAD_RESULT_H
#define COMMON_LOAD_LOAD_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/stats/histogram.h"

#define LOAD_RESULT_WORDS 200 /* bytes of a text, its NUL included */
#define LOAD_RESULT_ERRNOS                                \
	160 /* errno values fit; 0 stands for end of file \
	     */

struct load_result {
	uint64_t begun, ok, wrong, timed_out, failed;
	uint64_t unsent;     /* open loop: due, but no connection was free */
	uint64_t reconnects; /* the server closed a kept connection between
				requests */
	uint64_t retries;    /* requests that were sent twice, because it did so
				while they were on their way */
	/* Datagrams that answered a request that had timed out, or had been
	 * answered. They are in none of the counts above. */
	uint64_t late, duplicated;
	uint64_t lost_updates; /* counter: values that came twice */
	uint64_t unclosed;     /* kept connections that the server did not close
				  when we had */
	uint64_t errors[LOAD_RESULT_ERRNOS];
	/* From the first send to the last reply or the end of the run,
	 * whichever is later; of each run, added. */
	uint64_t span_ns;
	uint64_t cpu_ns, wait_ns, wall_ns; /* the client's own; wait_ns: ready
					      to run, but without a CPU */
	/* In which the client did not run, and how often; or had used up its
	 * quota of CPU time: stall.h. */
	uint64_t stall_ns, stills, throttled_ns, throttled;
	/* Of connections with the client: from when it had a reply, or began,
	 * until their next request. */
	uint64_t think_ns;
	struct histogram latency;  /* from when the request was due */
	struct histogram service;  /* from when it was sent; open loop only */
	struct histogram pacing;   /* sent late by; open loop only */
	struct histogram complete; /* chat: when the last member had it */
	struct histogram connect;  /* kept connections: until they stood */
	char example[LOAD_RESULT_WORDS]; /* what the first wrong reply looked
					    like */
	char failure[LOAD_RESULT_WORDS]; /* why the first that failed did,
				       beyond errno */
	char lacking[LOAD_RESULT_WORDS]; /* chat: who lacked the first that
					  * timed out
					  */
};

/* Returns 0, or -1 with errno. */
int
load_result_init(struct load_result *result);

void
load_result_release(struct load_result *result);

void
load_result_clear(struct load_result *result);

/* Adds all of FROM; the first example stays. */
void
load_result_add(struct load_result *result, const struct load_result *from);

/* Replies a second over the span; 0 if there were none. */
double
load_result_rate(const struct load_result *result);

/* Whether no request has met a server: each one so far found that nothing
 * listens. */
bool
load_result_is_refused(const struct load_result *result);

/* Share of a CPU that the client itself used, 0 to 1. */
double
load_result_busy(const struct load_result *result);

/* Whether the client was the limit: its CPU was full, or, if it had to wait for
 * one although nothing of the load ran there (OWN_CPU), full in the time that
 * was left. Who spins waits for a CPU without need, too: waiting alone, on a
 * machine where all have to, says nothing. */
bool
load_result_is_client_bound(const struct load_result *result, bool own_cpu);

#endif
