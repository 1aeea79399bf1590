/* SPDX-License-Identifier: MIT */
/*
 * load_result: the counts and times of a load.
 *
 *	begun = ok + wrong + timed_out + failed
 *
 * holds after each engine_run(). Results of several runs can be added. Times
 * are in nanoseconds. Not thread-safe.
 */
#ifndef COMMON_LOAD_LOAD_RESULT_H
#define COMMON_LOAD_LOAD_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/stats/histogram.h"

#define LOAD_RESULT_WORDS 360 /* bytes of a text, its NUL included */
#define LOAD_RESULT_ERRNOS                           \
	160 /* all errno values; 0 means end of file \
	     */

struct load_result {
	uint64_t begun, ok, wrong, timed_out, failed;
	uint64_t unsent;     /* open loop: due, but no connection was free */
	uint64_t reconnects; /* the server closed an idle connection */
	uint64_t retries;    /* requests sent again: the server closed the
				connection while they were in flight */
	/* Datagrams for a request that had timed out, or had its reply. No
	 * count above includes them. */
	uint64_t late, duplicated;
	uint64_t lost_updates; /* counter: values that came twice */
	uint64_t unclosed;     /* connections that the client had closed, and
				  the server did not close in time */
	uint64_t errors[LOAD_RESULT_ERRNOS]; /* failures by errno */
	/* From the first send to the end of the run, or to the last reply if
	 * that is later; the sum over the runs. */
	uint64_t span_ns;
	/* Of the client: CPU time, run delay, and elapsed time. With several
	 * threads, the first two are sums, in which OTHERS_... are those of all
	 * threads but the one that was nearest to its limit. */
	uint64_t cpu_ns, wait_ns, wall_ns;
	uint64_t others_cpu_ns, others_wait_ns;
	/* Of the client: time and number of stalls and throttlings (stall.h).
	 */
	uint64_t stall_ns, stalls, throttled_ns, throttled;
	/* Think time: from a reply, or the start, to the connection's next
	 * request, or to its end where the server closes it; the sum over the
	 * connections. */
	uint64_t think_ns;
	struct histogram latency;  /* since the request was due */
	struct histogram service;  /* since it was sent; open loop only */
	struct histogram send_lag; /* from due to sent; open loop only */
	struct histogram complete; /* chat: until the last member had it */
	struct histogram connect;  /* kept connections: of connect(2) */
	/* Texts on the first of each kind; "" if there was none; and when that
	 * was, so that the first one of several threads is known. */
	char first_wrong[LOAD_RESULT_WORDS];
	char first_failed[LOAD_RESULT_WORDS];	 /* "": errno says it */
	char first_timed_out[LOAD_RESULT_WORDS]; /* chat: which member */
	uint64_t first_wrong_ns, first_failed_ns;
};

/* Zeroes RESULT and allocates its histograms. Returns 0, or -1 with errno. */
int
load_result_init(struct load_result *result);

/* Harmless if RESULT is zeroed or released. */
void
load_result_release(struct load_result *result);

/* Zeroes RESULT; its histograms stay allocated. */
void
load_result_clear(struct load_result *result);

/* Adds FROM. A text of RESULT that is not empty stays. */
void
load_result_add(struct load_result *result, const struct load_result *from);

/*
 * Adds FROM, the result of another thread in the same time: elapsed times and
 * stalls, which all threads see, are the longest of both. Sets no span: the
 * caller knows when it began.
 */
void
load_result_join(struct load_result *result, const struct load_result *from);

/* Right replies per second of the span; 0 if there were none. */
double
load_result_rate(const struct load_result *result);

/* Whether nothing listens at the target: all requests so far were refused. */
bool
load_result_is_refused(const struct load_result *result);

/* The share of a CPU that the client used, 0 to 1; of several threads, the one
 * nearest to its limit. */
double
load_result_busy(const struct load_result *result);

/* The share of the time in which that thread waited for a CPU. */
double
load_result_waited(const struct load_result *result);

/*
 * Whether the client, not the server, limited the rate: it used all of a CPU;
 * or, with a CPU of its own in the load (OWN_CPU), it had to wait for that CPU
 * and used all of the rest. Waiting alone is no sign: a client that spins also
 * waits when it has nothing to do. Of several threads, one is enough.
 */
bool
load_result_is_client_bound(const struct load_result *result, bool own_cpu);

#endif
