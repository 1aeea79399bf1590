/* SPDX-License-Identifier: MIT */
/*
 * tls: the server's side of TLS 1.2 and 1.3 (RFC 5246, RFC 8446) for a conn, by
 * OpenSSL 3. common/full/tls.c implements it; common/plain/tls.c replaces it in
 * an image without TLS.
 *
 * A struct tls is made before the first worker, and workers only read it. So
 * all workers, also forked ones, have the same ticket keys, and any of them can
 * resume a session, until the server ends or two hours have passed. A resumed
 * session gets a new ticket; it ends after TLS_SESSION_S, or with the client's
 * certificate.
 *
 * A client's close_notify is end of file. A FIN without it counts as end of
 * file only between requests (conn_request_begin()); elsewhere it is
 * ECONNRESET, because an attacker on the way can forge it, and the input may be
 * incomplete (RFC 8446 6.1). Alerts and other protocol errors are EPROTO.
 *
 * SSLKEYLOGFILE in the environment is honoured.
 */
#ifndef COMMON_NET_TLS_H
#define COMMON_NET_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/log.h"
#include "common/net/conn.h"

/* The time limit of the whole handshake. */
#define TLS_HANDSHAKE_NS (5 * 1000 * 1000 * 1000ULL)

/*
 * The answer to a refused client, which had no handshake: the fatal alert
 * internal_error, unencrypted (RFC 8446 5.1).
 */
#define TLS_REFUSAL "\x15\x03\x03\x00\x02\x02\x50"
#define TLS_REFUSAL_LEN (sizeof(TLS_REFUSAL) - 1)

/* A session may be resumed for this many seconds after its first handshake, but
 * not beyond the client's certificate. */
#define TLS_SESSION_S (24 * 3600)

/* A ticket key encrypts for this long, and decrypts for twice as long. */
#define TLS_TICKET_KEY_NS (2 * 3600 * (1000 * 1000 * 1000ULL))

struct tls;

/*
 * Limits of the log lines about failed handshakes, in memory that all workers
 * see. Anybody can cause such lines. Certificates have their own limit, so that
 * clients without TLS cannot hide them.
 */
struct tls_log_limits {
	struct log_limit certificates, others;
};

/* Whether this image has TLS. */
extern const bool TLS_HERE;

/*
 * Loads PEM files: the certificate chain CERT, its KEY, and CLIENT_CA (NULL:
 * client certificates are not required). Returns NULL after an error line that
 * names the file. Kept until exit, with descriptors that workers need: call it
 * before descriptors are opened that a child closes.
 */
struct tls *
tls_open(const char *cert, const char *key, const char *client_ca);

/*
 * Sets the ALPN names of the service (RFC 7301 6): each after its length in one
 * byte, the best first, "" at the end; kept, not copied. A client that offers
 * only other names is refused with no_application_protocol: otherwise a client
 * of another protocol could be made to talk to this one (RFC 9325 3.7). NULL:
 * the service has no names, and refuses every offer. "": it accepts every
 * offer. Call it before the first worker.
 */
void
tls_speak(struct tls *tls, const char *names);

/*
 * Does the handshake on CONN, within TLS_HANDSHAKE_NS and the idle timeout, and
 * becomes its transport. Returns 0; or -1 with CONN failed and one log line,
 * "connection NUMBER: ...", limited by LIMITS unless each connection is logged
 * anyway (LOG_DEBUG). Needs 18 KiB of stack; later reads and writes need 12 KiB
 * (OpenSSL 3.0, x86-64).
 */
int
tls_accept(struct conn *conn, struct tls *tls, unsigned long long number,
    struct tls_log_limits *limits);

/*
 * Changes the ticket key when that is due. The thread that starts workers calls
 * it now and then; workers may use the keys meanwhile.
 */
void
tls_renew(struct tls *tls, uint64_t now_ns);

/* What the server knows of its client; empty strings where there is nothing. */
struct tls_view {
	char version[16], cipher[64];
	char peer[256]; /* subject of its certificate, RFC 2253 */
	bool resumed;
};

/* False if CONN is not over TLS. */
bool
tls_look(const struct conn *conn, struct tls_view *view);

#endif
