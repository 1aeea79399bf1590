/* SPDX-License-Identifier: MIT */
/*
 * target: what a client can talk to, from text to an address and a transport.
 */
#ifndef COMMON_NET_TARGET_H
#define COMMON_NET_TARGET_H

#include <stddef.h>

#include "common/net/address.h"

#define TARGET_FORMS "HOST:PORT, [IPv6]:PORT, unix:PATH, udp: or tls:HOST:PORT"

enum target_kind { TARGET_STREAM, TARGET_UDP, TARGET_TLS };

struct target {
	enum target_kind kind;
	struct address address;
	/* As written, without brackets and zone; empty for unix:. */
	char host[256];
	char authority[272]; /* HOST:PORT for HTTP; "localhost" for unix: */
};

/*
 * TEXT is HOST:PORT, behind "udp:" or "tls:" if need be, or unix:PATH. Of a
 * name's addresses the first is taken that accepts a connection or, if none
 * does, the first of all; for UDP, where nothing accepts, the first of IPv4 if
 * there is one. Returns 0; or -1 with the reason in WHY (SIZE bytes) and errno:
 * EINVAL if TEXT is not of these forms, ENOENT if the name is not known.
 */
int
target_resolve(const char *text, struct target *out, char *why, size_t size);

#endif
