/* SPDX-License-Identifier: MIT */
/* address_hint: forms of other programs, from front to end. */
#include "common/net/address_hint.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base/hint.h"
#include "common/base/units.h"
#include "common/net/address.h"

/* Forms of addresses in other programs, and our own. */
static const struct scheme {
	const char *theirs, *ours, *port;
	bool web; /* load takes such a URL */
} SCHEMES[] = {
    {"http:", "", "80", true},
    {"https:", "tls:", "443", true},
    {"ws:", "", "80", true},
    {"wss:", "tls:", "443", true},
    {"tcp:", "", "7007", false},
    {"tcp4:", "", "7007", false},
    {"tcp6:", "", "7007", false},
    {"ssl:", "tls:", "7007", false},
    {"udp:", "udp:", "7007", false},
    {"tls:", "tls:", "7007", false},
    {"file:", "unix:", "", false},
    {"unix:", "unix:", "", false},
};

static const struct scheme *
scheme_of(const char *text)
{
	for (size_t i = 0; i < sizeof(SCHEMES) / sizeof(SCHEMES[0]); i++) {
		const char *theirs = SCHEMES[i].theirs;

		if (strncasecmp(text, theirs, strlen(theirs)) == 0)
			return &SCHEMES[i];
	}
	return NULL;
}

/* "SCHEME://HOST:PORT/PATH", or without the slashes. */
static void
hint_url(enum address_user user, const struct scheme *s, const char *text,
    char *why, size_t size)
{
	bool client = user == ADDRESS_FOR_CLIENT, is_url = strstr(text, "://");
	const char *what = !is_url	      ? ""
			   : client && s->web ? "only load takes a URL: "
					      : "it is a URL: ";
	const char *host = text + strlen(s->theirs), *end, *at;
	bool has_port;
	int len, n;

	host += strspn(host, "/");
	end = host + strcspn(host, "/?#");
	at = memchr(host, '@', (size_t)(end - host));
	host = at ? at + 1 : host;
	len = (int)(end - host);
	if (strcmp(s->ours, "unix:") == 0) {
		snprintf(why, size, "%swrite unix:/%.100s", what, host);
		return;
	}
	if (!len) {
		snprintf(why, size, "it has no host");
		return;
	}
	has_port = memchr(host, ':', (size_t)len) && host[len - 1] != ']';
	n = snprintf(why, size, "%swrite %s%.*s%s%s", what,
	    client || strcmp(s->ours, "udp:") == 0 ? s->ours : "",
	    len < 100 ? len : 100, host, has_port ? "" : ":",
	    has_port ? "" : s->port);
	if (client && s->web && !is_url && n < (int)size)
		snprintf(why + n, size - (size_t)n, ", or for load %s//%.120s",
		    s->theirs, host);
}

static bool
is_digits(const char *text)
{
	return *text && !text[strspn(text, "0123456789")];
}

/* TEXT has LEN bytes; a colon and PORT follow it, SCHEME precedes it. */
static void
hint_port(enum address_user user, const char *scheme, const char *text, int len,
    const char *port, char *why, size_t size)
{
	bool web = user == ADDRESS_FOR_CLIENT && strcmp(scheme, "udp:") != 0;
	uint64_t number;
	int digits = (int)strspn(port, "0123456789");

	if (!*port)
		snprintf(why, size,
		    "the port after the colon is missing: write %s%.*s:7007",
		    scheme, len, text);
	else if (parse_count(port, &number) == 0 && number > 65535)
		snprintf(why, size, "port %.20s: the highest is 65535", port);
	else if (digits && port[digits] == '/')
		snprintf(why, size,
		    "remove the path after the port: write "
		    "%s%.*s:%.*s%s%.150s",
		    scheme, len, text, digits, port,
		    !web	? ""
		    : scheme[0] ? ", or for load https://"
				: ", or for load http://",
		    web ? text : "");
	else if (port[strspn(port, "0123456789")])
		snprintf(why, size, "its port %.40s is not a number", port);
}

static bool
is_address(const char *text)
{
	struct address address;

	return address_parse(text, &address) == 0;
}

/* An address in brackets, or with more than one colon. */
static void
hint_ipv6(const char *scheme, const char *text, char *why, size_t size)
{
	const char *end = strchr(text, ']'), *last = strrchr(text, ':');
	char instead[128];

	if (*text == '[' && !end)
		snprintf(
		    why, size, "its bracket is not closed, as in [::1]:7007");
	else if (*text == '[' && !end[1])
		snprintf(
		    why, size, "it has no port: write %s%s:7007", scheme, text);
	else if (*text == '[')
		address_explain(text, why, size);
	if (*text == '[')
		return;
	if (strncasecmp(text, "fe80:", 5) == 0 && !strchr(text, '%')) {
		snprintf(why, size,
		    "a link-local address needs its interface, as in "
		    "[fe80::1%%eth0]:7007");
		return;
	}
	snprintf(instead, sizeof(instead), "[%.*s]%s", (int)(last - text), text,
	    last);
	if (!is_address(instead))
		snprintf(instead, sizeof(instead), "[%s]:7007", text);
	if (is_address(instead) || strchr(text, '%'))
		snprintf(why, size,
		    "an IPv6 address needs brackets: write %s%s", scheme,
		    instead);
	else
		snprintf(why, size, "it has more than one colon");
}

/* Whether TEXT can be a host for USER. */
static bool
is_host(enum address_user user, const char *text)
{
	char whole[128];

	snprintf(whole, sizeof(whole), "%s:7007", text);
	if (user == ADDRESS_FOR_SERVER)
		return is_address(whole) || strcmp(text, "localhost") == 0;
	return *text && *text != '-' &&
	       !text[strspn(text, "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_")];
}

static void
hint_host(enum address_user user, const char *scheme, const char *text,
    char *why, size_t size)
{
	const char *colon = strchr(text, ':');

	if (!*text)
		snprintf(why, size, "HOST:PORT is missing after %s", scheme);
	else if (is_digits(text) && user == ADDRESS_FOR_CLIENT)
		snprintf(why, size, "it is only a port: write %slocalhost:%s",
		    scheme, text);
	else if (is_digits(text))
		snprintf(why, size,
		    "it is only a port: write %s:%s for all addresses, or "
		    "%s127.0.0.1:%s",
		    scheme, text, scheme, text);
	else if (!colon && is_host(user, text))
		snprintf(why, size, "it has no port: write %s%.200s:7007",
		    scheme, text);
	else if (!colon)
		snprintf(why, size, "it has no port");
	else if (strncmp(text, "*:", 2) == 0)
		snprintf(why, size, "write %s%s%s", scheme,
		    user == ADDRESS_FOR_CLIENT ? "localhost" : "", colon);
	else if (colon == text && user == ADDRESS_FOR_CLIENT &&
		 is_digits(colon + 1))
		snprintf(why, size, "it has no host: write %slocalhost%s",
		    scheme, text);
	else
		hint_port(user, scheme, text, (int)(colon - text), colon + 1,
		    why, size);
	if (!*why && user == ADDRESS_FOR_SERVER && colon)
		snprintf(why, size,
		    "\"%.*s\" is not an IPv4 address, and host "
		    "names are not accepted",
		    (int)(colon - text), text);
}

/* A "unix:PATH" that was not accepted. */
static void
hint_unix(const char *path, char *why, size_t size)
{
	if (!*path)
		snprintf(why, size, "it has no path: write unix:/PATH");
	else if (*path == '@')
		snprintf(why, size,
		    "abstract names are not supported: for a file write "
		    "unix:./%.100s",
		    path);
	else
		snprintf(why, size,
		    "its path has %zu bytes; a socket's has 107 at most",
		    strlen(path));
}

static void
explain(enum address_user user, const char *text, char *why, size_t size)
{
	const struct scheme *scheme = scheme_of(text);
	const char *rest = text, *before = "";

	why[0] = '\0';
	if (!*text) {
		snprintf(why, size, "it is empty");
		return;
	}
	if (text[strcspn(text, " \t\r\n")]) {
		snprintf(why, size, "it has a space in it");
		return;
	}
	if (strcasecmp(text, "unix") == 0) {
		snprintf(why, size, "write unix:/PATH");
		return;
	}
	if (strcasecmp(text, "udp") == 0 || strcasecmp(text, "tls") == 0) {
		snprintf(why, size, "HOST:PORT is missing after %s:", text);
		return;
	}
	if (user == ADDRESS_FOR_SERVER && strchr(text, ',')) {
		snprintf(why, size, "give each address its own --listen");
		return;
	}
	if (scheme &&
	    (strstr(text, "://") || (strncmp(text, "udp:", 4) != 0 &&
					strncmp(text, "tls:", 4) != 0 &&
					strncmp(text, "unix:", 5) != 0))) {
		hint_url(user, scheme, text, why, size);
		return;
	}
	if (!scheme && *text != '/' && strstr(text, "://")) {
		snprintf(why, size, "its scheme is not known");
		return;
	}
	if (strncmp(text, "tls:", 4) == 0 && user == ADDRESS_FOR_SERVER) {
		snprintf(why, size, "write %s, with --tls-cert and --tls-key",
		    text + 4);
		return;
	}
	if (scheme && strncmp(text, "unix:", 5) != 0)
		rest += strlen(scheme->theirs);
	if (rest != text)
		before = scheme->ours;
	if (rest != text && strncmp(rest, "unix:", 5) == 0)
		snprintf(why, size, "%.3s: and unix: cannot be combined", text);
	else if (strncmp(rest, "unix:", 5) == 0)
		hint_unix(rest + 5, why, size);
	else if (*rest == '/' || strncmp(rest, "./", 2) == 0)
		snprintf(why, size,
		    "a path needs unix: before it: write unix:%.100s", rest);
	else if (strchr(rest, '@'))
		snprintf(why, size, "remove the user name: write %s%.200s",
		    before, strchr(rest, '@') + 1);
	else if (*rest == '[' || strchr(rest, ':') != strrchr(rest, ':'))
		hint_ipv6(before, rest, why, size);
	else
		hint_host(user, before, rest, why, size);
}

/* Whether TEXT is an address for USER. */
static bool
is_taken(enum address_user user, const char *text)
{
	char host[HINT_MAX];
	uint16_t port;

	if (strncmp(text, "udp:", 4) == 0 ||
	    (user == ADDRESS_FOR_CLIENT && strncmp(text, "tls:", 4) == 0))
		text += 4;
	if (is_address(text))
		return true;
	return address_split(text, host, sizeof(host), &port) == 0 &&
	       (user == ADDRESS_FOR_CLIENT
		       ? host[0]
		       : !host[0] || strcmp(host, "localhost") == 0);
}

/* A suggestion that would not be accepted either is left out. */
void
address_hint(enum address_user user, const char *text, char *why, size_t size)
{
	char *instead, word[HINT_MAX];
	size_t len;

	explain(user, text, why, size);
	if (!(instead = hint_instead(why, &len)))
		return;
	snprintf(word, sizeof(word), "%.*s", (int)len, instead);
	if (!is_taken(user, word))
		snprintf(why, size, "it is not an address%s",
		    user == ADDRESS_FOR_SERVER
			? ", and host names are not accepted"
			: "");
}
