/* SPDX-License-Identifier: MIT */
/* tls_client: a context for one host, and streams that never block. */
#include "common/net/tls_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/full/tls_files.h"
#include "common/full/tls_wire.h"

struct tls_client {
	SSL_CTX *context;
	char host[256];
	bool literal; /* host is an address: it cannot be a server name */
	int keylog;   /* or -1 */
};

/* The public name of a client's wire. */
struct tls_stream {
	struct tls_wire wire;
};

/* ---- the context ---- */

/* Removes what is not part of the name: an address's zone, the final dot. */
static void
set_host(struct tls_client *client, const char *host)
{
	unsigned char scrap[sizeof(struct in6_addr)];
	size_t len = strcspn(host, "%");

	if (len > 1 && host[len - 1] == '.')
		len--;
	if (len >= sizeof(client->host))
		len = sizeof(client->host) - 1;
	memcpy(client->host, host, len);
	client->literal = inet_pton(AF_INET, client->host, scrap) == 1 ||
			  inet_pton(AF_INET6, client->host, scrap) == 1;
}

static int
expect_host(struct tls_client *client)
{
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(client->context);

	X509_VERIFY_PARAM_set_hostflags(
	    param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return client->literal
		   ? X509_VERIFY_PARAM_set1_ip_asc(param, client->host)
		   : X509_VERIFY_PARAM_set1_host(param, client->host, 0);
}

/* Called if the server asks for a certificate, which the context has. */
static int
note_asked(SSL *ssl, void *arg)
{
	struct tls_wire *wire = SSL_get_app_data(ssl);

	(void)arg;
	wire->asked = true;
	return 1;
}

/* Sets what does not depend on files. */
static bool
set_up(SSL_CTX *context)
{
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_options(
	    context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, tls_wire_verify);
	SSL_CTX_set_verify_depth(context, WIRE_CHAIN_MAX);
	SSL_CTX_set_cert_cb(context, note_asked, NULL);
	SSL_CTX_set_read_ahead(context, 1); /* one recv for each record */
	return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1;
}

static int
trust_system(SSL_CTX *context, char *why, size_t size)
{
	if (SSL_CTX_set_default_verify_paths(context) == 1)
		return 0;
	snprintf(why, size, "the system's certificates cannot be read");
	return -1;
}

struct tls_client *
tls_client_open(const char *host, const char *ca, const char *cert,
    const char *key, char *why, size_t size)
{
	struct tls_client *client = calloc(1, sizeof(*client));

	ERR_clear_error();
	snprintf(why, size, "%s", strerror(ENOMEM));
	if (!client)
		return NULL;
	client->keylog = -1;
	set_host(client, host);
	client->context = SSL_CTX_new(TLS_client_method());
	if (!client->context || !set_up(client->context) ||
	    expect_host(client) != 1 ||
	    (ca ? tls_load_authorities(client->context, "tls-ca", ca, why, size)
		: trust_system(client->context, why, size)) < 0 ||
	    (cert && tls_load_own(client->context, cert, key, why, size) < 0)) {
		tls_client_close(client);
		return NULL;
	}
	client->keylog = tls_log_keys(client->context);
	why[0] = '\0';
	return client;
}

void
tls_client_close(struct tls_client *client)
{
	if (!client)
		return;
	SSL_CTX_free(client->context);
	if (client->keylog >= 0)
		close(client->keylog);
	free(client);
}

void
tls_client_trust_all(struct tls_client *client)
{
	SSL_CTX_set_verify(client->context, SSL_VERIFY_NONE, NULL);
}

void
tls_client_offer(struct tls_client *client, const char *name)
{
	unsigned char names[32];
	size_t len = name ? strlen(name) : 0;

	names[0] = (unsigned char)len;
	memcpy(names + 1, name ? name : "", len);
	SSL_CTX_set_alpn_protos(
	    client->context, name ? names : NULL, name ? (unsigned)len + 1 : 0);
}

/* ---- streams ---- */

struct tls_stream *
tls_stream_open(struct tls_client *client, int fd)
{
	struct tls_wire *wire = tls_wire_open(client->context, fd, NULL);

	if (!wire)
		return NULL;
	SSL_set_connect_state(wire->ssl);
	if (!client->literal)
		SSL_set_tlsext_host_name(wire->ssl, client->host);
	return (struct tls_stream *)wire;
}

void
tls_stream_close(struct tls_stream *stream)
{
	tls_wire_close(stream ? &stream->wire : NULL);
}

ssize_t
tls_stream_read(
    struct tls_stream *stream, void *buf, size_t size, bool *wants_out)
{
	ssize_t n = tls_wire_read(&stream->wire, buf, size, MSG_DONTWAIT);

	*wants_out = n < 0 && stream->wire.wants == POLLOUT;
	return n;
}

ssize_t
tls_stream_write(
    struct tls_stream *stream, const void *buf, size_t len, bool *wants_out)
{
	ssize_t n = tls_wire_write(&stream->wire, buf, len, MSG_DONTWAIT);

	*wants_out = n < 0 && stream->wire.wants == POLLOUT;
	return n;
}

int
tls_stream_end(struct tls_stream *stream)
{
	return tls_wire_end(&stream->wire);
}

const char *
tls_stream_why(const struct tls_stream *stream)
{
	return stream->wire.why;
}

char *
tls_stream_describe(const struct tls_stream *stream, char *buf, size_t size)
{
	const SSL *ssl = stream->wire.ssl;
	char server[256], client[256];
	const X509 *own = stream->wire.asked ? SSL_get_certificate(ssl) : NULL;

	tls_wire_subject(
	    SSL_get0_peer_certificate(ssl), server, sizeof(server));
	tls_wire_subject(own, client, sizeof(client));
	snprintf(buf, size, "%s %s, server %s%s%s", SSL_get_version(ssl),
	    SSL_get_cipher_name(ssl), server, own ? ", client " : "", client);
	return buf;
}
