/* SPDX-License-Identifier: MIT */
/*
 * tls_files: the files of a TLS context: certificates, keys, authorities, and
 * the log of secrets.
 *
 * The loaders return 0, or -1 with one line in WHY that names the option and
 * the file. They read each file once, so it may be a pipe, and never ask for a
 * password. Called before there are workers.
 */
#ifndef COMMON_FULL_TLS_FILES_H
#define COMMON_FULL_TLS_FILES_H

#include <openssl/ssl.h>
#include <stddef.h>

/* Loads our certificate with its chain, and its private key, both PEM. */
int
tls_load_own(SSL_CTX *context, const char *cert, const char *key, char *why,
    size_t size);

/*
 * Trusts the certificates in the PEM file CA of OPTION, and certificates that
 * they have signed; they need not be roots.
 */
int
tls_load_authorities(SSL_CTX *context, const char *option, const char *ca,
    char *why, size_t size);

/*
 * The names of CONTEXT's authorities, each once, which the caller frees; *BYTES
 * is their size in a handshake. NULL: no memory.
 */
STACK_OF(X509_NAME) * tls_authority_names(SSL_CTX *context, size_t *bytes);

/*
 * If SSLKEYLOGFILE is in the environment, logs the secrets of each connection
 * there, for Wireshark and others. A line is one write, so workers do not mix
 * lines. Returns the descriptor, to close after CONTEXT; or -1.
 */
int
tls_log_keys(SSL_CTX *context);

#endif
