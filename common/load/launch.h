/* SPDX-License-Identifier: MIT */
/*
 * launch: a server that the client starts, watches and stops.
 *
 * A server is a shell command with {address}, {host} or {port} in it, and maybe
 * {options}, which launch_fill_options() takes out before. It runs
 * in a process group of its own, so that stopping it stops all of it, and
 * Ctrl-C on the terminal does not reach it. Who leaves that group is killed
 * when it has ended. If the client
 * is killed, the shell and what it has become get SIGTERM. What it says on
 * standard output and error is kept for the day it dies; these last words may
 * hold any byte but NUL.
 */
#ifndef COMMON_LOAD_LAUNCH_H
#define COMMON_LOAD_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "common/load/placement.h"
#include "common/net/address.h"

struct launched {
	pid_t pid; /* and of the group; 0: not running */
	int log;   /* memory file of its words */
	struct address address;
	/* Since its start, times, faults and switches, once it has ended: of
	 * it and of all whom it has waited for. */
	struct rusage used;
};

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
 * Starts COMMAND on a free port of 127.0.0.1, placed, with PADDING bytes more
 * environment (the stack's place changes with it, and with that, speed), and
 * waits until it accepts a connection, 10 s at most, or until *STOP is set
 * (NULL: never). Returns 0; or -1 with the reason in WHY and nothing running.
 */
int
launch_start(struct launched *server, const char *command,
    const struct placement *placement, size_t padding, const volatile int *stop,
    char *why, size_t size);

/* Whether it has ended by itself; then WHY says how, with its last words. */
bool
launch_died(struct launched *server, char *why, size_t size);

/* Ends it, gently first. Harmless if it is not running. */
void
launch_stop(struct launched *server);

/*
 * Kills all that run, at once, and who left their groups; waits for their end,
 * 5 s at most. Children that were there before the first server are spared.
 * For who exits then: a struct launched is not told. Safe in a signal handler.
 */
void
launch_kill_all(void);

#endif
