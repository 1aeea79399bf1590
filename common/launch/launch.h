/* SPDX-License-Identifier: MIT */
/*
 * launch: starts, watches and stops a server under test.
 *
 * A server is a shell command with {address}, {host} or {port} in it, and
 * perhaps {options}. `sh -c` runs it in its own process group, so that Ctrl-C
 * on the terminal does not reach it. It gets the attributes that the client had
 * at its start (inherited.h), an empty standard input, and PERCONN_PADDING in
 * its environment. A supervisor (supervisor.h) ends it with all its
 * descendants, and keeps the last line of its output for error texts.
 *
 * Not thread-safe.
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
#include "common/net/address.h"
#include "common/sysinfo/cpu_placement.h"

struct launched {
	pid_t pid; /* of its first process, and its group; 0: not running */
	struct supervisor supervisor;
	struct address address;
	/* Set when it has ended: */
	struct rusage used; /* of all its processes that were waited for */
	bool ignored_stop;  /* the stop signal did not end it */
	bool unkillable;    /* one of its processes is left */
	bool exited_zero;   /* it ended by itself, with status 0 */
};

struct launch_plan {
	const char *command;
	const struct cpu_placement *placement;
	/* The length of PERCONN_PADDING, up to 4096 bytes. It moves the stack,
	 * which changes the speed of a program; so it is varied. */
	size_t padding;
	unsigned servers;	   /* of them at one address; 0 is 1 */
	uint64_t start_timeout_ns; /* 0: LAUNCH_START_TIMEOUT_NS */
	int stop_signal;	   /* 0: SIGTERM */
	const volatile int *stop;  /* non-zero: do not wait; or NULL */
};

#define LAUNCH_START_TIMEOUT_NS (10 * NS_PER_S)

/* Whether COMMAND has a placeholder for the address. */
bool
launch_command_ok(const char *command);

/* Servers at one address. */
#define LAUNCH_SERVERS_MAX 8

/* Bytes of a command with its placeholders filled in and its NUL. */
#define LAUNCH_COMMAND_MAX 4096

/*
 * Copies COMMAND to BUF (SIZE bytes) with OPTIONS in place of each {options}.
 * Returns 0, or -1 if the result is too long.
 */
int
launch_fill_options(
    char *buf, size_t size, const char *command, const char *options);

/*
 * Starts a server on a free port of 127.0.0.1 and waits until it accepts a
 * connection; of several servers, until each listens there. They are one server
 * from then on, which has ended when the first of them has. Returns 0; or -1
 * with the reason and advice in WHY (SIZE bytes), and no process of the server
 * is left. launch_stop() ends the server.
 */
int
launch_start(struct launched *server, const struct launch_plan *plan, char *why,
    size_t size);

/* Whether the server has ended by itself. WHY then says how, with the last line
 * of its output, and launch_stop() is not needed. */
bool
launch_ended(struct launched *server, char *why, size_t size);

/* Whether PID is a process of the server. */
bool
launch_has_process(const struct launched *server, pid_t pid);

/* Ends the server and its descendants: its stop signal, then SIGKILL. Harmless
 * if it is not running. */
void
launch_stop(struct launched *server);

#endif
