/* SPDX-License-Identifier: MIT */
/* web_url: from the scheme to the path; each step may refuse the rest. */
#include "common/net/web_url.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/net/address.h"
#include "common/net/http_slice.h"

#define HOST_MAX ((size_t)253) /* RFC 1035 2.3.4, as text */

static const struct scheme {
	const char *name;
	uint16_t port;
	bool tls, websocket;
} SCHEMES[] = {
    {"http://", 80, false, false},
    {"https://", 443, true, false},
    {"ws://", 80, false, true},
    {"wss://", 443, true, true},
};

static const struct scheme *
scheme_of(const char *text)
{
	for (size_t i = 0; i < sizeof(SCHEMES) / sizeof(SCHEMES[0]); i++) {
		const char *name = SCHEMES[i].name;

		if (strncasecmp(text, name, strlen(name)) == 0)
			return &SCHEMES[i];
	}
	return NULL;
}

bool
web_url_is(const char *text)
{
	return scheme_of(text);
}

/* Fills WHY. Returns -1. */
static int __attribute__((format(printf, 3, 4)))
refuse(char *why, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, size, format, args);
	va_end(args);
	return -1;
}

bool
web_url_refuses(const char *path, char *why, size_t size)
{
	size_t at = 0, len = 1;
	char coded[4 * 3 + 1] = "";

	while (path[at] > ' ' && path[at] < 0x7f)
		at++;
	if (!path[at])
		return false;
	/* All bytes of the character, if it is UTF-8. */
	while (len < 4 && ((unsigned char)path[at + len] & 0xc0) == 0x80)
		len++;
	for (size_t i = 0; i < len; i++)
		snprintf(coded + 3 * i, sizeof(coded) - 3 * i, "%%%02X",
		    (unsigned char)path[at + i]);
	refuse(why, size, "it has %s in its path: write %s instead",
	    path[at] == ' '		      ? "a blank"
	    : (unsigned char)path[at] <= 0x7f ? "a control character"
					      : "a letter that is not ASCII",
	    coded);
	return true;
}

/* ---- host and port ---- */

/* "[ADDRESS]", LEN bytes. Its zone is written %25eth0 (RFC 6874), or %eth0;
 * HOST gets the latter. */
static int
take_literal(
    const char *at, size_t len, char host[HOST_MAX + 1], char *why, size_t size)
{
	char with_port[HOST_MAX + 3];
	struct address address;
	const char *zone;

	if (len > ADDRESS_HOST_MAX + 4)
		return refuse(why, size, "its IPv6 address is too long");
	snprintf(host, HOST_MAX + 1, "%.*s", (int)len, at);
	zone = strstr(host, "%25");
	if (zone && zone[3] != ']')
		memmove(host + (zone - host) + 1, zone + 3, strlen(zone) - 2);
	snprintf(with_port, sizeof(with_port), "%s:1", host);
	if (address_parse(with_port, &address) == 0)
		return 0;
	why[0] = '\0';
	address_explain(with_port, why, size);
	return why[0] ? -1 : refuse(why, size, "its IPv6 address is wrong");
}

/* A name or an IPv4 address, LEN bytes. */
static int
take_name(
    const char *at, size_t len, char host[HOST_MAX + 1], char *why, size_t size)
{
	if (!len)
		return refuse(why, size, "it has no host");
	if (len > HOST_MAX)
		return refuse(why, size,
		    "its host has %zu bytes; a name has %zu at most", len,
		    HOST_MAX);
	if (memchr(at, ':', len))
		return refuse(why, size,
		    "an IPv6 address needs brackets, as in "
		    "http://[::1]:8080/");
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)at[i] > 0x7e)
			return refuse(why, size,
			    "its host is not ASCII: write the name's other "
			    "form, which begins with xn--");
		if (at[i] == ' ')
			return refuse(
			    why, size, "its host cannot have a blank");
		if (at[i] == '%' || !http_is_class(at[i], HTTP_HOST))
			return refuse(
			    why, size, "its host cannot have %.1s", at + i);
	}
	snprintf(host, HOST_MAX + 1, "%.*s", (int)len, at);
	return 0;
}

/* LEN digits, or none for USUAL. */
static int
take_port(const char *at, size_t len, uint16_t usual, unsigned *port, char *why,
    size_t size)
{
	*port = len ? 0 : usual;
	for (size_t i = 0; i < len; i++) {
		if (at[i] < '0' || at[i] > '9')
			return refuse(why, size,
			    "its port %.*s is not a number",
			    len < 40 ? (int)len : 40, at);
		*port = *port * 10 + (unsigned)(at[i] - '0');
		if (*port > UINT16_MAX)
			return refuse(
			    why, size, "the highest port is %d", UINT16_MAX);
	}
	return *port ? 0 : refuse(why, size, "port 0: must be 1 to 65535");
}

/* The zone has a meaning on this machine alone (RFC 6874 4). */
static void
set_authority(struct web_url *out, const char *host, unsigned port, bool usual)
{
	size_t zone = host[0] == '[' ? strcspn(host, "%") : strlen(host);

	snprintf(out->authority, sizeof(out->authority), "%.*s%s", (int)zone,
	    host, host[zone] ? "]" : "");
	if (!usual)
		snprintf(out->authority + strlen(out->authority), 8, ":%u",
		    port & UINT16_MAX);
}

/* The LEN bytes between "//" and the path. */
static int
take_authority(const struct scheme *scheme, const char *at, size_t len,
    struct web_url *out, char *why, size_t size)
{
	const char *end = at + len, *colon, *bracket;
	char host[HOST_MAX + 1] = "";
	unsigned port;

	if (memchr(at, '@', len))
		return refuse(why, size,
		    "it has a user name, which the client does not send: "
		    "remove it, and give --header 'Authorization: Basic "
		    "BASE64', or --header @FILE to keep it out of `ps`");
	bracket = at[0] == '[' ? memchr(at, ']', len) : at;
	if (!bracket)
		return refuse(why, size, "its bracket is not closed");
	colon = memrchr(bracket, ':', (size_t)(end - bracket));
	if (at[0] == '[' && bracket + 1 != end && colon != bracket + 1)
		return refuse(
		    why, size, "after its bracket a : and a port may follow");
	len = (size_t)((colon ? colon : end) - at);
	if ((at[0] == '[' ? take_literal : take_name)(
		at, len, host, why, size) < 0 ||
	    take_port(colon ? colon + 1 : end,
		colon ? (size_t)(end - colon) - 1 : 0, scheme->port, &port, why,
		size) < 0)
		return -1;
	set_authority(out, host, port, port == scheme->port);
	snprintf(out->address, sizeof(out->address), "%s%s:%u",
	    scheme->tls ? "tls:" : "", host, port);
	return 0;
}

/* ---- all of it ---- */

int
web_url_parse(const char *text, struct web_url *out, char *why, size_t size)
{
	const struct scheme *scheme = scheme_of(text);
	const char *at = text + strlen(scheme->name);
	size_t len = strcspn(at, "/?#"), more = strcspn(at + len, "#");

	*out = (struct web_url){
	    .websocket = scheme->websocket, .has_path = more > 0};
	if (take_authority(scheme, at, len, out, why, size) < 0)
		return -1;
	if (asprintf(&out->path, "%s%.*s", at[len] == '/' ? "" : "/", (int)more,
		at + len) < 0) {
		out->path = NULL;
		return refuse(why, size, "%s", strerror(errno));
	}
	if (!web_url_refuses(out->path, why, size))
		return 0;
	web_url_release(out);
	return -1;
}

void
web_url_release(struct web_url *url)
{
	free(url->path);
	url->path = NULL;
}
