/* SPDX-License-Identifier: MIT */
/*
 * supervisor_process: the work of a supervisor, in a process of its own: it
 * starts the server, waits for it, ends it, and reports to supervisor.c.
 */
#ifndef COMMON_LAUNCH_SUPERVISOR_PROCESS_H
#define COMMON_LAUNCH_SUPERVISOR_PROCESS_H

#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "common/base/clock.h"

/* How long an end is waited for: after SIGTERM, and again after SIGKILL. */
#define SUPERVISOR_STOP_NS (5 * NS_PER_S)

struct supervisor_news {
	pid_t server; /* its first process; -1: `status` is an errno */
	int status;   /* as of waitpid(2), of a server that ended by itself */
	bool left;    /* then: others of it ran on */
	bool lost;    /* the supervisor itself was killed: nothing is known */
	/* From here only if it is done: */
	bool done;	    /* nothing is left below it, but for... */
	bool survivor;	    /* ...one that could not be ended */
	bool stubborn;	    /* SIGTERM did not end all of its group */
	struct rusage used; /* by all that was waited for */
	/* The last line that was said before the end; any byte but NUL. */
	char words[400];
};

/* Runs in the server's first process, which has its process group and its
 * signal mask; LOG is for standard output and error. */
typedef void
supervisor_become(void *context, int log);

/* Orders, a byte each. The end of the socket is SUPERVISOR_STOP. */
enum { SUPERVISOR_STOP = 's', SUPERVISOR_KILL = 'k' };

/*
 * In a new child with all signals blocked. CONTROL is its end of the socket, on
 * which it sends one struct supervisor_news when the server runs, or cannot;
 * then one when that ends by itself; then one that is done. MASK is what the
 * server gets.
 */
_Noreturn void
supervisor_process(int control, const sigset_t *mask, supervisor_become *become,
    void *context);

#endif
