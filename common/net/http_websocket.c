/* SPDX-License-Identifier: MIT */
/*
 * http_websocket: whether a request is a WebSocket handshake (RFC 6455 4.2.1),
 * and whether a page of this server sent it. websocket.h does the rest.
 */
#include "common/net/http.h"

#include <stdio.h>
#include <string.h>

#include "common/net/address.h"

/* How many fields have NAME, and whether one of them lists WORD. */
static size_t
count_fields(const struct http_request *request, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < request->field_count; i++)
		count += http_is(request->fields[i].name, name);
	return count;
}

static bool
any_lists(
    const struct http_request *request, const char *name, const char *word)
{
	for (size_t i = 0; i < request->field_count; i++) {
		if (http_is(request->fields[i].name, name) &&
		    http_lists(request->fields[i].value, word))
			return true;
	}
	return false;
}

/* 16 bytes in base64: 22 characters, 4 bits of the last one unused, and two for
 * padding. */
static bool
is_websocket_key(struct http_slice key)
{
	if (key.len != 24 || memcmp(key.at + 22, "==", 2) != 0 ||
	    !memchr("AQgw", key.at[21], 4))
		return false;
	for (size_t i = 0; i < 22; i++) {
		char c = key.at[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') && c != '+' && c != '/')
			return false;
	}
	return true;
}

int
http_websocket(const struct http_request *request, struct http_slice *key)
{
	static const char key_name[] = "sec-websocket-key";
	static const char version_name[] = "sec-websocket-version";
	const struct http_slice *version = http_field(request, version_name);
	const struct http_slice *sent = http_field(request, key_name);

	/* Without the connection option, the field is for another hop (RFC 9110
	 * 7.8). HTTP/1.0 has no upgrades. */
	if (request->minor == 0 ||
	    !any_lists(request, "connection", "upgrade") ||
	    !any_lists(request, "upgrade", "websocket"))
		return 0;
	if (!http_is(request->method, "GET") || request->length > 0 ||
	    request->chunked)
		return 400;
	if (!version || !http_is(*version, "13") ||
	    count_fields(request, version_name) > 1)
		return 426;
	if (!sent || !is_websocket_key(*sent) ||
	    count_fields(request, key_name) > 1)
		return 400;
	*key = *sent;
	return 101;
}

/* ---- the page that sent it ---- */

/* The host of an authority, without the default port of SCHEME. */
static struct http_slice
without_port(struct http_slice text, const char *port)
{
	size_t n = strlen(port);

	if (text.len > 0 && text.at[text.len - 1] == ':')
		text.len--;
	else if (text.len > n && text.at[text.len - n - 1] == ':' &&
		 memcmp(text.at + text.len - n, port, n) == 0)
		text.len -= n + 1;
	return text;
}

static bool
same_host(struct http_slice a, struct http_slice b)
{
	size_t i = 0;

	while (i < a.len && i < b.len &&
	       http_lower(a.at[i]) == http_lower(b.at[i]))
		i++;
	return i == a.len && i == b.len;
}

bool
http_same_origin(const struct http_request *request, const char *scheme)
{
	const struct http_slice *origin = http_field(request, "origin");
	struct http_slice rest, theirs;
	const char *port;

	if (!origin)
		return true;
	rest = *origin;
	theirs = http_cut_at(&rest, ':');
	port = http_is(theirs, "https") ? "443" : "80";
	if (count_fields(request, "origin") > 1 ||
	    (!http_is(theirs, scheme ? scheme : "http") &&
		(scheme || !http_is(theirs, "https"))) ||
	    rest.len < 3 || memcmp(rest.at, "//", 2) != 0)
		return false;
	http_cut(&rest, 2);
	return same_host(
	    without_port(rest, port), without_port(request->authority, port));
}

/* "localhost" and names below it (RFC 6761 6.3). */
static bool
is_localhost(struct http_slice name)
{
	static const char word[] = "localhost";
	const size_t len = strlen(word);

	if (name.len > 0 && name.at[name.len - 1] == '.')
		name.len--;
	if (name.len > len + 1 && name.at[name.len - len - 1] == '.')
		http_cut(&name, name.len - len);
	return http_is(name, word);
}

bool
http_host_is_local(const struct http_request *request)
{
	struct http_slice rest = request->authority, host;
	char literal[ADDRESS_TEXT_MAX];
	struct address address;

	if (rest.len == 0)
		return true; /* no browser sends that */
	host = rest.at[0] == '[' ? http_cut_at(&rest, ']')
				 : http_cut_at(&rest, ':');
	if (is_localhost(host))
		return true;
	snprintf(literal, sizeof(literal), "%.*s%s:0", (int)host.len, host.at,
	    host.at[0] == '[' ? "]" : "");
	return address_parse(literal, &address) == 0 &&
	       address_is_loopback(&address);
}
