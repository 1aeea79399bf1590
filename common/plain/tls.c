/* SPDX-License-Identifier: MIT */
/* tls: not in this image; TLS_HERE is false. */
#include "common/net/tls.h"

#include <errno.h>

#include "common/base/log.h"

const bool TLS_HERE = false;

struct tls *
tls_open(const char *cert, const char *key, const char *client_ca)
{
	(void)key;
	(void)client_ca;
	log_error("%s: built without TLS (OpenSSL 3)", cert);
	return NULL;
}

void
tls_speak(struct tls *tls, const char *names)
{
	(void)tls;
	(void)names;
}

int
tls_accept(struct conn *conn, struct tls *tls, unsigned long long number,
    struct tls_log_limits *limits)
{
	(void)limits;
	(void)tls;
	(void)number;
	return conn_fail(conn, ENOTSUP);
}

void
tls_renew(struct tls *tls, uint64_t now)
{
	(void)tls;
	(void)now;
}

bool
tls_look(const struct conn *conn, struct tls_view *view)
{
	(void)conn;
	(void)view;
	return false;
}
