/* SPDX-License-Identifier: MIT */
/*
 * engine: carries a load out on many connections, in one thread, with epoll.
 *
 * Once connected it makes no system call but send, recv and epoll_wait. Closed
 * loop: each connection begins its next request when the last is answered.
 * Open loop (rate > 0): request k is due at start + k / rate, on any
 * connection that is free, and its latency counts from then, so that a server
 * that stalls cannot hide the requests it kept from being sent.
 *
 *	engine_open(&engine, &plan);
 *	result_init(&result);
 *	engine_connect(&engine);
 *	engine_run(&engine, 5 * NS_PER_S, UINT64_MAX, &result);
 *	engine_finish(&engine, &result);
 *	engine_close(&engine);
 *
 * Begun requests are waited for, so ok + wrong + timed_out + failed = begun
 * holds after every engine_run().
 */
#ifndef COMMON_LOAD_ENGINE_H
#define COMMON_LOAD_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/load/hist.h"
#include "common/load/session.h"
#include "common/net/address.h"

struct load_plan {
	struct address target;
	const struct protocol *protocol;
	uint32_t connections;
	bool churn;
	double rate; /* requests a second; 0: closed loop */
	uint64_t size;
	uint64_t timeout_ns;
	bool spin; /* may burn its CPU to be on time (it has one of its own) */
};

#define RESULT_ERRNOS 160 /* errno values fit; 0 stands for end of file */

struct load_result {
	uint64_t begun, ok, wrong, timed_out, failed;
	uint64_t unsent;     /* open loop: due, but no connection was free */
	uint64_t reconnects; /* the server closed an idle connection */
	uint64_t errors[RESULT_ERRNOS];
	uint64_t span_ns; /* first send to last reply, of each run, added */
	uint64_t cpu_ns, wait_ns, wall_ns; /* the client's own; wait_ns: ready
					      to run, but without a CPU */
	struct hist latency;		   /* from when the request was due */
	struct hist service; /* from when it was sent; open loop only */
	struct hist pacing;  /* sent late by; open loop only */
	char example[200];   /* what the first wrong reply looked like */
};

/* Returns 0, or -1 with errno. */
int
result_init(struct load_result *result);

void
result_release(struct load_result *result);

void
result_clear(struct load_result *result);

/* Adds all of FROM; the first example stays. */
void
result_add(struct load_result *result, const struct load_result *from);

/* Replies a second over the span; 0 if there were none. */
double
result_rate(const struct load_result *result);

/* Share of a CPU that the client itself used, 0 to 1. */
double
result_busy(const struct load_result *result);

/* Whether the client was the limit: its CPU was full, or it had to wait for
 * one although nothing of the load ran there (OWN_CPU). */
bool
result_limited(const struct load_result *result, bool own_cpu);

struct engine {
	struct load_plan plan;
	struct session_shared shared;
	struct session *sessions;
	struct epoll_event *events;
	struct load_result *result; /* of the run under way */
	uint64_t now;		    /* of this wake-up */
	uint64_t end_ns, requests_left, first_ns, last_ns;
	uint64_t schedule_start, scheduled; /* open loop */
	uint32_t under_way;		    /* requests not over yet */
	struct session_list {
		uint32_t head, tail;
	} waiting,   /* under way, the first to time out first */
	    resting; /* after a failure, the first to go on first */
	uint32_t idle_count;
	uint32_t *idle; /* a stack */
	/* Called a few times a second while it runs, if set. */
	void (*progress)(void *context, const struct load_result *so_far,
	    uint64_t elapsed_ns);
	void *progress_context;
	uint64_t progress_due;
	const volatile int *stop; /* non-zero: begin no more, if set */
};

/* Returns 0, or -1 with errno and nothing to close. */
int
engine_open(struct engine *engine, const struct load_plan *plan);

void
engine_close(struct engine *engine);

/*
 * Makes the kept connections; harmless for churn. Returns how many could not
 * be made (their first requests will try again, and count as failed).
 */
uint32_t
engine_connect(struct engine *engine);

/*
 * Begins requests for DURATION_NS, REQUESTS at the most, and waits for those
 * under way; adds what happened to RESULT.
 */
void
engine_run(struct engine *engine, uint64_t duration_ns, uint64_t requests,
    struct load_result *result);

/*
 * Half-closes the kept connections and waits for the server to close them; a
 * byte that comes instead makes its last request wrong.
 */
void
engine_finish(struct engine *engine, struct load_result *result);

#endif
