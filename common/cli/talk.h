/* SPDX-License-Identifier: MIT */
/*
 * talk: one conversation by hand: what is typed goes out, what comes back is
 * printed.
 */
#ifndef COMMON_CLI_TALK_H
#define COMMON_CLI_TALK_H

#include <stdint.h>

#include "common/net/target.h"
#include "common/net/tls_client.h"

/*
 * Connects to TARGET, sends MESSAGE (NULL: standard input as it comes), ends
 * the sending side, and copies to standard output what comes until the server
 * closes. TIMEOUT_NS bounds the connecting, and the wait for more once all is
 * sent. TLS is needed for a TLS target: the name of the server goes to standard
 * error. Over UDP, MESSAGE (or all of standard input) is one datagram, and so
 * is the answer. Returns 0, or -1 after an error line.
 */
int
talk(const struct target *target, struct tls_client *tls, const char *message,
    uint64_t timeout_ns);

#endif
