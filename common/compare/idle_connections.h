/* SPDX-License-Identifier: MIT */
/*
 * idle_connections: connections that are open and do nothing.
 *
 * Each has exchanged one message, so that its worker has run: a fresh one
 * looks cheaper than it is. To an address of 127.0.0.0/8 they come from
 * 127.0.0.2 and up, 2,000 from each: one address has 28,000 ports, its connect
 * gets slow long before, and 127.0.0.1 stays free for the load. The server
 * needs echo, or any service that answers a line with bytes.
 *
 *	if (idle_connections_open(&idle, &address, 15000, stop, why, size) < 0)
 *		...
 *	lost = idle_connections_lost(&idle);
 *	idle_connections_close(&idle);
 *
 * One thread at a time.
 */
#ifndef COMMON_COMPARE_IDLE_CONNECTIONS_H
#define COMMON_COMPARE_IDLE_CONNECTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "common/net/address.h"

struct idle_connections {
	int *fds; /* COUNT of them, owned */
	uint32_t count;
	/* of opening and asking, in which we stood still: stall.h; it stays
	 * when the hold is closed */
	uint64_t stall_ns;
	/* from before the first connect until the last answer */
	uint64_t opened_ns;
};

/*
 * Opens COUNT connections to ADDRESS (a stream), a few at a time; raises the
 * soft limit of descriptors where it must. Returns 0; or -1 with the reason in
 * WHY and nothing open: no progress for 10 s, *STOP set (NULL: never), or a
 * limit, which WHY names.
 */
int
idle_connections_open(struct idle_connections *idle,
    const struct address *address, uint32_t count, const volatile int *stop,
    char *why, size_t size);

/* The same with all at once: as fast as one CPU connects. */
int
idle_connections_burst(struct idle_connections *idle,
    const struct address *address, uint32_t count, const volatile int *stop,
    char *why, size_t size);

/* How many of them the server has closed, or sent bytes on without a request.
 */
uint32_t
idle_connections_lost(const struct idle_connections *idle);

/* Sends one more line on each. Returns how many were answered before nothing
 * came for TIMEOUT_NS, or *STOP. */
uint32_t
idle_connections_ask(struct idle_connections *idle, uint64_t timeout_ns,
    const volatile int *stop);

/* Harmless if none are open, or IDLE is zeroed. */
void
idle_connections_close(struct idle_connections *idle);

#endif
