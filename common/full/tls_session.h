/* SPDX-License-Identifier: MIT */
/*
 * tls_session: limits how long a session may be resumed.
 *
 * A ticket is good for two hours and brings the next one, so a session could
 * renew itself for ever, long after the end of the client's certificate, which
 * is checked in the first handshake only. RFC 8446 4.6.1 leaves the limit to
 * us: a session ends TLS_SESSION_S after that handshake, or with the first
 * certificate of the client's chain that expires. Then a full handshake checks
 * the certificate again.
 *
 * The end is in the ticket, which only we can decrypt. It is wall-clock time,
 * like the dates of certificates.
 */
#ifndef COMMON_FULL_TLS_SESSION_H
#define COMMON_FULL_TLS_SESSION_H

#include <openssl/ssl.h>
#include <stdbool.h>

/* Sets this up for all connections of CONTEXT. False: no memory. */
bool
tls_session_bound(SSL_CTX *context);

#endif
