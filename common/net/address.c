/* SPDX-License-Identifier: MIT */
/* address: literals to sockaddr and back. Names are resolved elsewhere. */
#include "common/net/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "common/base/units.h"

int
address_split(const char *text, char *host, size_t size, uint16_t *port)
{
	const char *colon = strrchr(text, ':');
	size_t len;
	uint64_t number;

	if (!colon || parse_count(colon + 1, &number) < 0 || number > 65535)
		return -1;
	len = (size_t)(colon - text);
	if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	} else if (memchr(text, ':', len)) {
		return -1; /* an IPv6 literal without brackets is ambiguous */
	}
	if (len >= size)
		return -1;
	memcpy(host, text, len);
	host[len] = '\0';
	*port = (uint16_t)number;
	return 0;
}

static int
parse_unix(const char *path, struct address *out)
{
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof(out->un.sun_path))
		return -1;
	out->un.sun_family = AF_UNIX;
	memcpy(out->un.sun_path, path, len + 1);
	out->len =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 1);
	return 0;
}

int
address_parse(const char *text, struct address *out)
{
	char host[INET6_ADDRSTRLEN];
	uint16_t port;

	memset(out, 0, sizeof(*out));
	if (strncmp(text, "unix:", 5) == 0)
		return parse_unix(text + 5, out);
	if (address_split(text, host, sizeof(host), &port) < 0)
		return -1;
	if (text[0] == '[') {
		if (inet_pton(AF_INET6, host, &out->in6.sin6_addr) != 1)
			return -1;
		out->in6.sin6_family = AF_INET6;
		out->len = sizeof(out->in6);
	} else {
		if (inet_pton(AF_INET, host, &out->in4.sin_addr) != 1)
			return -1;
		out->in4.sin_family = AF_INET;
		out->len = sizeof(out->in4);
	}
	address_set_port(out, port);
	return 0;
}

uint16_t
address_port(const struct address *address)
{
	switch (address->any.sa_family) {
	case AF_INET:
		return ntohs(address->in4.sin_port);
	case AF_INET6:
		return ntohs(address->in6.sin6_port);
	default:
		return 0;
	}
}

void
address_set_port(struct address *address, uint16_t port)
{
	if (address->any.sa_family == AF_INET)
		address->in4.sin_port = htons(port);
	else if (address->any.sa_family == AF_INET6)
		address->in6.sin6_port = htons(port);
}

char *
address_format(const struct address *address, char *buf)
{
	char host[INET6_ADDRSTRLEN] = "?";

	switch (address->any.sa_family) {
	case AF_INET:
		inet_ntop(AF_INET, &address->in4.sin_addr, host, sizeof(host));
		snprintf(buf, ADDRESS_TEXT_MAX, "%s:%u", host,
		    address_port(address));
		break;
	case AF_INET6:
		inet_ntop(
		    AF_INET6, &address->in6.sin6_addr, host, sizeof(host));
		snprintf(buf, ADDRESS_TEXT_MAX, "[%s]:%u", host,
		    address_port(address));
		break;
	default:
		/* A client's end of a unix socket has no name: len covers the
		 * family alone and sun_path must not be read. */
		snprintf(buf, ADDRESS_TEXT_MAX, "unix:%s",
		    address->len > offsetof(struct sockaddr_un, sun_path)
			? address->un.sun_path
			: "");
	}
	return buf;
}

bool
address_source(const struct address *address, uint64_t *source)
{
	const struct in6_addr *ip6 = &address->in6.sin6_addr;
	uint32_t ip4;

	if (address->any.sa_family == AF_INET) {
		ip4 = address->in4.sin_addr.s_addr;
	} else if (address->any.sa_family != AF_INET6) {
		return false;
	} else if (IN6_IS_ADDR_V4MAPPED(ip6)) {
		memcpy(&ip4, &ip6->s6_addr[12], sizeof(ip4));
	} else {
		memcpy(source, ip6->s6_addr, sizeof(*source));
		return true;
	}
	/* An IPv6 prefix whose first 32 bits are 0 is ::/32: never routed. */
	*source = (uint64_t)ip4 << 32;
	return true;
}

bool
address_is_loopback(const struct address *address)
{
	const struct in6_addr *ip6 = &address->in6.sin6_addr;

	if (address->any.sa_family == AF_INET)
		return ntohl(address->in4.sin_addr.s_addr) >>
			   IN_CLASSA_NSHIFT ==
		       IN_LOOPBACKNET;
	if (address->any.sa_family != AF_INET6)
		return false;
	return IN6_IS_ADDR_LOOPBACK(ip6) ||
	       (IN6_IS_ADDR_V4MAPPED(ip6) &&
		   ip6->s6_addr[12] == IN_LOOPBACKNET);
}

bool
address_is_any(const struct address *address)
{
	if (address->any.sa_family == AF_INET)
		return address->in4.sin_addr.s_addr == htonl(INADDR_ANY);
	return address->any.sa_family == AF_INET6 &&
	       IN6_IS_ADDR_UNSPECIFIED(&address->in6.sin6_addr);
}
