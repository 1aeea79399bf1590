/* SPDX-License-Identifier: MIT */
/*
 * tls_make: makes a key and a self-signed certificate, for servers that live as
 * long as their client. common/full/tls_make.c does it; common/plain/tls_make.c
 * replaces it in a client without OpenSSL.
 */
#ifndef COMMON_NET_TLS_MAKE_H
#define COMMON_NET_TLS_MAKE_H

#include <stddef.h>

/* Kinds of keys. With P-256, a full handshake costs a server less CPU time than
 * its client; with RSA, which is slow to sign and fast to verify, more. */
enum tls_make_kind { TLS_MAKE_P256, TLS_MAKE_RSA_2048, TLS_MAKE_KINDS };

/*
 * Writes both in PEM to the descriptors CERT and KEY, which stay the caller's.
 * The certificate is for 127.0.0.1 and valid for a day. Returns 0; or -1 with
 * the reason in WHY.
 */
int
tls_make(enum tls_make_kind kind, int cert, int key, char *why, size_t size);

#endif
