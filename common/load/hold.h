/* SPDX-License-Identifier: MIT */
/*
 * hold: connections that are open and do nothing.
 *
 * Each has exchanged one message, so that its worker has run: a fresh one
 * looks cheaper than it is. From loopback addresses 127.0.0.x in turn, since
 * one address has 28,000 ports. Uses echo, or any service that answers a line
 * with bytes.
 */
#ifndef COMMON_LOAD_HOLD_H
#define COMMON_LOAD_HOLD_H

#include <stddef.h>
#include <stdint.h>

#include "common/net/address.h"

struct hold {
	int *fds;
	uint32_t count;
};

/* Opens COUNT to ADDRESS, within a time that grows with COUNT, or until *STOP.
 * Returns 0; or -1 with the reason in WHY and nothing open. */
int
hold_open(struct hold *hold, const struct address *address, uint32_t count,
    const volatile int *stop, char *why, size_t size);

/* How many of them the server has closed, or sent bytes to that nobody asked
 * for. */
uint32_t
hold_lost(const struct hold *hold);

void
hold_close(struct hold *hold);

#endif
