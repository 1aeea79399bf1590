/* SPDX-License-Identifier: MIT */
/*
 * loop_state: the data of the accept loop, shared by its files.
 *
 *	loop.c       one pass after another: wait, signals, workers, clients
 *	admission.c  a client gets a worker, waits, or is refused
 *	reap.c       workers that have ended are found and accounted for
 *	stopping.c   the drain and the end
 *	loop_log.c   what the loop logs about itself
 *
 * One thread uses it; under fork, the parent.
 */
#ifndef COMMON_SERVER_LOOP_STATE_H
#define COMMON_SERVER_LOOP_STATE_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/net/listen.h"
#include "common/server/ballast_writer.h"
#include "common/server/lingering.h"
#include "common/server/wakeup.h"
#include "common/server/workers.h"

enum {
	/* The pipe of announcements is read in up to ANNOUNCEMENT_READS pieces
	 * of this many, which is as much as a pipe holds. */
	LOOP_ANNOUNCEMENTS = 512,
	LOOP_POLLS = 3 + LISTENERS_MAX + LINGERING_MAX,
};

/* The places in struct loop_state's poll; refused clients follow. */
enum {
	LOOP_POLL_CONTROL,
	LOOP_POLL_CHILDREN,
	LOOP_POLL_WAKE,
	LOOP_POLL_LISTENERS
};

/* Once descriptors or processes have run out, the loop tries again after this
 * long. The end of a worker is noticed at once. */
#define LOOP_SHORTAGE_NS (20 * NS_PER_MS)
/* A stop gives up on the workers when none has ended for this long. */
#define LOOP_STOP_NS (100 * NS_PER_MS)

/*
 * What changes in each pass. It lies in loop memory (loop_memory.h), also
 * because a parent that writes to other private memory pays a page fault for
 * each page written since the last fork.
 */
struct loop_state {
	bool busy;	      /* clients came in the last pass */
	bool told_to_stop;    /* by a signal other than SIGHUP */
	bool draining;	      /* new clients are turned away */
	bool backlog_empty;   /* draining: all earlier clients were accepted */
	bool stopping;	      /* the drain is over: workers were stopped */
	uint64_t now;	      /* the time of this pass */
	uint64_t short_until; /* a shortage of resources; 0: none */
	uint64_t lingering_due;
	uint64_t scan_after;	   /* next scan of children */
	uint64_t timed_scan_after; /* next timed scan */
	uint64_t wake_after;	   /* next wake signal */
	uint32_t wake_round;	   /* which part of the workers gets it */
	uint64_t close_at;	   /* draining: when to close the listeners */
	uint64_t silent_end; /* draining: when silent clients are closed */
	uint64_t stop_at;    /* the end of the drain, or of the stop */
	/* A client whose worker could not be made yet. */
	bool has_held;
	struct client held;
	int held_socket; /* the listener's */
	struct log_limit accept_limit, spawn_limit, full_limit, source_limit;
	uint64_t reached, source_refused; /* for struct service_limit_counts */
	/* Bytes read from the pipe of announcements. Not on the stack: each
	 * fork would copy one page more. */
	char ends[(LOOP_ANNOUNCEMENTS + 1) * sizeof(struct announcement)];
	size_t ends_len;
	size_t polls;
	struct pollfd poll[LOOP_POLLS];
};

struct loop {
	struct workers *workers;
	struct listeners *listeners;
	int backlog;
	struct refusal full, source_full; /* what a refused client reads */
	bool refuse;			  /* at a limit: refuse; else wait */
	uint64_t drain_timeout_ns;
	uint64_t wake_every_ns;	 /* each live worker */
	bool has_other_children; /* children may end that are no workers */
	struct ballast_writer *ballast; /* NULL: none */
	struct loop_state *state;
	struct lingering lingering;
	struct wakeup wakeup;
};

#endif
