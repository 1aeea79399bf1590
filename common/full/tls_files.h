/* SPDX-License-Identifier: MIT */
/*
 * tls_files: the files of a TLS context: certificates, keys, authorities, and
 * where secrets are logged.
 *
 * The loaders return 0, or -1 with one line in WHY that names the option and
 * the file. They read each file once, so that it may be a pipe, and never ask
 * for a password. Called before there are workers.
 */
#ifndef COMMON_FULL_TLS_FILES_H
#define COMMON_FULL_TLS_FILES_H

#include <openssl/ssl.h>
#include <stddef.h>

/* Our certificate with its chain, and its private key, both PEM. */
int
tls_load_own(SSL_CTX *context, const char *cert, const char *key, char *why,
    size_t size);

/*
 * Trusts the certificates of the PEM file CA, which OPTION named: those that
 * they have signed, and they themselves, be they roots or not.
 */
int
tls_load_authorities(SSL_CTX *context, const char *option, const char *ca,
    char *why, size_t size);

/*
 * The names of the authorities of CONTEXT, each once, for the caller to free;
 * and what they take in a handshake. NULL: no memory.
 */
STACK_OF(X509_NAME) * tls_authority_names(SSL_CTX *context, size_t *bytes);

/*
 * Where the environment has SSLKEYLOGFILE, logs the secrets of each connection
 * there, as Wireshark and others read them: a line is one write, so workers do
 * not mix theirs. Returns the descriptor, to be closed after CONTEXT; or -1.
 */
int
tls_log_keys(SSL_CTX *context);

#endif
