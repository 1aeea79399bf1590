/* SPDX-License-Identifier: MIT */
/* target: getaddrinfo(3), and a try to connect where it finds several. */
#include "common/load/target.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/net/dial.h"

/* For one of several addresses of a name. */
#define TRY_NS NS_PER_S

static void
set(struct address *out, const struct addrinfo *from)
{
	memset(out, 0, sizeof(*out));
	out->len = from->ai_addrlen;
	memcpy(&out->any, from->ai_addr, from->ai_addrlen);
}

int
target_resolve(const char *text, struct address *out, char *why, size_t size)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found, *at;
	char host[256], port[8];
	uint16_t number;
	int error;

	if (address_parse(text, out) == 0)
		return 0;
	if (strncmp(text, "unix:", 5) == 0 ||
	    address_split(text, host, sizeof(host), &number) < 0 || !host[0]) {
		snprintf(why, size, "not HOST:PORT, [IPv6]:PORT or unix:PATH");
		errno = EINVAL;
		return -1;
	}
	snprintf(port, sizeof(port), "%u", number);
	error = getaddrinfo(host, port, &hints, &found);
	if (error) {
		snprintf(why, size, "%s", gai_strerror(error));
		errno = ENOENT;
		return -1;
	}
	for (at = found; at; at = at->ai_next) {
		set(out, at);
		if (!found->ai_next || dial_answers(out, TRY_NS))
			break;
	}
	if (!at)
		set(out, found);
	freeaddrinfo(found);
	return 0;
}
