/* SPDX-License-Identifier: MIT */
/*
 * target: from the text TARGET of a command line to an address and a transport.
 *
 * It may ask the resolver and, if a name has several addresses, try to connect.
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
	char host[256]; /* as written, without brackets and zone; "" for unix */
	char authority[272]; /* the Host of HTTP; "localhost" for unix */
};

/*
 * TEXT is one of TARGET_FORMS. If a name has several addresses, the first that
 * accepts a connection within 1 s is taken, or the first if none does; for UDP,
 * the first of IPv4 if there is one.
 *
 * Returns 0; or -1 with the reason in WHY (SIZE bytes) and errno: EINVAL if
 * TEXT has none of the forms, ENOENT if the resolver does not know the name.
 * Blocks while the resolver and the trial connects do. Thread-safe.
 */
int
target_resolve(const char *text, struct target *out, char *why, size_t size);

#endif
