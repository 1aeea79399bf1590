/* SPDX-License-Identifier: MIT */
/* address_hint: how others write it, from its front to its end. */
#include "common/net/address_hint.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base/units.h"
#include "common/net/address.h"

/* What an address is written with elsewhere, and how here. */
static const struct scheme {
	const char *theirs, *ours, *options, *port;
} SCHEMES[] = {
    {"http:", "", " --protocol http", "80"},
    {"https:", "tls:", " --protocol http", "443"},
    {"ws:", "", " --protocol ws", "80"},
    {"wss:", "tls:", " --protocol ws", "443"},
    {"tcp:", "", "", ""},
    {"tcp4:", "", "", ""},
    {"tcp6:", "", "", ""},
    {"ssl:", "tls:", "", ""},
    {"udp:", "udp:", "", ""},
    {"tls:", "tls:", "", ""},
    {"file:", "unix:", "", ""},
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
	bool client = user == FOR_CLIENT, has_port, has_path;
	const char *host = text + strlen(s->theirs), *path;
	int len, n;

	host += strspn(host, "/");
	len = (int)strcspn(host, "/?#");
	path = host + len;
	has_port = memchr(host, ':', (size_t)len) && host[len - 1] != ']';
	has_path = path[0] == '/' && path[1];
	n = snprintf(why, size, "it is a URL: write %s%.*s%s%s",
	    client || strcmp(s->ours, "udp:") == 0 ? s->ours : "",
	    len < 100 ? len : 100, host, has_port ? "" : ":",
	    has_port   ? ""
	    : *s->port ? s->port
		       : "PORT");
	if (client && *s->options && n < (int)size)
		snprintf(why + n, size - (size_t)n, ", for load with%s%s%.80s",
		    s->options, has_path ? " --path " : "",
		    has_path ? path : "");
}

static bool
is_digits(const char *text)
{
	return *text && !text[strspn(text, "0123456789")];
}

/* HOST of LEN bytes, which a colon and PORT follow. */
static void
hint_port(const char *text, int len, const char *port, char *why, size_t size)
{
	uint64_t number;
	int digits = (int)strspn(port, "0123456789");

	if (!*port)
		snprintf(why, size,
		    "no port is behind its colon: write %.*s:7007", len, text);
	else if (parse_count(port, &number) == 0 && number > 65535)
		snprintf(why, size, "port %.20s: the highest is 65535", port);
	else if (digits && port[digits] == '/')
		snprintf(why, size,
		    "a path is behind its port: write %.*s:%.*s", len, text,
		    digits, port);
	else if (port[strspn(port, "0123456789")])
		snprintf(why, size, "its port %.40s is no number", port);
}

/* In brackets, or with more than one colon. */
static void
hint_ipv6(const char *text, char *why, size_t size)
{
	const char *end = strchr(text, ']'), *last = strrchr(text, ':');

	if (*text == '[' && !end)
		snprintf(
		    why, size, "its bracket is not closed: write [IPv6]:PORT");
	else if (*text == '[' && !end[1])
		snprintf(why, size, "it has no port: write %s:7007", text);
	else if (*text == '[')
		address_explain(text, why, size);
	else if (*text != '[' && is_digits(last + 1) && last[-1] != ':')
		snprintf(why, size,
		    "an IPv6 address stands in brackets: write [%.*s]%s",
		    (int)(last - text), text, last);
	else if (*text != '[')
		snprintf(why, size,
		    "an IPv6 address stands in brackets: write [%s]:7007",
		    text);
}

static void
hint_host(enum address_user user, const char *text, char *why, size_t size)
{
	const char *colon = strchr(text, ':');

	if (is_digits(text))
		snprintf(why, size,
		    user == FOR_CLIENT
			? "it is a port alone: write localhost:%s"
			: "it is a port alone: write :%s for all addresses, or "
			  "127.0.0.1:%s",
		    text, text);
	else if (!colon)
		snprintf(why, size, "it has no port: write %.200s:7007", text);
	else if (strncmp(text, "*:", 2) == 0)
		snprintf(why, size, "write %s%s",
		    user == FOR_CLIENT ? "localhost" : "", colon);
	else if (colon == text && user == FOR_CLIENT && is_digits(colon + 1))
		snprintf(why, size, "it has no host: write localhost%s", text);
	else
		hint_port(text, (int)(colon - text), colon + 1, why, size);
	if (!*why && user == FOR_SERVER && colon)
		snprintf(why, size,
		    "\"%.*s\" is no IPv4 address, and names are not "
		    "looked up here",
		    (int)(colon - text), text);
}

/* "unix:PATH" that is not taken. */
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

void
address_hint(enum address_user user, const char *text, char *why, size_t size)
{
	const struct scheme *scheme = scheme_of(text);
	const char *rest = text;

	why[0] = '\0';
	if (!*text) {
		snprintf(why, size, "it is empty");
		return;
	}
	if (text[strcspn(text, " \t\r\n")]) {
		snprintf(why, size, "it has a space in it");
		return;
	}
	if (scheme &&
	    (strstr(text, "://") || (strncmp(text, "udp:", 4) != 0 &&
					strncmp(text, "tls:", 4) != 0))) {
		hint_url(user, scheme, text, why, size);
		return;
	}
	if (strncmp(text, "tls:", 4) == 0 && user == FOR_SERVER) {
		snprintf(why, size, "write %s, with --tls-cert and --tls-key",
		    text + 4);
		return;
	}
	if (scheme)
		rest += strlen(scheme->theirs);
	if (rest != text && strncmp(rest, "unix:", 5) == 0)
		snprintf(why, size, "%.3s and unix: do not go together", text);
	else if (strncmp(rest, "unix:", 5) == 0)
		hint_unix(rest + 5, why, size);
	else if (*rest == '/' || strncmp(rest, "./", 2) == 0)
		snprintf(why, size, "a path is written unix:%.100s", rest);
	else if (strchr(rest, '@'))
		snprintf(why, size, "no user goes before a host: write %.200s",
		    strchr(rest, '@') + 1);
	else if (*rest == '[' || strchr(rest, ':') != strrchr(rest, ':'))
		hint_ipv6(rest, why, size);
	else
		hint_host(user, rest, why, size);
}
