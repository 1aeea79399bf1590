/* SPDX-License-Identifier: MIT */
/*
 * tls_session: until when a session may be taken up again.
 *
 * Each ticket is good for two hours and brings the next one, so a session could
 * renew itself without end, and its client stay who it was long after the end
 * of its certificate, which is shown in the first handshake only. RFC 8446
 * 4.6.1 leaves the bound to us: a session ends TLS_SESSION_S after that
 * handshake, or with the first certificate of the client's chain that ends.
 * Then a whole handshake takes place, and the certificate is looked at again.
 *
 * The end is written into the ticket, which only we can read. By the time of
 * day, as certificates have it.
 */
#ifndef COMMON_FULL_TLS_SESSION_H
#define COMMON_FULL_TLS_SESSION_H

#include <openssl/ssl.h>
#include <stdbool.h>

/* For all connections of CONTEXT. False: no memory. */
bool
tls_session_bound(SSL_CTX *context);

#endif
