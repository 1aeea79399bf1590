/* SPDX-License-Identifier: MIT */
/* target: getaddrinfo(3), and a try to connect where it finds several. */
#include "common/load/target.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void
set(struct address *out, const struct addrinfo *from)
{
	memset(out, 0, sizeof(*out));
	out->len = from->ai_addrlen;
	memcpy(&out->any, from->ai_addr, from->ai_addrlen);
}

static int
answers(const struct addrinfo *at)
{
	int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int good = fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) == 0;

	if (fd >= 0)
		close(fd);
	return good;
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
	for (at = found; at->ai_next && !answers(at); at = at->ai_next)
		continue;
	set(out, at->ai_next || answers(at) ? at : found);
	freeaddrinfo(found);
	return 0;
}
