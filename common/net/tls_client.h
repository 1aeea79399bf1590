/* SPDX-License-Identifier: MIT */
/*
 * tls_client: the client's side of TLS 1.2 and 1.3, by OpenSSL 3, over a
 * non-blocking socket.
 *
 * common/full/tls_client.c is the real one, common/plain/tls_client.c stands in
 * its place in a client without it. One thread uses a context and its streams.
 *
 * Each connection does a whole handshake: no session is resumed, so that a load
 * of new connections measures what new clients cost. SSLKEYLOGFILE in the
 * environment is honoured.
 */
#ifndef COMMON_NET_TLS_CLIENT_H
#define COMMON_NET_TLS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Whether this client can. */
extern const bool TLS_CLIENT_HERE;

struct tls_client; /* what all connections have in common */
struct tls_stream; /* one connection */

/*
 * The server's certificate must be for HOST (a name or a literal address), and
 * signed by one of CA (a PEM file; NULL: those that the system trusts). CERT
 * and KEY are ours, or NULL. Returns NULL with the reason in WHY.
 */
struct tls_client *
tls_client_open(const char *host, const char *ca, const char *cert,
    const char *key, char *why, size_t size);

void
tls_client_close(struct tls_client *client);

/* Streams from now on offer to speak NAME (RFC 7301 6: "http/1.1"), or nothing
 * (NULL). */
void
tls_client_offer(struct tls_client *client, const char *name);

/* Over FD, which stays the caller's and does not block. NULL with errno. */
struct tls_stream *
tls_stream_open(struct tls_client *client, int fd);

/* Harmless for NULL. */
void
tls_stream_close(struct tls_stream *stream);

/*
 * recv(2) and send(2) that do the handshake first; never block. With EAGAIN,
 * *WANTS_OUT says whether the socket has to become writable; -1 with EPROTO is
 * an alert or a refused certificate (tls_stream_why()). End of file (0) is the
 * server's close_notify; an end without it is ECONNRESET, for a part could be
 * taken for the whole. A write that said EAGAIN has to come again with the same
 * bytes, and may be short.
 *
 * Read until EAGAIN: the stream may hold input of which poll(2) does not know.
 */
ssize_t
tls_stream_read(
    struct tls_stream *stream, void *buf, size_t size, bool *wants_out);
ssize_t
tls_stream_write(
    struct tls_stream *stream, const void *buf, size_t len, bool *wants_out);

/* Tells the peer that nothing more comes (close_notify), as far as the socket
 * takes it at once. Reading goes on as before. */
void
tls_stream_end(struct tls_stream *stream);

/* Why it failed, in words ("the certificate is for other.example, not
 * localhost"); "" if it did not. As long as the stream is open. */
const char *
tls_stream_why(const struct tls_stream *stream);

/*
 * After the handshake: "TLSv1.3 TLS_AES_256_GCM_SHA384, server CN=localhost,
 * client CN=alice" (the last if the server asked and we showed one).
 */
char *
tls_stream_describe(const struct tls_stream *stream, char *buf, size_t size);

#endif
