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
 *	load_result_init(&result);
 *	engine_connect(&engine);
 *	engine_run(&engine, 5 * NS_PER_S, UINT64_MAX, &result);
 *	engine_finish(&engine, &result);
 *	engine_close(&engine);
 *
 * No request times out before the engine has looked whether its reply is here,
 * and time in which it did not run itself (stall.h) counts for none.
 *
 * Begun requests are waited for, so ok + wrong + timed_out + failed = begun
 * holds after every engine_run().
 */
#ifndef COMMON_LOAD_ENGINE_H
#define COMMON_LOAD_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/load/load_result.h"
#include "common/load/session.h"
#include "common/load/stall.h"
#include "common/net/target.h"

struct load_plan {
	struct target target;
	struct tls_client *tls; /* for a TLS target; stays the caller's */
	const struct protocol *protocol;
	const char *path; /* where the protocol has one; NULL: its own */
	uint32_t connections;
	bool churn;
	double rate; /* requests a second; 0: closed loop */
	uint64_t size;
	uint64_t timeout_ns;
	bool spin; /* may burn its CPU to be on time (it has one of its own) */
	/* Addresses of this machine that the connections come from in turn;
	 * they stay the caller's. None: as the kernel chooses. */
	const struct address *sources;
	uint32_t source_count;
};

/* How evenly the right replies were spread over the connections. */
struct fairness {
	uint64_t min, median, max; /* of a connection */
	uint32_t none;		   /* connections that had not one */
	double jain; /* Jain's index: 1 is even, 1/N all to one; 0: no reply */
};

/* Not to be moved in memory while it is open. */
struct engine {
	struct load_plan plan;
	struct session_shared shared;
	struct session *sessions;
	struct epoll_event *events;
	struct load_result *result; /* of the run, or interval, under way */
	struct load_result *total;  /* of the run */
	uint64_t now;		    /* of this wake-up */
	uint64_t since, due; /* it waited from then, until then at the latest */
	struct stall stall;
	uint64_t end_ns, requests_left, first_ns, last_ns;
	uint64_t stopped_ns; /* when the latest run began no more */
	bool shortest;	     /* requests go the shortest way of session.h */
	bool spinning;	     /* the wait under way is one of a spin */
	uint64_t spun_ns;    /* of the run under way */
	uint64_t schedule_start, scheduled; /* open loop */
	uint64_t smoothed_rtt_ns; /* an answer's time, smoothed; 0: none yet */
	uint32_t under_way;	  /* requests not over yet */
	/* Each session is in one of these. */
	struct list_node
	    idle,     /* the one that had nothing to do for longest first */
	    waiting,  /* under way, the first to time out first */
	    retrying, /* under way, but for a backlog that is full; likewise */
	    resting;  /* after a failure, the first to go on first */
	/*
	 * If PART is set, and is one that load_result_init() has made: at the
	 * end of each INTERVAL_NS of a run, and of the rest by engine_finish(),
	 * the caller is told what happened in that time alone, also if it was
	 * nothing. Replies that were right earlier and are wrong after all make
	 * its `ok` less, modulo 2^64.
	 */
	struct load_result *part;
	uint64_t interval_ns, interval_start, interval_end;
	void (*interval)(void *context, const struct load_result *part,
	    uint64_t from_ns, uint64_t to_ns);
	void *interval_context;
	struct histogram *connects; /* how long connecting took, if set */
	/* Called a few times a second while it runs, if set. */
	void (*progress)(void *context, const struct load_result *so_far,
	    uint64_t elapsed_ns);
	void *progress_context;
	uint64_t progress_due;
	/* If set: non-zero: begin no more; negative: nor wait for what is under
	 * way, so that the counts do not add up. */
	const volatile int *stop;
	bool needs_server; /* begin no more where nothing listens */
};

/*
 * Returns 0; or -1 with the reason in WHY (SIZE bytes) and nothing to close.
 * PLAN is copied, what it points to is not; where the protocol has a size of
 * its own, the copy's SIZE is that.
 */
int
engine_open(struct engine *engine, const struct load_plan *plan, char *why,
    size_t size);

/*
 * Whether PLAN makes a connection for each request, be it because it says so,
 * because the server closes after each reply, or because over UDP only a new
 * port tells which request a reply is for.
 */
bool
load_plan_churns(const struct load_plan *plan);

/* How many addresses its connections come from, if that matters: those that
 * it names, or those of the loopback that a churn there takes; or 0. */
uint32_t
load_plan_sources(const struct load_plan *plan);

void
engine_close(struct engine *engine);

/*
 * Makes the kept connections; harmless for churn. Returns how many could not
 * be made (their first requests will try again).
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
 * Half-closes the kept connections and waits for the server to close them, as
 * long as for a request; RESULT says how many it did not close. A byte that
 * comes instead makes its last request wrong.
 */
void
engine_finish(struct engine *engine, struct load_result *result);

/* Over all runs since it was opened; kept connections only. Returns 0, or -1
 * with errno. */
int
engine_fairness(const struct engine *engine, struct fairness *fairness);

#endif
