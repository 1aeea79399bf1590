/* SPDX-License-Identifier: MIT */
/* tls_make: not in this client. */
#include "common/net/tls_make.h"

#include <stdio.h>

int
tls_make(enum tls_make_kind kind, int cert, int key, char *why, size_t size)
{
	(void)kind;
	(void)cert;
	(void)key;
	snprintf(why, size, "built without TLS (OpenSSL 3)");
	return -1;
}
