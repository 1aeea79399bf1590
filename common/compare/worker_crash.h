/* SPDX-License-Identifier: MIT */
/*
 * worker_crash: one worker dies of a signal; how many clients notice?
 *
 * Connections are held, the process that has the server's end of one of them
 * is found (/proc/net/tcp, then /proc/PID/fd) and gets SIGSEGV, as a
 * bad pointer would. Under one process for each connection that is the child;
 * under threads it is the server. Then every other connection is asked for one
 * more echo, and the server for a new connection.
 */
#ifndef COMMON_COMPARE_WORKER_CRASH_H
#define COMMON_COMPARE_WORKER_CRASH_H

#include <stdbool.h>
#include <stdint.h>

#include "common/launch/launch.h"

struct worker_crash {
	uint32_t connections; /* that were held */
	uint32_t lost;	      /* closed, reset, or silent */
	bool accepts;	      /* a new connection is served afterwards */
	uint64_t stall_ns; /* the client's, also after -1: idle_connections.h */
};

/*
 * Sends SIGSEGV to the process that serves FD, a connection to SERVER, and
 * waits until it has ended. Returns 0, with when the signal was sent in
 * KILLED_NS (now_ns()); or -1 with the reason in WHY.
 */
int
worker_crash_kill(int fd, const struct launched *server, uint64_t *killed_ns,
    char *why, size_t size);

/*
 * Holds CONNECTIONS, 1 at least, to SERVER, which echoes lines. Returns 0; or
 * -1 with the reason in WHY. The server may be dead afterwards: that is a
 * result, not an error. No core is written.
 */
int
worker_crash_one(struct launched *server, uint32_t connections,
    const volatile int *stop, struct worker_crash *crash, char *why,
    size_t size);

#endif
