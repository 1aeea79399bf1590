/* SPDX-License-Identifier: MIT */
/* tls_wire: a BIO of recv() and send(), and OpenSSL's errors as errno and
 * words. */
#include "common/full/tls_wire.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/base/clock.h"

/* ---- the socket below OpenSSL ---- */

/*
 * Bytes of an incomplete record count: they end a silence, and begin a request.
 * Otherwise a byte a second could stretch a request's first record over hours.
 */
static void
note_moved(struct conn *conn, bool received)
{
	if (!conn)
		return;
	conn->moved = true;
	if (received && conn->in_request && conn->request_due_ns == NEVER)
		conn_request_within(conn, conn->request_timeout_ns);
}

/* A request may begin within a blocking call. */
static int
flags_now(const struct tls_wire *wire)
{
	bool timed = wire->conn && wire->conn->request_due_ns != NEVER;

	return wire->flags | (timed ? MSG_DONTWAIT : 0);
}

static bool
is_retry(int error)
{
	return error == EAGAIN || error == EINTR;
}

static int
bio_read(BIO *bio, char *buf, int size)
{
	struct tls_wire *wire = BIO_get_data(bio);
	ssize_t n = recv(wire->fd, buf, (size_t)size, flags_now(wire));

	BIO_clear_retry_flags(bio);
	wire->error = n < 0 ? errno : 0;
	if (n > 0)
		note_moved(wire->conn, true);
	else if (is_retry(wire->error))
		BIO_set_retry_read(bio);
	return (int)n;
}

static int
bio_write(BIO *bio, const char *buf, int len)
{
	struct tls_wire *wire = BIO_get_data(bio);
	ssize_t n =
	    send(wire->fd, buf, (size_t)len, flags_now(wire) | MSG_NOSIGNAL);

	BIO_clear_retry_flags(bio);
	wire->error = n < 0 ? errno : 0;
	if (n > 0)
		note_moved(wire->conn, false);
	else if (is_retry(wire->error))
		BIO_set_retry_write(bio);
	return (int)n;
}

static long
bio_control(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH; /* there is nothing to flush */
}

static BIO_METHOD *method;

static void
make_method(void)
{
	method = BIO_meth_new(
	    BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "perconn socket");
	if (!method)
		return;
	BIO_meth_set_read(method, bio_read);
	BIO_meth_set_write(method, bio_write);
	BIO_meth_set_ctrl(method, bio_control);
}

static BIO *
open_bio(struct tls_wire *wire)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	BIO *bio;

	pthread_once(&once, make_method);
	bio = method ? BIO_new(method) : NULL;
	if (bio) {
		BIO_set_data(bio, wire);
		BIO_set_init(bio, 1);
	}
	return bio;
}

struct tls_wire *
tls_wire_open(SSL_CTX *context, int fd, struct conn *conn)
{
	struct tls_wire *wire = calloc(1, sizeof(*wire));
	BIO *bio = NULL;

	ERR_clear_error();
	if (wire) {
		wire->conn = conn;
		wire->fd = fd;
		wire->ssl = SSL_new(context);
		bio = open_bio(wire);
	}
	if (!wire || !wire->ssl || !bio) {
		BIO_free(bio);
		tls_wire_close(wire);
		errno = ENOMEM;
		return NULL;
	}
	SSL_set_app_data(wire->ssl, wire);
	SSL_set_bio(wire->ssl, bio, bio);
	return wire;
}

void
tls_wire_close(struct tls_wire *wire)
{
	if (!wire)
		return;
	SSL_free(wire->ssl);
	free(wire);
}

/* ---- words ---- */

/* The text that was printed to OUT, which is freed. */
static char *
take_text(BIO *out, char *buf, size_t size)
{
	int n = out ? BIO_read(out, buf, (int)size - 1) : 0;

	buf[n > 0 ? n : 0] = '\0';
	BIO_free(out);
	return buf;
}

static char *
put_name(const X509_NAME *name, char *buf, size_t size)
{
	BIO *out = name ? BIO_new(BIO_s_mem()) : NULL;

	if (out)
		X509_NAME_print_ex(out, name, 0, XN_FLAG_RFC2253);
	return take_text(out, buf, size);
}

char *
tls_wire_subject(const X509 *certificate, char *buf, size_t size)
{
	return put_name(
	    certificate ? X509_get_subject_name(certificate) : NULL, buf, size);
}

/* Removes the kind from "DNS:name" or "IP Address:1.2.3.4"; and line ends,
 * which could drive a terminal. */
static void
put_general_name(GENERAL_NAME *name, char *buf, size_t size)
{
	BIO *out = BIO_new(BIO_s_mem());
	char *colon;

	if (out)
		GENERAL_NAME_print(out, name);
	take_text(out, buf, size);
	colon = strchr(buf, ':');
	if (colon)
		memmove(buf, colon + 1, strlen(colon));
	for (char *c = buf; *c; c++) {
		if (*c == '\n' || *c == '\r')
			*c = '?';
	}
}

/* The first name of CERTIFICATE. */
static void
put_own_name(const X509 *certificate, char *buf, size_t size)
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);

	if (sk_GENERAL_NAME_num(names) > 0)
		put_general_name(sk_GENERAL_NAME_value(names, 0), buf, size);
	else
		tls_wire_subject(certificate, buf, size);
	GENERAL_NAMES_free(names);
}

static void
note_mismatch(
    struct tls_wire *wire, X509_STORE_CTX *store, const X509 *certificate)
{
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(store);
	const char *host = X509_VERIFY_PARAM_get0_host(param, 0);
	char *ip = host ? NULL : X509_VERIFY_PARAM_get1_ip_asc(param);
	char name[64];

	put_own_name(certificate, name, sizeof(name));
	snprintf(wire->why, sizeof(wire->why),
	    "the certificate is for %s, not %s", name,
	    host ? host
	    : ip ? ip
		 : "that host");
	OPENSSL_free(ip);
}

static void
note_unknown_issuer(struct tls_wire *wire, const X509 *certificate)
{
	char issuer[128];

	put_name(X509_get_issuer_name(certificate), issuer, sizeof(issuer));
	snprintf(wire->why, sizeof(wire->why),
	    "unknown CA (the certificate is signed by %s)", issuer);
}

int
tls_wire_verify(int good, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(
	    store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_wire *wire = SSL_get_app_data(ssl);
	const X509 *certificate = X509_STORE_CTX_get_current_cert(store);
	int error = X509_STORE_CTX_get_error(store);
	char subject[128];

	if (!good)
		wire->refused = true;
	if (good || !certificate || wire->why[0])
		return good;
	switch (error) {
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		note_mismatch(wire, store, certificate);
		break;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		note_unknown_issuer(wire, certificate);
		break;
	case X509_V_ERR_CERT_CHAIN_TOO_LONG:
		snprintf(wire->why, sizeof(wire->why),
		    "more than %d intermediates (%s)", WIRE_CHAIN_MAX,
		    tls_wire_subject(certificate, subject, sizeof(subject)));
		break;
	default:
		snprintf(wire->why, sizeof(wire->why), "%s (%s)",
		    X509_verify_cert_error_string(error),
		    tls_wire_subject(certificate, subject, sizeof(subject)));
	}
	return good;
}

static const char *
words_of(int reason)
{
	const char *words = NULL;

	switch (reason) {
	case SSL_R_HTTP_REQUEST:
	case SSL_R_HTTPS_PROXY_REQUEST:
		return "not TLS but HTTP";
	case SSL_R_WRONG_VERSION_NUMBER:
		return "not TLS";
	case SSL_R_UNSUPPORTED_PROTOCOL:
		return "no shared version (TLS 1.2 and 1.3 are allowed)";
	case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
		return "no certificate presented";
	default:
		words = ERR_reason_error_string(
		    (unsigned long)ERR_PACK(ERR_LIB_SSL, 0, reason));
		return words ? words : "a protocol error";
	}
}

/* The text of the alert in REASON. OpenSSL 3.0 has no text for new alerts of
 * TLS 1.3, but reasons ("tlsv13 alert certificate required"). */
static const char *
alert_of(int reason)
{
	const char *words =
	    SSL_alert_desc_string_long(reason - SSL_AD_REASON_OFFSET);
	const char *alert;

	if (strcmp(words, "unknown") != 0)
		return words;
	words = words_of(reason);
	alert = strstr(words, "alert ");
	return alert ? alert + strlen("alert ") : words;
}

/* The text of the error queue's first entry, which is the cause of all
 * others. */
static void
note_reason(struct tls_wire *wire)
{
	unsigned long error = ERR_peek_error();
	int reason = ERR_GET_REASON(error);
	const char *words;

	if (wire->why[0])
		return; /* tls_wire_verify() has set a better text */
	if (ERR_GET_LIB(error) != ERR_LIB_SSL) {
		words = ERR_reason_error_string(error);
		snprintf(wire->why, sizeof(wire->why), "%s",
		    words ? words : "OpenSSL gives no reason");
	} else if (reason >= SSL_AD_REASON_OFFSET) {
		snprintf(wire->why, sizeof(wire->why), "the peer's alert: %s",
		    alert_of(reason));
	} else {
		wire->refused =
		    reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE;
		snprintf(wire->why, sizeof(wire->why), "%s", words_of(reason));
	}
}

/* ---- results ---- */

static int
fail(struct tls_wire *wire, int error)
{
	wire->failed = true;
	errno = error;
	return -1;
}

static int
cut(struct tls_wire *wire)
{
	snprintf(wire->why, sizeof(wire->why), "the peer closed %s",
	    SSL_is_init_finished(wire->ssl) ? "without close_notify"
					    : "during the handshake");
	wire->cut = true;
	return fail(wire, ECONNRESET);
}

static ssize_t
result(struct tls_wire *wire, int got, size_t n)
{
	int error = SSL_get_error(wire->ssl, got);

	wire->starved = error == SSL_ERROR_WANT_READ;
	switch (error) {
	case SSL_ERROR_NONE:
		return (ssize_t)n;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		wire->wants = wire->starved ? POLLIN : POLLOUT;
		errno = wire->error;
		return -1;
	case SSL_ERROR_SYSCALL:
		if (wire->error == 0)
			return cut(wire);
		snprintf(
		    wire->why, sizeof(wire->why), "%s", strerror(wire->error));
		return fail(wire, wire->error);
	default:
		note_reason(wire);
		return fail(wire, EPROTO);
	}
}

/* Before each call: the thread's error queue may hold errors of another
 * connection. */
static void
prepare(struct tls_wire *wire, int flags)
{
	ERR_clear_error();
	wire->flags = flags;
	wire->error = 0;
}

ssize_t
tls_wire_handshake(struct tls_wire *wire, int flags)
{
	prepare(wire, flags);
	return result(wire, SSL_do_handshake(wire->ssl), 1);
}

ssize_t
tls_wire_read(struct tls_wire *wire, void *buf, size_t size, int flags)
{
	size_t n = 0;
	int got;

	prepare(wire, flags);
	got = SSL_read_ex(wire->ssl, buf, size, &n);
	return result(wire, got, n);
}

ssize_t
tls_wire_write(struct tls_wire *wire, const void *buf, size_t len, int flags)
{
	size_t n = 0;
	int got;

	prepare(wire, flags);
	got = SSL_write_ex(wire->ssl, buf, len, &n);
	return result(wire, got, n);
}

int
tls_wire_end(struct tls_wire *wire)
{
	int got;

	if ((wire->failed && !wire->cut) || !SSL_is_init_finished(wire->ssl)) {
		errno = ENOTCONN;
		return -1;
	}
	prepare(wire, MSG_DONTWAIT);
	got = SSL_shutdown(wire->ssl);
	return got >= 0 ? 0 : (int)result(wire, got, 0);
}
