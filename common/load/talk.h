/* SPDX-License-Identifier: MIT */
/*
 * talk: one conversation by hand: what is typed goes out, what comes back is
 * printed.
 */
#ifndef COMMON_LOAD_TALK_H
#define COMMON_LOAD_TALK_H

#include <stdint.h>

#include "common/net/address.h"

/*
 * Connects to TARGET, sends MESSAGE (NULL: standard input as it comes), ends
 * the sending side, and copies to standard output what comes until the server
 * closes. TIMEOUT_NS bounds the connecting, and the wait for more once all is
 * sent. Returns 0, or -1 after an error line.
 */
int
talk(const struct address *target, const char *message, uint64_t timeout_ns);

#endif
