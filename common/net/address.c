/* SPDX-License-Identifier: MIT */
/* address: literals to sockaddr and back. Names are resolved elsewhere. */
#include "common/net/address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "common/base/units.h"

/* The scope of a multicast address (RFC 4291 2.7). */
enum { SCOPE_INTERFACE = 1, SCOPE_LINK = 2 };

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

	/* Elsewhere "@" begins an abstract name. A file of that name would
	 * mislead. */
	if (path[0] == '@' || len == 0 || len >= sizeof(out->un.sun_path))
		return -1;
	out->un.sun_family = AF_UNIX;
	memcpy(out->un.sun_path, path, len + 1);
	out->len =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 1);
	return 0;
}

/* The number of the interface with this name or number; 0: there is none. */
static uint32_t
find_zone(const char *zone)
{
	uint32_t index = if_nametoindex(zone);
	char name[IF_NAMESIZE];
	uint64_t number;

	if (index == 0 && parse_count(zone, &number) == 0 &&
	    number <= UINT32_MAX && if_indextoname((uint32_t)number, name))
		index = (uint32_t)number;
	return index;
}

static bool
is_multicast_of(const struct in6_addr *ip6, int scope)
{
	return IN6_IS_ADDR_MULTICAST(ip6) && (ip6->s6_addr[1] & 15) == scope;
}

/* Each link has its own such address, so it needs a zone. */
static bool
needs_zone(const struct in6_addr *ip6)
{
	return IN6_IS_ADDR_LINKLOCAL(ip6) ||
	       is_multicast_of(ip6, SCOPE_INTERFACE) ||
	       is_multicast_of(ip6, SCOPE_LINK);
}

/* The system ignores the zone of other addresses: [::%lo] would be every
 * address. */
static bool
may_have_zone(const struct in6_addr *ip6)
{
	return needs_zone(ip6) || IN6_IS_ADDR_LOOPBACK(ip6);
}

/* RFC 4007 11: ADDRESS%ZONE. */
static int
parse_ip6(const char *host, struct sockaddr_in6 *out)
{
	char literal[INET6_ADDRSTRLEN];
	size_t len = strcspn(host, "%");

	if (len >= sizeof(literal))
		return -1;
	memcpy(literal, host, len);
	literal[len] = '\0';
	if (inet_pton(AF_INET6, literal, &out->sin6_addr) != 1)
		return -1;
	if (host[len] != '%')
		return needs_zone(&out->sin6_addr) ? -1 : 0;
	out->sin6_scope_id = find_zone(host + len + 1);
	return out->sin6_scope_id && may_have_zone(&out->sin6_addr) ? 0 : -1;
}

int
address_parse(const char *text, struct address *out)
{
	char host[ADDRESS_HOST_MAX];
	uint16_t port;

	memset(out, 0, sizeof(*out));
	if (strncmp(text, "unix:", 5) == 0)
		return parse_unix(text + 5, out);
	if (address_split(text, host, sizeof(host), &port) < 0)
		return -1;
	if (text[0] == '[') {
		if (parse_ip6(host, &out->in6) < 0)
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

/* Explains the part in brackets, for address_explain(). */
static void
explain_ip6(const char *host, char *why, size_t size)
{
	const char *zone = strchr(host, '%');
	struct in6_addr address;
	char literal[INET6_ADDRSTRLEN];

	snprintf(
	    literal, sizeof(literal), "%.*s", (int)strcspn(host, "%"), host);
	if (inet_pton(AF_INET6, literal, &address) != 1)
		snprintf(why, size, "\"%s\" is not an IPv6 address", host);
	else if (zone && !may_have_zone(&address))
		snprintf(why, size,
		    "only a link-local address takes an interface: remove %s",
		    zone);
	else if (zone)
		snprintf(why, size, "there is no interface \"%s\"", zone + 1);
	else
		snprintf(why, size,
		    "a link-local address needs its interface, as "
		    "in [%s%%eth0]",
		    host);
}

void
address_explain(const char *text, char *why, size_t size)
{
	const char *end = strchr(text, ']');
	char host[ADDRESS_HOST_MAX];
	uint64_t number;
	uint16_t port;

	if (!end || end[1] != ':')
		snprintf(why, size, ":PORT is missing after the bracket");
	else if (parse_count(end + 2, &number) < 0 || number > 65535)
		snprintf(
		    why, size, "\"%.40s\" is not a port, 0 to 65535", end + 2);
	else if (address_split(text, host, sizeof(host), &port) < 0)
		snprintf(why, size, "\"%.60s\" is not an IPv6 address", text);
	else
		explain_ip6(host, why, size);
}

void
address_unmap(struct address *address)
{
	struct sockaddr_in ip4 = {.sin_family = AF_INET};

	if (address->any.sa_family != AF_INET6 ||
	    !IN6_IS_ADDR_V4MAPPED(&address->in6.sin6_addr))
		return;
	memcpy(&ip4.sin_addr, &address->in6.sin6_addr.s6_addr[12],
	    sizeof(ip4.sin_addr));
	ip4.sin_port = address->in6.sin6_port;
	memset(address, 0, sizeof(*address));
	address->in4 = ip4;
	address->len = sizeof(ip4);
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

/* "%eth0"; "%7" if the interface has gone; "" without a zone. */
static const char *
format_zone(uint32_t index, char zone[static IF_NAMESIZE + 1])
{
	zone[0] = '%';
	zone[1] = '\0';
	if (index == 0)
		return zone + 1;
	if (!if_indextoname(index, zone + 1))
		snprintf(zone + 1, IF_NAMESIZE, "%u", index);
	return zone;
}

char *
address_format(const struct address *address, char *buf)
{
	char host[INET6_ADDRSTRLEN] = "?", zone[IF_NAMESIZE + 1];

	switch (address->any.sa_family) {
	case AF_INET:
		inet_ntop(AF_INET, &address->in4.sin_addr, host, sizeof(host));
		snprintf(buf, ADDRESS_TEXT_MAX, "%s:%u", host,
		    address_port(address));
		break;
	case AF_INET6:
		inet_ntop(
		    AF_INET6, &address->in6.sin6_addr, host, sizeof(host));
		snprintf(buf, ADDRESS_TEXT_MAX, "[%s%s]:%u", host,
		    format_zone(address->in6.sin6_scope_id, zone),
		    address_port(address));
		break;
	default:
		/* The client's side of a unix socket has no name: the length
		 * covers only the family, and sun_path must not be read. */
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
