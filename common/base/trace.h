/* SPDX-License-Identifier: MIT */
/*
 * trace: records what each worker did and when, in a file (--trace FILE).
 *
 * The file is a header and a ring of events, in a mapping that all threads and
 * forked children share. An event is in the file as soon as it is recorded, so
 * a process that is killed leaves what it had recorded. Nothing is written by a
 * system call and no lock is taken. When the ring is full, the oldest events
 * are overwritten.
 *
 *	trace_open("out.trace", TRACE_CAPACITY, "server_fork", "fork", ...);
 *	trace_worker(7);                      // this thread serves connection 7
 *	trace_event(TRACE_FIRST_BYTE, 0);     // one branch while it is off
 *
 * trace_open() is called before there are workers. The other calls are safe in
 * any thread and in a forked child.
 *
 * The format (version 1; all numbers in the byte order of the machine)
 *
 *	struct trace_header    at 0
 *	struct trace_event     at header_size + i * event_size, 0 <= i <
 *capacity
 *
 * Event number n, counted from 0, is at i = n % capacity; its `sequence` is
 * n + 1, which is written last. header.next is the number of the next event, so
 * events max(0, next - capacity) to next - 1 should be in the file, and
 * next - capacity events are gone. Of those that should be there, one whose
 * sequence is not n + 1 is missing: its writer was killed or is not done. One
 * of kind 0 is no event: it is reserved for a worker that has not used it.
 *
 * Events are in the order in which they were recorded. A few have an earlier
 * time (see below), and threads race: sort them by time. A reader of a file
 * that is still being written copies the events first and reads `next`
 * afterwards: then what was overwritten meanwhile counts as gone.
 *
 * A reader must trust nothing: a faulty worker may have written anything to the
 * mapping, and the file may be cut, empty, or of another program. The writer
 * trusts nothing in it either.
 */
#ifndef COMMON_BASE_TRACE_H
#define COMMON_BASE_TRACE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/clock.h"

#define TRACE_MAGIC "perconnT" /* 8 bytes, without the end of the string */
#define TRACE_VERSION 1
/* Events that a file holds, and its size. */
#define TRACE_CAPACITY (64 * 1024)
#define TRACE_FILE_MIB 4

struct trace_header {
	char magic[8];
	uint32_t version;
	uint32_t header_size; /* bytes before the first event: 4096 */
	uint32_t event_size;  /* sizeof(struct trace_event): 64 */
	uint32_t capacity;    /* events in the ring, a power of two */
	char program[32];     /* "server_fork"; ends with a zero byte */
	char model[16];	      /* "thread", "fork"; "" for the client */
	int32_t pid;	      /* of the server's first process, or the client */
	int32_t unused;
	/* The same moment by both clocks, so that a time can be shown as a time
	 * of day. */
	uint64_t monotonic_ns;
	uint64_t realtime_ns; /* since 1970 */
	_Alignas(64) _Atomic uint64_t next;
};

/* Each event is in a cache line of its own: two CPUs that record at the same
 * time do not wait for each other. */
struct trace_event {
	_Alignas(64) _Atomic uint64_t sequence; /* 0: never written */
	uint64_t time_ns;			/* CLOCK_MONOTONIC */
	uint64_t connection; /* its number, from 1; 0: of none */
	uint64_t value;	     /* see enum trace_kind */
	int32_t pid, tid;    /* of the recorder, as getpid() and gettid() */
	uint32_t kind;	     /* an enum trace_kind */
	uint32_t unused[5];
};

/*
 * Numbers are part of the format: new kinds are added at the end, and a reader
 * ignores kinds that it does not know. VALUE is 0 where nothing is said of it.
 *
 * The accept loop records accept, spawn, refused, reap, stop, cut and exit; the
 * worker of a connection the others.
 */
enum trace_kind {
	TRACE_NONE, /* no event */
	/* The client was accepted. VALUE: its port, 0 where it has none.
	 * Recorded just before the spawn; time: of the accept. */
	TRACE_ACCEPT,
	/* A worker is started for it. Time: before the call; VALUE: how long
	 * pthread_create() or fork() took, in ns; 0: it has not returned. If it
	 * fails, this event and the accept become none. */
	TRACE_SPAWN,
	TRACE_START,	  /* the worker runs */
	TRACE_FIRST_BYTE, /* the service has read its first bytes */
	/* The mutex that all workers share. */
	TRACE_LOCK_WAIT,     /* the worker wants it */
	TRACE_LOCK_HELD,     /* it has it; VALUE 1: the last holder died */
	TRACE_LOCK_RELEASED, /* it is about to let it go */
	TRACE_LOCK_GAVE_UP,  /* it no longer waits, and has not got it */
	/* Recorded when the service has returned; time: when it read or wrote
	 * its last bytes. Missing if there were none. */
	TRACE_LAST_BYTE,
	/* The worker is done. VALUE: the outcome: 0 served, 1 timed out, 2
	 * failed. */
	TRACE_END,
	/* The accept loop has collected the worker. VALUE: the outcome as above
	 * or 3 crashed, plus 256 times the signal that killed the worker. */
	TRACE_REAP,
	/* A client got no worker; connection is 0. VALUE: 1 its address has too
	 * many connections, 0 another reason (the server is full). */
	TRACE_REFUSED,
	TRACE_STOP, /* the server was told to stop. VALUE: by this signal */
	TRACE_CUT,  /* the server stops this worker: its time is over */
	TRACE_EXIT, /* the server ends by itself. VALUE: its exit status */

	/* The client's, which numbers its connections itself. */
	TRACE_CONNECT, /* it begins to connect */
	/* VALUE: its own port, by which the server's accept can be found. */
	TRACE_CONNECTED,
	/* Time: when the request was due; in a closed loop, when it began. At
	 * most one request is in flight on a connection. */
	TRACE_DUE,
	TRACE_SENT, /* the last byte of the request was written */
	/* The answer has come. Time: of the wake-up that found it, as in the
	 * latency. If it proves wrong later, failed follows. */
	TRACE_ANSWERED,
	/* No right answer. VALUE: errno; 0: it was wrong, or the server closed
	 * too early. */
	TRACE_FAILED,
	TRACE_CLOSED, /* the client has closed the connection */
	TRACE_KINDS,
};

/* NULL: nothing is recorded. Use trace_on(). */
extern struct trace_header *trace_ring;

static inline bool
trace_on(void)
{
	return __builtin_expect(trace_ring != NULL, 0);
}

/*
 * Makes the file PATH with room for CAPACITY events, a power of two, and
 * records in it from now on. All its space is taken now, so a full disk is an
 * error here and no signal later. A regular file is replaced by a new one:
 * whatever else has it open keeps the old one. Returns 0; or -1 with the reason
 * in WHY of SIZE bytes, and PATH is as it was. No descriptor stays open.
 */
int
trace_open(const char *path, uint32_t capacity, const char *program,
    const char *model, char *why, size_t size);

/* Records no more: for tests and for a client's next run. */
void
trace_close(void);

/* This thread works for CONNECTION now: its events are of that connection. Call
 * it first in each new thread or process. */
void
trace_worker(uint64_t connection);

/* Records an event of CONNECTION at TIME_NS (0: now). Only while trace_on(). */
void
trace_record(enum trace_kind kind, uint64_t connection, uint64_t time_ns,
    uint64_t value);

/* The same for this thread's connection. */
void
trace_record_here(enum trace_kind kind, uint64_t time_ns, uint64_t value);

/*
 * Before a worker is started for CONNECTION: records its accept and its spawn,
 * so that they are in the file if its start is, and reserves TRACE_RESERVED
 * events for it. With them a forked child touches one page of the mapping and
 * not two: it need not take a number from the header. Each page costs it a
 * fault, and most workers have no more events. PORT and ACCEPTED_NS: of the
 * accept. Returns the number of the first event, for the calls below. Only
 * while trace_on().
 */
#define TRACE_RESERVED 4 /* start, first byte, last byte, end */
uint64_t
trace_spawn(uint64_t connection, uint64_t port, uint64_t accepted_ns);

/* The worker was started: the spawn ends now. */
void
trace_spawned(uint64_t first);

/* No worker was started: its events become none. */
void
trace_not_spawned(uint64_t first);

/* The worker of CONNECTION starts: trace_worker(), and the event, the first of
 * those reserved. Only while trace_on(). */
void
trace_start(uint64_t connection, uint64_t first);

/* Records an event of this thread's connection, now, if trace is on. */
static inline void
trace_event(enum trace_kind kind, uint64_t value)
{
	if (trace_on())
		trace_record_here(kind, 0, value);
}

/* Records an event of CONNECTION (0: of none), now, if trace is on. */
static inline void
trace_event_of(uint64_t connection, enum trace_kind kind, uint64_t value)
{
	if (trace_on())
		trace_record(kind, connection, 0, value);
}

/* The time, for an event that is recorded later; 0 while trace is off. */
static inline uint64_t
trace_now(void)
{
	return trace_on() ? now_ns() : 0;
}

/* How many events were overwritten, by what the file says. */
uint64_t
trace_overwritten(void);

#endif
