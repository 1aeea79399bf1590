/* SPDX-License-Identifier: MIT */
/*
 * dial: one connection to an address, within a time.
 */
#ifndef COMMON_NET_DIAL_H
#define COMMON_NET_DIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/clock.h"
#include "common/net/address.h"

/*
 * connect(2) of the non-blocking FD, whatever signals come. Returns 0 if it is
 * done or under way; or -1 with errno. EAGAIN: a unix socket whose backlog is
 * full, which no event will tell the end of; the same call on the same FD tries
 * again.
 */
int
dial_begin(int fd, const struct address *address);

/* So soon it is worth it. */
#define DIAL_AGAIN_NS NS_PER_MS

/*
 * Connects to ADDRESS, and waits for room in its backlog. Returns a
 * non-blocking descriptor with close-on-exec, which is the caller's; or -1 with
 * errno (ETIMEDOUT after TIMEOUT_NS).
 */
int
dial(const struct address *address, uint64_t timeout_ns);

/* A UDP socket that sends to ADDRESS and hears nobody else; as above. */
int
dial_datagrams(const struct address *address);

/* Whether somebody accepts connections there. */
bool
dial_answers(const struct address *address, uint64_t timeout_ns);

#endif
