/* SPDX-License-Identifier: MIT */
/*
 * tls_wire: OpenSSL over one socket, for either side of TLS.
 *
 * The calls report like recv(2) and send(2): a count, 0 at the peer's
 * close_notify, or -1 with errno:
 *
 *	EAGAIN, EINTR	from the socket; wire->wants is POLLIN or POLLOUT
 *	ECONNRESET	also for an end of file without close_notify
 *	EPROTO		an alert, a refused certificate, no TLS at all
 *	others		from the socket
 *
 * An end without close_notify is an error: an attacker on the way can forge a
 * FIN, and a part would be taken for the whole (RFC 8446 6.1).
 *
 * After a failure, wire->why describes it, and the wire is of no further use.
 * One thread uses a wire.
 */
#ifndef COMMON_FULL_TLS_WIRE_H
#define COMMON_FULL_TLS_WIRE_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/net/conn.h"

/* The most certificates between the peer's own and a trusted one. */
#define WIRE_CHAIN_MAX 8

struct tls_wire {
	SSL *ssl;
	struct conn
	    *conn;    /* at a server: notified of bytes that move; else NULL */
	int fd;	      /* borrowed */
	int flags;    /* for recv() and send(): 0 or MSG_DONTWAIT */
	int error;    /* errno of the last failure; 0: end of file */
	short wants;  /* what to wait for, after EAGAIN */
	bool starved; /* OpenSSL has looked at all available input */
	bool failed;
	bool cut;     /* by an end without close_notify */
	bool refused; /* the peer's certificate, or the lack of one */
	bool asked;   /* the peer asked for our certificate */
	char why[192];
};

/* Opens a wire over FD. CONN is NULL at a client, which never blocks. NULL with
 * errno. */
struct tls_wire *
tls_wire_open(SSL_CTX *context, int fd, struct conn *conn);

/* Harmless for NULL. */
void
tls_wire_close(struct tls_wire *wire);

/* These three return as described above. A complete handshake returns 1. */
ssize_t
tls_wire_handshake(struct tls_wire *wire, int flags);
ssize_t
tls_wire_read(struct tls_wire *wire, void *buf, size_t size, int flags);
ssize_t
tls_wire_write(struct tls_wire *wire, const void *buf, size_t len, int flags);

/* Sends close_notify, as far as possible without waiting. Returns 0; -1 with
 * EAGAIN: call it again; or another error. */
int
tls_wire_end(struct tls_wire *wire);

/* For SSL_CTX_set_verify(): notes in wire->why what is wrong with the peer's
 * certificate. */
int
tls_wire_verify(int good, X509_STORE_CTX *store);

/* Writes CERTIFICATE's subject (RFC 2253) into BUF, "" for NULL. Returns
 * BUF. */
char *
tls_wire_subject(const X509 *certificate, char *buf, size_t size);

#endif
