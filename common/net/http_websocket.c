/* SPDX-License-Identifier: MIT */
/*
 * http_websocket: whether a request asks for a WebSocket and may have one (RFC
 * 6455 4.2.1), and whether a page of our own sent it. What is said after it is
 * websocket.h's.
 */
#include "common/net/http.h"

#include <string.h>

#include "common/net/http_text.h"

/* How many fields NAME there are, and whether one of them lists WORD. */
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

/* 16 bytes in base64: 22 characters, the last of which has 4 bits of no use,
 * and two that fill up. */
static bool
is_websocket_key(struct http_text key)
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
http_websocket(const struct http_request *request, struct http_text *key)
{
	static const char key_name[] = "sec-websocket-key";
	static const char version_name[] = "sec-websocket-version";
	const struct http_text *version = http_field(request, version_name);
	const struct http_text *sent = http_field(request, key_name);

	/* Without the connection option the field is not for us (RFC 9110
	 * 7.8), and HTTP/1.0 has no upgrades. */
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

bool
http_same_origin(const struct http_request *request)
{
	const struct http_text *origin = http_field(request, "origin");
	const struct http_text *host = http_field(request, "host");
	struct http_text rest, scheme;

	if (!origin)
		return true;
	rest = *origin;
	scheme = http_cut_at(&rest, ':');
	if ((!http_is(scheme, "http") && !http_is(scheme, "https")) || !host ||
	    rest.len != host->len + 2 || memcmp(rest.at, "//", 2) != 0)
		return false;
	http_cut(&rest, 2);
	for (size_t i = 0; i < rest.len; i++) {
		if (http_lower(rest.at[i]) != http_lower(host->at[i]))
			return false;
	}
	return true;
}
