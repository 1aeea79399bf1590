/* SPDX-License-Identifier: MIT */
/*
 * timeline: the events of a trace as lanes: what each worker did, and when.
 *
 *	struct trace_log log;
 *	struct timeline timeline;
 *
 *	if (trace_log_read(&log, path, why, sizeof(why)) < 0)
 *		...
 *	timeline_build(&timeline, &log, 1);
 *	...timeline.lanes[0]...
 *	timeline_release(&timeline);
 *	trace_log_release(&log);
 *
 * A lane is in one phase at a time: its phases follow one another and do not
 * overlap. Any events make a timeline: a lane begins late if its beginning was
 * lost, and all of it lies between 0 and the end of the axis.
 */
#ifndef COMMON_TRACE_TIMELINE_H
#define COMMON_TRACE_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/net/conn.h"
#include "common/trace/trace_log.h"

enum phase_kind {
	PHASE_NONE,
	PHASE_SPAWN,	 /* the accept loop creates a thread or process */
	PHASE_HAND_OVER, /* accepted, and its worker does not run yet */
	PHASE_SILENT,	 /* the worker runs; the client has sent nothing */
	PHASE_SERVING,	 /* from the first byte to the last one */
	PHASE_LOCK_WAIT,
	PHASE_LOCK_HELD,
	PHASE_CLOSING, /* from the last byte to the worker's end */
	PHASE_ENDED,   /* not reaped yet: a zombie, or a thread to join */
	/* Of a client's connection. */
	PHASE_CONNECTING,
	PHASE_IDLE,
	PHASE_DUE,	 /* a request is due and not sent */
	PHASE_IN_FLIGHT, /* a request is sent and not answered */
	PHASE_COUNT
};

struct phase {
	enum phase_kind kind;
	uint64_t from, to; /* ns on the axis; from < to */
};

enum lane_kind { LANE_LOOP, LANE_WORKER, LANE_CLIENT };

enum lane_end {
	LANE_OPEN,   /* the trace ends before it */
	LANE_ENDED,  /* the worker said so itself */
	LANE_KILLED, /* it was reaped, and had not said so */
	LANE_CUT,    /* the same, after the server had stopped it itself */
};

struct lane {
	enum lane_kind kind;
	size_t source;	     /* the index of its log */
	uint64_t connection; /* 0: the accept loop's lane */
	int32_t pid, tid;    /* 0: not known, as no event of its own is left */
	uint64_t port;	     /* the client's; 0: not known */
	uint64_t peer;	     /* its connection in the other log; 0: none */
	uint64_t place;	     /* ns: its place among the lanes */
	uint64_t from, to;   /* ns on the axis */
	uint64_t start;	     /* its own first event */
	uint64_t died;	     /* its end; a killed one's reap */
	bool started;	     /* `start` is the worker's start */
	bool cut;	     /* the trace has lost its beginning */
	enum lane_end end;
	uint64_t outcome; /* an enum outcome, if it is a possible one */
	int signal;	  /* that killed it; 0: none, or not known */
	struct phase *phases;
	size_t phase_count;
	enum phase_kind last;		    /* under way at its end */
	const struct trace_record **events; /* in the order of time */
	size_t event_count;
};

struct timeline {
	const struct trace_log *logs; /* the caller's */
	size_t log_count;
	uint64_t begin_ns;  /* of the axis, on CLOCK_MONOTONIC */
	uint64_t span;	    /* ns from the first event to the last one */
	struct lane *lanes; /* the accept loops, then by their begin */
	size_t lane_count;
	size_t workers;	      /* lanes of workers */
	size_t at_once;	      /* workers that lived at once at most */
	struct phase *phases; /* of all lanes */
	const struct trace_record **events; /* of all lanes */
};

/* Draws up the lanes of COUNT logs on one axis. The logs must live as long.
 * Where memory is missing, the program ends with a line. */
void
timeline_build(
    struct timeline *timeline, const struct trace_log *logs, size_t count);

void
timeline_release(struct timeline *timeline);

/* A SIGNAL, which a program outside has sent, has ended PROCESS at AT_NS
 * (CLOCK_MONOTONIC). A trace has no event of it: the lanes of that process end
 * there, the accept loop's, too. */
void
timeline_killed(
    struct timeline *timeline, int32_t process, uint64_t at_ns, int signal);

/* The time of EVENT on the axis. */
uint64_t
timeline_at(const struct timeline *timeline, const struct trace_record *event);

/* When the call returned that SPAWN is of; within the axis. */
uint64_t
timeline_spawn_end(
    const struct timeline *timeline, const struct trace_record *spawn);

#endif
