/* SPDX-License-Identifier: MIT */
/*
 * dial: connects to one address, within a time.
 */
#ifndef COMMON_NET_DIAL_H
#define COMMON_NET_DIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/clock.h"
#include "common/net/address.h"

/*
 * Starts to connect the non-blocking FD, despite signals. Returns 0 if it is
 * done or under way; or -1 with errno. EAGAIN: the backlog of a unix socket is
 * full, and no event reports its end; repeat the same call on the same FD.
 */
int
dial_begin(int fd, const struct address *address);

/* After EAGAIN, try again after this time. */
#define DIAL_AGAIN_NS NS_PER_MS

/*
 * Connects to ADDRESS, and waits for room in its backlog. Returns a non-
 * blocking descriptor with close-on-exec, which the caller owns; or -1 with
 * errno (ETIMEDOUT after TIMEOUT_NS).
 */
int
dial(const struct address *address, uint64_t timeout_ns);

/* A UDP socket that sends to ADDRESS and receives only from there; as above. */
int
dial_datagrams(const struct address *address);

/* Whether a server accepts connections there. */
bool
dial_answers(const struct address *address, uint64_t timeout_ns);

#endif
