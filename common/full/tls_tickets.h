/* SPDX-License-Identifier: MIT */
/*
 * tls_tickets: the keys of session tickets, changed as time goes by.
 *
 * Who has such a key can read what was said in sessions of TLS 1.2 that it has
 * sealed, and take up those of 1.3, so it is not to live as long as the server.
 * A ticket is good for two hours (OpenSSL's default); a key seals for that long
 * and opens for as long again.
 *
 * One thread changes keys; all workers use them meanwhile, a forked child those
 * of its start.
 */
#ifndef COMMON_FULL_TLS_TICKETS_H
#define COMMON_FULL_TLS_TICKETS_H

#include <openssl/ssl.h>
#include <stdint.h>

struct tls_tickets;

/* For CONTEXT, as long as it lives. NULL: no memory, or no random numbers. */
struct tls_tickets *
tls_tickets_open(SSL_CTX *context);

/* After CONTEXT. Harmless for NULL. */
void
tls_tickets_close(struct tls_tickets *tickets);

/* A new key, where the one that seals is due. */
void
tls_tickets_renew(struct tls_tickets *tickets, uint64_t now_ns);

#endif
