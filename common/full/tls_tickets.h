/* SPDX-License-Identifier: MIT */
/*
 * tls_tickets: the keys of session tickets, changed regularly.
 *
 * With such a key, an attacker can decrypt the recorded sessions of TLS 1.2
 * whose tickets it encrypted, and resume sessions of TLS 1.3. So a key must not
 * live as long as the server. A ticket is good for two hours (OpenSSL's
 * default); a key encrypts tickets for that long, and decrypts them for as long
 * again.
 *
 * One thread changes the keys; all workers use them meanwhile, a forked child
 * those of its start.
 */
#ifndef COMMON_FULL_TLS_TICKETS_H
#define COMMON_FULL_TLS_TICKETS_H

#include <openssl/ssl.h>
#include <stdint.h>

struct tls_tickets;

/* Sets up CONTEXT. NULL: no memory, or no random numbers. */
struct tls_tickets *
tls_tickets_open(SSL_CTX *context);

/* Call it after CONTEXT is freed. Harmless for NULL. */
void
tls_tickets_close(struct tls_tickets *tickets);

/* Makes a new key, if the current one is due. */
void
tls_tickets_renew(struct tls_tickets *tickets, uint64_t now_ns);

#endif
