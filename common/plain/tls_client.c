/* SPDX-License-Identifier: MIT */
/* tls_client: not in this client. tls_client_open() fails, so the other
 * functions are not called. */
#include "common/net/tls_client.h"

#include <errno.h>
#include <stdio.h>

struct tls_client *
tls_client_open(const char *host, const char *ca, const char *cert,
    const char *key, char *why, size_t size)
{
	(void)host;
	(void)ca;
	(void)cert;
	(void)key;
	snprintf(why, size, "built without TLS (OpenSSL 3)");
	return NULL;
}

void
tls_client_close(struct tls_client *client)
{
	(void)client;
}

void
tls_client_trust_all(struct tls_client *client)
{
	(void)client;
}

void
tls_client_offer(struct tls_client *client, const char *name)
{
	(void)client;
	(void)name;
}

struct tls_stream *
tls_stream_open(struct tls_client *client, int fd)
{
	(void)client;
	(void)fd;
	errno = ENOTSUP;
	return NULL;
}

void
tls_stream_close(struct tls_stream *stream)
{
	(void)stream;
}

ssize_t
tls_stream_read(
    struct tls_stream *stream, void *buf, size_t size, bool *wants_out)
{
	(void)stream;
	(void)buf;
	(void)size;
	*wants_out = false;
	errno = ENOTSUP;
	return -1;
}

ssize_t
tls_stream_write(
    struct tls_stream *stream, const void *buf, size_t len, bool *wants_out)
{
	(void)stream;
	(void)buf;
	(void)len;
	*wants_out = false;
	errno = ENOTSUP;
	return -1;
}

int
tls_stream_end(struct tls_stream *stream)
{
	(void)stream;
	errno = ENOTSUP;
	return -1;
}

const char *
tls_stream_why(const struct tls_stream *stream)
{
	(void)stream;
	return "";
}

char *
tls_stream_describe(const struct tls_stream *stream, char *buf, size_t size)
{
	(void)stream;
	snprintf(buf, size, "no TLS");
	return buf;
}
