/* SPDX-License-Identifier: MIT */
/*
 * tls: the server's side of TLS 1.2 and 1.3 (RFC 5246, RFC 8446) under a conn,
 * by OpenSSL 3.
 *
 * common/full/tls.c is the real one, common/plain/tls.c stands in its place in
 * an image without it. A struct tls is made before the first worker and only
 * read by workers, so that all of them, forked ones included, have the same
 * ticket keys and a session can be resumed with any, until the server ends or
 * two hours have passed. A resumed one gets a new ticket, and ends for good
 * after TLS_SESSION_S or with the client's certificate.
 *
 * A client's close_notify is end of file. Its FIN alone is that only between
 * requests (conn_request_begin()); elsewhere it is ECONNRESET, for anybody on
 * the way can forge it and what came may be a part only (RFC 8446 6.1). Alerts
 * and other errors of the protocol are EPROTO.
 *
 * SSLKEYLOGFILE in the environment is honoured.
 */
#ifndef COMMON_NET_TLS_H
#define COMMON_NET_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/log.h"
#include "common/net/conn.h"

/* The handshake as a whole; a byte a second does not extend it. */
#define TLS_HANDSHAKE_NS (5 * 1000 * 1000 * 1000ULL)

/*
 * For a client that gets no worker, and so no handshake: the fatal alert
 * internal_error, in clear, as any alert before a handshake (RFC 8446 5.1).
 */
#define TLS_REFUSAL "\x15\x03\x03\x00\x02\x02\x50"
#define TLS_REFUSAL_LEN (sizeof(TLS_REFUSAL) - 1)

/* So long a session may be resumed after its first handshake, in seconds; no
 * longer than the client's certificate holds. */
#define TLS_SESSION_S (24 * 3600)

/* A key of tickets seals for so long, and opens for as long again. */
#define TLS_TICKET_KEY_NS (2 * 3600 * (1000 * 1000 * 1000ULL))

struct tls;

/*
 * For the log lines of handshakes that fail, in memory that all workers see.
 * Anybody can make them fail, so they are limited; but who comes without TLS
 * must not hide whose certificate was refused.
 */
struct tls_log_limits {
	struct log_limit certificates, others;
};

/* Whether this image can. */
extern const bool TLS_HERE;

/*
 * From PEM files: the certificate chain CERT, its KEY, and CLIENT_CA whose
 * certificates clients must have (NULL: none asked for). Returns NULL after an
 * error line that names the file. Kept until exit; its descriptors, too, which
 * workers need: to be opened before those that a child lets go of.
 */
struct tls *
tls_open(const char *cert, const char *key, const char *client_ca);

/*
 * What is spoken over TLS, by its names (RFC 7301 6): each behind its length in
 * a byte, the best first, and "" behind the last; kept. A client that offers
 * names, and none of these, is refused with no_application_protocol, or one
 * that means another protocol could be made to talk to this one (RFC 9325 3.7).
 * NULL: there are no names, and whoever offers some means something else. "":
 * what is offered does not matter. To be called before the first worker.
 */
void
tls_speak(struct tls *tls, const char *names);

/*
 * Does the handshake on CONN, whose transport it becomes, within
 * TLS_HANDSHAKE_NS; the idle timeout holds as well. Returns 0; or -1 with CONN
 * failed and one log line that says why, beginning with "connection NUMBER".
 * LIMITS holds for that, unless the log tells of each connection anyway
 * (LOG_DEBUG).
 * Needs 18 KiB of stack, reads and writes after it 12 KiB (OpenSSL 3.0,
 * x86-64).
 */
int
tls_accept(struct conn *conn, struct tls *tls, unsigned long long number,
    struct tls_log_limits *limits);

/*
 * Changes the ticket key when that is due: to be called now and then by the one
 * thread that starts workers, who may be at it meanwhile.
 */
void
tls_renew(struct tls *tls, uint64_t now_ns);

/* What a server saw of its client; empty strings where there is nothing. */
struct tls_view {
	char version[16], cipher[64];
	char peer[256]; /* the subject of its certificate, RFC 2253 */
	bool resumed;
};

/* False if CONN is not over TLS. */
bool
tls_look(const struct conn *conn, struct tls_view *view);

#endif
