/* SPDX-License-Identifier: MIT */
/* tls: one context for all workers, and the transport of a conn over TLS. */
#include "common/net/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/full/tls_files.h"
#include "common/full/tls_session.h"
#include "common/full/tls_tickets.h"
#include "common/full/tls_wire.h"

const bool TLS_HERE = true;

/* Bytes of CA names in one handshake message: 64 KiB, less the rest of it. */
#define NAMES_MAX (63 * 1024)

struct tls {
	SSL_CTX *context;
	struct tls_tickets *tickets;
};

/* ---- the context ---- */

/* Of TLS 1.2, only what TLS 1.3 has as well: ephemeral keys and authenticated
 * ciphers. */
static bool
set_ciphers(SSL_CTX *context)
{
	return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
	       SSL_CTX_set_cipher_list(
		   context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
	       SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384:P-521") ==
		   1;
}

/*
 * A ticket, which only the server can decrypt, resumes a session: workers share
 * no cache, but the ticket keys (tls_tickets.h). It also carries the
 * verification of the client's certificate. One ticket for each connection
 * instead of two: each costs an encryption and 250 bytes in every handshake,
 * and is used once.
 */
static bool
set_resumption(SSL_CTX *context)
{
	static const unsigned char name[] = "perconn";

	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	return tls_session_bound(context) &&
	       SSL_CTX_set_session_id_context(
		   context, name, sizeof(name) - 1) == 1 &&
	       SSL_CTX_set_num_tickets(context, 1) == 1;
}

static SSL_CTX *
make_context(void)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	if (!context)
		return NULL;
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION |
					 SSL_OP_NO_COMPRESSION |
					 SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	/* One recv() for each record instead of two; see tls_holds_input(). */
	SSL_CTX_set_read_ahead(context, 1);
	if (!set_ciphers(context) || !set_resumption(context)) {
		SSL_CTX_free(context);
		return NULL;
	}
	return context;
}

/* Sends the names in CA to clients, so that they can choose a certificate. */
static int
demand_certificates(SSL_CTX *context, const char *ca, char *why, size_t size)
{
	STACK_OF(X509_NAME) * names;
	size_t bytes;

	if (tls_load_authorities(context, "tls-client-ca", ca, why, size) < 0)
		return -1;
	names = tls_authority_names(context, &bytes);
	if (!names) {
		snprintf(why, size, "--tls-client-ca %s: out of memory", ca);
		return -1;
	}
	if (bytes > NAMES_MAX) {
		log_warn("--tls-client-ca %s: its names take %zu KiB, a "
			 "handshake has room for %d: the names are not sent "
			 "to clients",
		    ca, bytes / 1024, NAMES_MAX / 1024);
		sk_X509_NAME_pop_free(names, X509_NAME_free);
		names = sk_X509_NAME_new_null();
	}
	SSL_CTX_set_client_CA_list(
	    context, names); /* the context owns them now */
	SSL_CTX_set_verify_depth(context, WIRE_CHAIN_MAX);
	SSL_CTX_set_verify(context,
	    SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, tls_wire_verify);
	return 0;
}

/* Only a warning: our clock may be wrong, and clients check for themselves. */
static void
look_at_dates(const SSL_CTX *context, const char *path)
{
	const X509 *own = SSL_CTX_get0_certificate(context);

	if (X509_cmp_current_time(X509_get0_notAfter(own)) < 0)
		log_warn("%s: the certificate has expired", path);
	if (X509_cmp_current_time(X509_get0_notBefore(own)) > 0)
		log_warn("%s: the certificate is not valid yet", path);
}

/* ---- warming up ---- */

static void
shake_hands(SSL *server, SSL *client)
{
	SSL_set_accept_state(server);
	SSL_set_connect_state(client);
	/* One flight in each turn; both versions need at most four. */
	for (int i = 0; i < 4; i++) {
		SSL_do_handshake(client);
		SSL_do_handshake(server);
	}
}

/*
 * A handshake with ourselves, of VERSION. OpenSSL initialises much at first
 * use: algorithms, random generators, tables of the key. Done here once, it is
 * ready in each forked child, which saves a fifth of its CPU time with an RSA
 * key. It may fail.
 */
static void
warm_up(SSL_CTX *context, int version)
{
	SSL_CTX *clients = SSL_CTX_new(TLS_client_method());
	SSL *server = SSL_new(context);
	SSL *client = clients ? SSL_new(clients) : NULL;
	BIO *ours = NULL, *theirs = NULL;

	if (server && client && BIO_new_bio_pair(&ours, 0, &theirs, 0) == 1) {
		SSL_set_bio(server, ours, ours);
		SSL_set_bio(client, theirs, theirs);
		SSL_set_max_proto_version(client, version);
		shake_hands(server, client);
	}
	SSL_free(server);
	SSL_free(client);
	SSL_CTX_free(clients);
	ERR_clear_error();
}

struct tls *
tls_open(const char *cert, const char *key, const char *client_ca)
{
	struct tls *tls = calloc(1, sizeof(*tls));
	char why[512] = "TLS: out of memory";

	if (tls)
		tls->context = make_context();
	if (tls && tls->context)
		tls->tickets = tls_tickets_open(tls->context);
	if (!tls || !tls->tickets ||
	    tls_load_own(tls->context, cert, key, why, sizeof(why)) < 0 ||
	    (client_ca && demand_certificates(
			      tls->context, client_ca, why, sizeof(why)) < 0)) {
		log_error("%s", why);
		if (tls) {
			SSL_CTX_free(tls->context);
			tls_tickets_close(tls->tickets);
		}
		free(tls);
		return NULL;
	}
	look_at_dates(tls->context, cert);
	warm_up(tls->context, TLS1_2_VERSION);
	warm_up(tls->context, TLS1_3_VERSION);
	tls_log_keys(tls->context); /* after that handshake; open until exit */
	return tls;
}

/* ---- what is spoken ---- */

/* NAMES are LEN bytes in the form of tls_speak(), without its end. */
static bool
offers(const unsigned char *names, unsigned len, const char *name)
{
	unsigned size;

	for (; len > 0 && (size = *names + 1U) <= len; len -= size) {
		if (*names == (unsigned char)*name &&
		    memcmp(names, name, size) == 0)
			return true;
		names += size;
	}
	return false;
}

static int
select_name(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *offered, unsigned len, void *names)
{
	(void)ssl;
	for (const char *at = names ? names : ""; *at; at += *at + 1) {
		if (offers(offered, len, at)) {
			*out = (const unsigned char *)at + 1;
			*out_len = (unsigned char)*at;
			return SSL_TLSEXT_ERR_OK;
		}
	}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

void
tls_speak(struct tls *tls, const char *names)
{
	if (!names || *names)
		SSL_CTX_set_alpn_select_cb(
		    tls->context, select_name, (void *)(uintptr_t)names);
}

/* ---- the transport ---- */

/* A read that must write first, or a write that must read: only then the event
 * differs from what the caller expects. */
static ssize_t
told(struct conn *conn, ssize_t n, short obvious)
{
	const struct tls_wire *wire = conn->layer;

	conn->blocked_on = n < 0 && wire->wants != obvious ? wire->wants : 0;
	return n;
}

/*
 * Many clients just close the connection when they are done. Between two
 * requests nothing can be missing, because each request has its own end (RFC
 * 9112 9.8). A stream that ends with the connection has failed.
 */
static bool
is_between_requests(const struct conn *conn)
{
	return conn->in_request && conn->request_due_ns == NEVER;
}

static ssize_t
tls_receive(struct conn *conn, void *buf, size_t size, int flags)
{
	const struct tls_wire *wire = conn->layer;
	ssize_t n = tls_wire_read(conn->layer, buf, size, flags);

	if (n < 0 && wire->cut && is_between_requests(conn))
		return 0;
	return told(conn, n, POLLIN);
}

static ssize_t
tls_send(struct conn *conn, const void *buf, size_t len, int flags)
{
	return told(
	    conn, tls_wire_write(conn->layer, buf, len, flags), POLLOUT);
}

/*
 * OpenSSL reads ahead, and does not tell a whole record from a part of one. But
 * once it has asked for more input, only the socket can help; a caller that did
 * not wait would spin.
 */
static bool
tls_holds_input(const struct conn *conn)
{
	const struct tls_wire *wire = conn->layer;

	return !wire->starved && SSL_has_pending(wire->ssl);
}

/*
 * Our close_notify waits for room in the socket, like the answer before it:
 * otherwise a slow client would take its answer for truncated. After a failure
 * it is not sent, because it would claim that all was sent. An unannounced end
 * of the peer is a failure of its input only (RFC 8446 6.1).
 */
static int
tls_end(struct conn *conn)
{
	struct tls_wire *wire = conn->layer;
	struct pollfd wait = {conn->fd, POLLOUT, 0};
	uint64_t now = now_ns(), due = now + CONN_LINGER_NS;
	bool well = conn->outcome == OUTCOME_SERVED || wire->cut;

	while (well && tls_wire_end(wire) < 0 && errno == EAGAIN && now < due) {
		poll(&wait, 1, clock_timeout_ms(due, now));
		now = now_ns();
	}
	return conn->ended ? 0 : shutdown(conn->fd, SHUT_WR);
}

static void
tls_release(struct conn *conn)
{
	tls_wire_close(conn->layer);
	conn->layer = NULL;
	conn->transport = &TRANSPORT_SOCKET;
}

static const struct transport TRANSPORT_TLS = {
    .receive = tls_receive,
    .send = tls_send,
    .holds_input = tls_holds_input,
    .end = tls_end,
    .release = tls_release,
    .secure = true,
};

/* ---- the handshake ---- */

static int
shake(struct conn *conn)
{
	struct tls_wire *wire = conn->layer;

	SSL_set_accept_state(wire->ssl);
	while (tls_wire_handshake(wire, MSG_DONTWAIT) < 0) {
		if (wire->failed)
			return conn_fail(conn, errno);
		if (errno == EAGAIN &&
		    conn_wait(conn, wire->wants, NEVER, NULL) < 0)
			return -1;
	}
	return 0;
}

static const char *
why_not(const struct conn *conn)
{
	const struct tls_wire *wire = conn->layer;

	return conn->outcome == OUTCOME_TIMED_OUT
		   ? "the handshake took too long"
		   : wire->why;
}

static void
log_failure(struct log_limit *limit, unsigned long long number, const char *why)
{
	if (log_on(LOG_DEBUG))
		log_warn("connection %llu: TLS: %s", number, why);
	else
		log_limited(limit, "connection %llu: TLS: %s", number, why);
}

int
tls_accept(struct conn *conn, struct tls *tls, unsigned long long number,
    struct tls_log_limits *limits)
{
	struct tls_wire *wire = tls_wire_open(tls->context, conn->fd, conn);
	int error;

	if (!wire) {
		log_failure(&limits->others, number, strerror(errno));
		return conn_fail(conn, errno);
	}
	conn->layer = wire;
	conn->transport = &TRANSPORT_TLS;
	conn_request_within(conn, TLS_HANDSHAKE_NS);
	if (shake(conn) == 0) {
		conn_request_end(conn);
		return 0;
	}
	error = errno;
	log_failure(wire->refused ? &limits->certificates : &limits->others,
	    number, why_not(conn));
	/* Our alert is on its way, and input may be unread: wait for the
	 * client, or a reset would destroy the alert. */
	conn->ended = error != EPROTO;
	errno = error;
	return -1;
}

void
tls_renew(struct tls *tls, uint64_t now)
{
	tls_tickets_renew(tls->tickets, now);
}

bool
tls_look(const struct conn *conn, struct tls_view *view)
{
	const struct tls_wire *wire = conn->layer;

	*view = (struct tls_view){0};
	if (conn->transport != &TRANSPORT_TLS)
		return false;
	snprintf(view->version, sizeof(view->version), "%s",
	    SSL_get_version(wire->ssl));
	snprintf(view->cipher, sizeof(view->cipher), "%s",
	    SSL_get_cipher_name(wire->ssl));
	tls_wire_subject(SSL_get0_peer_certificate(wire->ssl), view->peer,
	    sizeof(view->peer));
	view->resumed = SSL_session_reused(wire->ssl);
	return true;
}
