/* SPDX-License-Identifier: MIT */
/* http_target: origin-form, absolute-form, "*" (RFC 9112 3.2). */
#include "common/net/http_target.h"

#include <arpa/inet.h>
#include <string.h>

#include "common/base/hot.h"

/* Cuts off what TEXT begins with of CLASS, and of '%' and its two digits.
 * Returns how many bytes. */
HOT static size_t
cut_encoded(struct http_slice *text, int class)
{
	size_t before = text->len;

	for (;;) {
		http_cut(text, http_span(*text, class));
		if (text->len < 3 || text->at[0] != '%' ||
		    !http_is_class(text->at[1], HTTP_HEX) ||
		    !http_is_class(text->at[2], HTTP_HEX))
			return before - text->len;
		http_cut(text, 3);
	}
}

/* ---- a host and its port (RFC 3986 3.2.2, 3.2.3) ---- */

static bool
is_ipv6(struct http_slice text)
{
	char literal[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (text.len >= sizeof(literal))
		return false;
	memcpy(literal, text.at, text.len);
	literal[text.len] = '\0';
	return inet_pton(AF_INET6, literal, &address) == 1;
}

static bool
is_port(struct http_slice text)
{
	unsigned port = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] < '0' || text.at[i] > '9' || port > 65535)
			return false;
		port = port * 10 + (unsigned)(text.at[i] - '0');
	}
	return port <= 65535;
}

HOT bool
http_is_authority(struct http_slice text)
{
	if (text.len > 0 && text.at[0] == '[') {
		http_cut(&text, 1);
		if (!memchr(text.at, ']', text.len) ||
		    !is_ipv6(http_cut_at(&text, ']')))
			return false;
	} else if (cut_encoded(&text, HTTP_HOST) == 0) {
		return false;
	}
	return text.len == 0 ||
	       (http_cut(&text, 1).at[0] == ':' && is_port(text));
}

/* ---- the target ---- */

/* "http://host/path": takes it apart. False if it is none. */
static bool
cut_authority(struct http_request *request, struct http_slice *rest)
{
	struct http_slice scheme = http_cut_at(rest, ':');
	size_t len = 0;

	if ((!http_is(scheme, "http") && !http_is(scheme, "https")) ||
	    rest->len < 2 || memcmp(rest->at, "//", 2) != 0)
		return false;
	http_cut(rest, 2);
	while (len < rest->len && rest->at[len] != '/' && rest->at[len] != '?')
		len++;
	request->https = http_is(scheme, "https");
	request->authority = http_cut(rest, len);
	return http_is_authority(request->authority);
}

HOT int
http_find_path(struct http_request *request)
{
	static const struct http_slice root = {"/", 1};
	struct http_slice rest = request->target, unchecked;

	if (rest.len == 0)
		return -400;
	if (rest.len == 1 && rest.at[0] == '*') {
		request->path = rest;
		return http_is(request->method, "OPTIONS") ? 0 : -400;
	}
	if (rest.at[0] != '/' && !cut_authority(request, &rest))
		return -400;
	unchecked = rest;
	cut_encoded(&unchecked, HTTP_TARGET);
	if (unchecked.len > 0)
		return -400;
	request->path = http_cut_at(&rest, '?');
	if (request->path.len == 0)
		request->path = root;
	return 0;
}

/* ---- the path ---- */

static bool
is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	       c == '~';
}

/* After a '%', which two digits follow: what they stand for, if that need not
 * be escaped; else '%', for what is reserved means something else then. */
static char
cut_escape(struct http_slice *text)
{
	char c = (char)(http_hex(text->at[0]) << 4 | http_hex(text->at[1]));

	if (!is_unreserved(c))
		return '%';
	http_cut(text, 2);
	return c;
}

HOT bool
http_path_is(const struct http_request *request, const char *path)
{
	struct http_slice rest = request->path;

	while (rest.len > 0) {
		char c = http_cut(&rest, 1).at[0];

		if (c == '%')
			c = cut_escape(&rest);
		if (*path == '\0' || c != *path++)
			return false;
	}
	return *path == '\0';
}
