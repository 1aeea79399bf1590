/* SPDX-License-Identifier: MIT */
/* target: getaddrinfo(3); of several addresses, the first that accepts. */
#include "common/net/target.h"

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/hint.h"
#include "common/net/address_hint.h"
#include "common/net/dial.h"

/* The timeout of a trial connect to one of several addresses. */
#define TRY_NS NS_PER_S

static void
set_address(struct address *out, const struct addrinfo *from)
{
	memset(out, 0, sizeof(*out));
	out->len = from->ai_addrlen;
	memcpy(&out->any, from->ai_addr, from->ai_addrlen);
}

/* Takes the first address of FOUND that accepts a connection, or the first. */
static void
choose_address(struct target *target, const struct addrinfo *found)
{
	const struct addrinfo *at;

	for (at = found; found->ai_next && at; at = at->ai_next) {
		set_address(&target->address, at);
		if (target->kind == TARGET_UDP
			? at->ai_family == AF_INET
			: dial_answers(&target->address, TRY_NS))
			return;
	}
	set_address(&target->address, found);
}

static int
look_up(struct target *target, uint16_t number, char *why, size_t size)
{
	struct addrinfo hints = {
	    .ai_socktype =
		target->kind == TARGET_UDP ? SOCK_DGRAM : SOCK_STREAM,
	};
	struct addrinfo *found;
	char port[8];
	int error;

	snprintf(port, sizeof(port), "%u", number);
	error = getaddrinfo(target->host, port, &hints, &found);
	if (error) {
		snprintf(why, size, "%s", gai_strerror(error));
		errno = ENOENT;
		return -1;
	}
	choose_address(target, found);
	freeaddrinfo(found);
	return 0;
}

/* The Host of HTTP: an IPv6 address without its zone, which has a meaning on
 * this machine alone (RFC 6874 4). */
static void
set_authority(struct target *out, const char *text)
{
	const char *zone = text[0] == '[' ? strchr(text, '%') : NULL;
	const char *end = zone ? strchr(zone, ']') : NULL;

	snprintf(out->authority, sizeof(out->authority), "%.*s%s",
	    end ? (int)(zone - text) : (int)strlen(text), text, end ? end : "");
}

/* Returns the rest of TEXT, after its scheme. */
static const char *
parse_scheme(const char *text, enum target_kind *kind)
{
	*kind = strncmp(text, "udp:", 4) == 0	? TARGET_UDP
		: strncmp(text, "tls:", 4) == 0 ? TARGET_TLS
						: TARGET_STREAM;
	return *kind == TARGET_STREAM ? text : text + 4;
}

static int
fail(const char *text, char *why, size_t size)
{
	char hint[HINT_MAX] = "";

	address_hint(ADDRESS_FOR_CLIENT, text, hint, sizeof(hint));
	snprintf(
	    why, size, "%s%smust be " TARGET_FORMS, hint, hint[0] ? "; " : "");
	errno = EINVAL;
	return -1;
}

int
target_resolve(const char *text, struct target *out, char *why, size_t size)
{
	const char *rest;
	uint16_t number;
	int is_unix;

	memset(out, 0, sizeof(*out));
	rest = parse_scheme(text, &out->kind);
	is_unix = strncmp(rest, "unix:", 5) == 0;
	if (is_unix && rest == text &&
	    address_parse(rest, &out->address) == 0) {
		snprintf(out->authority, sizeof(out->authority), "localhost");
		return 0;
	}
	if (is_unix ||
	    address_split(rest, out->host, sizeof(out->host), &number) < 0 ||
	    !out->host[0] || strpbrk(out->host, "/@* \t\r\n"))
		return fail(text, why, size);
	set_authority(out, rest);
	if (number == 0) {
		snprintf(why, size, "port 0: must be 1 to 65535");
		errno = EINVAL;
		return -1;
	}
	if (address_parse(rest, &out->address) == 0) {
		/* The zone is no part of a certificate's name either. */
		out->host[strcspn(out->host, "%")] = '\0';
		return 0;
	}
	if (rest[0] == '[')
		return fail(text, why, size);
	return look_up(out, number, why, size);
}
