/* SPDX-License-Identifier: MIT */
/*
 * launch: a server that the client starts, watches and stops.
 *
 * A server is a command of the shell with {address}, {host} or {port} in it,
 * and maybe {options}, which launch_fill_options() takes out before. It is run
 * as `sh -c` runs it, in a process group of its own, so that Ctrl-C on the
 * terminal does not reach it, with what the client was given at its start
 * (inherited.h), an empty standard input, and one variable more, whose length
 * is random. A supervisor (supervisor.h) stands above it and sees to its end,
 * and to that of all that it has started. Of what it says on standard output
 * and error the last line is kept for the day it dies; that may hold any byte
 * but NUL.
 */
#ifndef COMMON_LAUNCH_LAUNCH_H
#define COMMON_LAUNCH_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "common/base/clock.h"
#include "common/launch/supervisor.h"
#include "common/sysinfo/cpu_placement.h"
#include "common/net/address.h"

struct launched {
	pid_t pid; /* of its first process, and its group; 0: not running */
	struct supervisor supervisor;
	struct address address;
	/* Since its start, times, faults and switches, once it has ended: of
	 * all processes of it that somebody has waited for. */
	struct rusage used;
	/* Once it was stopped: SIGTERM did not end it; something of it could
	 * not be ended at all. */
	bool stubborn, survivor;
	bool gave_up; /* it has ended by itself, with status 0 */
};

struct launch_plan {
	const char *command;
	const struct cpu_placement *placement;
	/* Bytes more of environment: the stack's place changes with them, and
	 * with that, speed. */
	size_t padding;
	uint64_t patience_ns;	  /* until it accepts; 0: LAUNCH_PATIENCE_NS */
	const volatile int *stop; /* nothing is waited for if set; or NULL */
};

#define LAUNCH_PATIENCE_NS (10 * NS_PER_S)

/* Whether COMMAND says where the address goes. */
bool
launch_command_ok(const char *command);

/* A command's bytes, with its NUL and all that is put in. */
#define LAUNCH_COMMAND_MAX 4096

/*
 * COMMAND with OPTIONS in place of each {options} in it, in BUF. Returns 0, or
 * -1 if it is too long.
 */
int
launch_fill_options(
    char *buf, size_t size, const char *command, const char *options);

/*
 * Starts a server on a free port of 127.0.0.1 and waits until it accepts a
 * connection. Returns 0; or -1 with nothing running, and in WHY the reason and
 * what to do about it.
 */
int
launch_start(struct launched *server, const struct launch_plan *plan, char *why,
    size_t size);

/* Whether it has ended by itself; then WHY says how, with its last words. */
bool
launch_died(struct launched *server, char *why, size_t size);

/* Whether PID is a process of it, or was until a moment ago. */
bool
launch_has(const struct launched *server, pid_t pid);

/* Ends it and all that it has started, gently first. Harmless if it is not
 * running. */
void
launch_stop(struct launched *server);

#endif
