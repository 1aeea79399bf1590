/* SPDX-License-Identifier: MIT */
/*
 * engine: runs a load on many connections, in one thread, with epoll(7).
 * engines.h runs a load in several.
 *
 * When the connections are open, it calls only send, recv and epoll_wait. In a
 * closed loop a connection begins its next request after the reply. In an open
 * loop (rate > 0) request k is due at start + k / rate, on any idle connection,
 * and its latency counts from then: so a server that stalls cannot hide the
 * requests that it delayed (coordinated omission).
 *
 *	engine_open(&engine, &plan);
 *	load_result_init(&result);
 *	engine_connect(&engine);
 *	engine_run(&engine, 5 * NS_PER_S, UINT64_MAX, &result);
 *	engine_finish(&engine, &result);
 *	engine_close(&engine);
 *
 * Before a request times out, the engine reads its connection once more; and a
 * stall of the client (stall.h) extends all timeouts. A run waits for its
 * requests in flight, so begun = ok + wrong + timed_out + failed after it.
 *
 * Not thread-safe: an engine belongs to one thread. Engines share nothing that
 * changes, but for *STOP and the trace, so that several may run at once.
 */
#ifndef COMMON_LOAD_ENGINE_H
#define COMMON_LOAD_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/load/load_result.h"
#include "common/load/session.h"
#include "common/load/stall.h"
#include "common/net/target.h"
#include "common/sysinfo/cpu_list.h"

struct load_plan {
	struct target target;
	struct tls_client *tls; /* for a TLS target; stays the caller's */
	const struct protocol *protocol;
	const char *path;	      /* NULL: the protocol's default */
	const struct http_plan *http; /* NULL: the usual */
	uint32_t connections;
	bool churn;
	double rate; /* requests a second; 0: closed loop */
	uint64_t size;
	uint64_t timeout_ns;
	bool spin; /* may busy-wait to be on time: it has its own CPU */
	/* For engines.h: an engine on each; it stays the caller's. NULL, or
	 * none: one engine, on any CPU. */
	const struct cpu_list *cpus;
	/* Source addresses, used in turn; they stay the caller's. None: the
	 * kernel chooses. */
	const struct address *sources;
	uint32_t source_count;
};

/*
 * Which part of a load an engine has, if several share it (engines.h). Its
 * connections are FIRST and up, of ALL; of the schedule, it has request INDEX
 * and each COUNT-th after it.
 */
struct engine_share {
	uint32_t index, count, first, all;
	const struct payload *payload; /* that of the first engine */
};

/* Must not move in memory while it is open. */
struct engine {
	struct load_plan plan;
	struct engine_share share;
	struct session_shared shared;
	struct session *sessions;
	struct epoll_event *events;
	struct load_result *result; /* of the current run, or interval */
	struct load_result *total;  /* of the current run */
	uint64_t now;		    /* the time of this wake-up */
	uint64_t since, due;	    /* of the latest wait: from, until */
	struct stall stall;
	uint64_t end_ns, requests_left, first_ns, last_ns;
	uint64_t began_ns, ended_ns; /* of the run; END: see span_end() */
	uint64_t stopped_ns; /* when the run stopped beginning requests */
	bool fast_path;	     /* use the fast path of session.h */
	bool spinning;	     /* the latest wait was a busy-wait */
	uint64_t spun_ns;    /* busy-waited in this run */
	uint64_t schedule_start, scheduled; /* open loop */
	uint64_t smoothed_rtt_ns;	    /* 0: no reply yet */
	uint32_t under_way;		    /* requests in flight */
	/* Each session is in one of these lists. */
	struct list_node idle, /* no request; the longest idle first */
	    waiting,	       /* for a reply; the earliest deadline first */
	    retrying,	       /* to connect: the backlog was full; likewise */
	    backoff;	       /* after a failure; the earliest end first */
	/*
	 * If the caller sets PART, made by load_result_init(): after each
	 * INTERVAL_NS of a run, and at engine_finish() for the rest, the engine
	 * calls INTERVAL with the result of that time alone, even if nothing
	 * happened. A reply that proves wrong in a later interval is subtracted
	 * from `ok` there, modulo 2^64.
	 */
	struct load_result *part;
	uint64_t interval_ns, interval_start, interval_end;
	void (*interval)(void *context, const struct load_result *part,
	    uint64_t from_ns, uint64_t to_ns);
	void *interval_context;
	struct histogram *connects; /* gets the times of connect(2), if set */
	/* If set, called a few times a second during a run. */
	void (*progress)(void *context, const struct load_result *so_far,
	    uint64_t elapsed_ns);
	void *progress_context;
	uint64_t progress_due;
	/* If set. Non-zero: begin no request; negative: do not wait for those
	 * in flight either, so that the counts do not add up. */
	const volatile int *stop;
	bool needs_server; /* begin no more where nothing listens */
	/* The start of the next run, from which its schedule and intervals
	 * count, a little before it; 0: when it starts. */
	uint64_t start_ns;
};

/*
 * Returns 0; or -1 with the reason in WHY (SIZE bytes) and nothing to close.
 * Copies PLAN, but not what it points to. If the protocol determines the size
 * of requests, sets it in the copy.
 */
int
engine_open(struct engine *engine, const struct load_plan *plan, char *why,
    size_t size);

/* As engine_open(), for the connections of PLAN that are the engine's SHARE. */
int
engine_open_share(struct engine *engine, const struct load_plan *plan,
    const struct engine_share *share, char *why, size_t size);

/*
 * Whether PLAN opens a connection for each request: it has `churn`, the server
 * closes after each reply, or over UDP only a new port identifies the request
 * of a reply.
 */
bool
load_plan_churns(const struct load_plan *plan);

/* The number of source addresses: those of PLAN, or those that churn uses on
 * the loopback; 0: the kernel chooses. */
uint32_t
load_plan_sources(const struct load_plan *plan);

/* Closes all connections at once. */
void
engine_close(struct engine *engine);

/*
 * Opens the kept connections; harmless for churn. Returns how many failed;
 * their first requests try again.
 */
uint32_t
engine_connect(struct engine *engine);

/*
 * Begins requests for DURATION_NS, up to REQUESTS, waits for those in flight,
 * and adds the counts and times to RESULT.
 */
void
engine_run(struct engine *engine, uint64_t duration_ns, uint64_t requests,
    struct load_result *result);

/*
 * Half-closes the kept connections and waits for the server to close them, up
 * to the timeout of a request. Adds to RESULT how many it did not close. A byte
 * that comes instead makes the last request wrong.
 */
void
engine_finish(struct engine *engine, struct load_result *result);

/* Writes to REPLIES the right replies of each connection since engine_open().
 * With kept connections only. */
void
engine_replies(const struct engine *engine, uint64_t *replies);

#endif
