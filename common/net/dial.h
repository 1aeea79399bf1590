/* SPDX-License-Identifier: MIT */
/*
 * dial: one connection to an address, within a time.
 */
#ifndef COMMON_NET_DIAL_H
#define COMMON_NET_DIAL_H

#include <stdint.h>

#include "common/net/address.h"

/*
 * Connects to ADDRESS. Returns a non-blocking descriptor with close-on-exec,
 * which is the caller's; or -1 with errno (ETIMEDOUT after TIMEOUT_NS).
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
