/* SPDX-License-Identifier: MIT */
/*
 * supervisor_process: what a supervisor process does: it starts the server,
 * reads its output, waits for it, ends it, and reports to supervisor.c.
 */
#ifndef COMMON_LAUNCH_SUPERVISOR_PROCESS_H
#define COMMON_LAUNCH_SUPERVISOR_PROCESS_H

#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "common/base/clock.h"

/* The name of the process; the kernel keeps 15 bytes (prctl(2)). */
#define SUPERVISOR_NAME "perconn-superv"
/* The timeout after the stop signal, and again after SIGKILL. */
#define SUPERVISOR_STOP_NS (5 * NS_PER_S)

struct supervisor_report {
	pid_t server;	   /* -1: it was not started; `status` is an errno */
	int status;	   /* as of waitpid(2), if the server ended by itself */
	bool others_left;  /* and then, other processes of it ran on */
	bool lost;	   /* the supervisor was killed: nothing is known */
	bool done;	   /* all is ended; the members below are set */
	bool unkillable;   /* one process is left in spite of SIGKILL */
	bool ignored_stop; /* the stop signal did not end the whole group */
	struct rusage used; /* of all processes that were waited for */
	/* The last line of output before the end; any byte but NUL. */
	char last_line[400];
};

/* The body of the server's process, which has its own process group and the
 * client's signal mask. LOG is for standard output and error. It executes the
 * server, or returns. */
typedef void
supervisor_child(void *context, int log);

/* Orders of one byte. The end of the socket means SUPERVISOR_STOP. */
enum {
	SUPERVISOR_STOP = 's',
	SUPERVISOR_KILL = 'k',
	SUPERVISOR_SPARE = 'o', /* supervisor_spare_orphans() */
};

/*
 * The body of a supervisor: called in a new child with all signals blocked.
 * CONTROL is its end of the control socket, to which it sends a report when the
 * server was started, or could not be; one when the server ends by itself; and
 * one that is `done`. STOP_SIGNAL asks the server to end, MASK is its signal
 * mask.
 */
_Noreturn void
supervisor_process(int control, int stop_signal, const sigset_t *mask,
    supervisor_child *child, void *context);

#endif
