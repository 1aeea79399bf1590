/* SPDX-License-Identifier: MIT */
/*
 * tls_wire: OpenSSL over one socket, for either side of TLS.
 *
 * What OpenSSL says is turned into what recv(2) and send(2) would say: a count,
 * 0 at the peer's close_notify, or -1 with errno:
 *
 *	EAGAIN, EINTR	as the socket said it; wire->wants: POLLIN or POLLOUT
 *	ECONNRESET	also an end of file that no close_notify announced
 *	EPROTO		an alert, a refused certificate, no TLS at all
 *	others		of the socket
 *
 * An unannounced end is no end: whoever sits between can forge a FIN, and what
 * is missing then would be taken for the whole (RFC 8446 6.1).
 *
 * After a failure wire->why says it in words and nothing more can be done with
 * the wire. One thread uses a wire.
 */
#ifndef COMMON_FULL_TLS_WIRE_H
#define COMMON_FULL_TLS_WIRE_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/net/conn.h"

/* Certificates that may lie between the peer's own and one that is trusted. */
#define WIRE_CHAIN_MAX 8

struct tls_wire {
	SSL *ssl;
	struct conn *conn; /* at a server; told of bytes that move */
	int fd;		   /* borrowed */
	int flags;	   /* of recv and send: 0 or MSG_DONTWAIT */
	int error;	   /* errno of the last one, 0: end of file */
	short wants;	   /* what to wait for, after EAGAIN */
	bool starved;	   /* all input that is here was looked at */
	bool failed;
	bool cut;     /* by an end that was not announced */
	bool refused; /* the peer, for its certificate or the lack of one */
	bool asked;   /* the peer wanted a certificate of ours */
	char why[192];
};

/* CONN is NULL at a client, which never blocks. NULL with errno. */
struct tls_wire *
tls_wire_open(SSL_CTX *context, int fd, struct conn *conn);

/* Harmless for NULL. */
void
tls_wire_close(struct tls_wire *wire);

/* The three return as told above. A handshake that is done returns 1. */
ssize_t
tls_wire_handshake(struct tls_wire *wire, int flags);
ssize_t
tls_wire_read(struct tls_wire *wire, void *buf, size_t size, int flags);
ssize_t
tls_wire_write(struct tls_wire *wire, const void *buf, size_t len, int flags);

/* Sends close_notify, as far as it goes without waiting. Returns 0; -1 with
 * EAGAIN: to be called again; or another error. */
int
tls_wire_end(struct tls_wire *wire);

/* For SSL_CTX_set_verify(): notes in wire->why what is wrong with the peer's
 * certificate, while it is at hand. */
int
tls_wire_verify(int good, X509_STORE_CTX *store);

/* CERTIFICATE's subject by RFC 2253, "" for NULL. Returns BUF. */
char *
tls_wire_subject(const X509 *certificate, char *buf, size_t size);

#endif
