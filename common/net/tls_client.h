/* SPDX-License-Identifier: MIT */
/*
 * tls_client: the client's side of TLS 1.2 and 1.3, by OpenSSL 3, over a non-
 * blocking socket. common/full/tls_client.c implements it;
 * common/plain/tls_client.c replaces it in a client without TLS.
 *
 * One thread uses a context and its streams. Each connection does a full
 * handshake; no session is resumed, so that a load of new connections measures
 * what new clients cost. SSLKEYLOGFILE in the environment is honoured.
 */
#ifndef COMMON_NET_TLS_CLIENT_H
#define COMMON_NET_TLS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct tls_client; /* settings of all connections */
struct tls_stream; /* one connection */

/*
 * The server's certificate must be for HOST (a name or a literal address), and
 * be signed by one in CA (a PEM file; NULL: the system's). CERT and KEY are the
 * client's own, or NULL. Returns NULL with the reason in WHY.
 */
struct tls_client *
tls_client_open(const char *host, const char *ca, const char *cert,
    const char *key, char *why, size_t size);

void
tls_client_close(struct tls_client *client);

/* New streams take any certificate: so they do not know which server they talk
 * to, nor who reads along. */
void
tls_client_trust_all(struct tls_client *client);

/* New streams offer NAME by ALPN (RFC 7301 6: "http/1.1"), or nothing
 * (NULL). */
void
tls_client_offer(struct tls_client *client, const char *name);

/* Opens a stream over FD, which is non-blocking and stays the caller's. NULL
 * with errno. */
struct tls_stream *
tls_stream_open(struct tls_client *client, int fd);

/* Harmless for NULL. */
void
tls_stream_close(struct tls_stream *stream);

/*
 * Like recv(2) and send(2); the handshake comes first. They never block. After
 * EAGAIN, *WANTS_OUT tells whether to wait until the socket is writable. EPROTO
 * is an alert or a refused certificate (tls_stream_why()). End of file (0) is
 * the server's close_notify; an end without it is ECONNRESET, because a part
 * could be taken for the whole. After EAGAIN, repeat a write with the same
 * bytes; it may be short. Read until EAGAIN: the stream may hold input that
 * poll(2) does not report.
 */
ssize_t
tls_stream_read(
    struct tls_stream *stream, void *buf, size_t size, bool *wants_out);
ssize_t
tls_stream_write(
    struct tls_stream *stream, const void *buf, size_t len, bool *wants_out);

/* Sends close_notify; reading goes on. Returns 0, or -1 with errno: after
 * EAGAIN call it again when the socket has room (POLLOUT). */
int
tls_stream_end(struct tls_stream *stream);

/* Why the stream failed, in words ("the certificate is for other.first_wrong,
 * not localhost"); "" if it did not. Valid while the stream is open. */
const char *
tls_stream_why(const struct tls_stream *stream);

/*
 * After the handshake: "TLSv1.3 TLS_AES_256_GCM_SHA384, server CN=localhost,
 * client CN=alice" (the last one if the server asked for our certificate).
 */
char *
tls_stream_describe(const struct tls_stream *stream, char *buf, size_t size);

#endif
