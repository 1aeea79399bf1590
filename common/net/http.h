/* SPDX-License-Identifier: MIT */
/*
 * http: parses HTTP/1.1 requests (RFC 9110, RFC 9112). No I/O, no allocation,
 * no state except the caller's; it reads nothing beyond the bytes given.
 *
 * It is strict, because requests are smuggled through parsers that disagree. It
 * refuses bare CR or LF, obs-fold, white space before a colon, control bytes,
 * and a doubtful Content-Length or Transfer-Encoding (RFC 9112 sections 2.2,
 * 5.1, 5.2, 6.3).
 *
 *	request.checked = 0;
 *	n = http_parse(buf, len, &request);
 *	if (n == 0) ...read more; else if (n < 0) ...answer status -n, close;
 *	else ...the body, if any, begins at buf + n
 *
 *	http.c            heads
 *	http_body.c       where a body ends
 *	http_condition.c  preconditions
 *	http_websocket.c  WebSocket handshakes, and the origin of a request
 */
#ifndef COMMON_NET_HTTP_H
#define COMMON_NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/net/http_request.h"

/* Limits. A longer line gets 414, a larger head 431. */
#define HTTP_LINE_MAX 8192
#define HTTP_HEAD_MAX 32768
/* A longer body gets 413, also one in chunks. */
#define HTTP_BODY_MAX (1024 * 1024 * 1024ULL)
/* Limits of a chunk, beyond which it gets 400; and of all trailers together,
 * beyond which they get 431. */
#define HTTP_CHUNK_DIGITS_MAX 16
#define HTTP_CHUNK_EXTENSION_MAX 256
#define HTTP_TRAILERS_MAX 8192

/*
 * Parses a head. Returns how many bytes it has; 0 if LEN bytes are not all of
 * it; or the negative status of an error (-400, -413, -414, -417, -431, -501,
 * -505), as soon as the line that contains it is complete, or at once for a
 * byte that is never allowed.
 *
 * After 0, call it again with the same bytes and more, at any address. It does
 * not look at the first request->checked bytes again before a line ends.
 */
int
http_parse(const char *buf, size_t len, struct http_request *request);

/* Whether a request that begins with the LEN bytes at BUF is a HEAD, or may
 * become one, also if it is otherwise wrong. The answer to a HEAD has no
 * content (RFC 9110 9.3.2). */
bool
http_begins_head(const char *buf, size_t len);

/* Returns the value of the first field NAME (in lower case), or NULL. */
const struct http_slice *
http_field(const struct http_request *request, const char *name);

/*
 * The status of a request that would get 200 from a page without entity tag and
 * modification date (RFC 9110 13.2.2): 200, 304 or 412. Only "*" matches such a
 * page; conditions on dates are ignored.
 */
int
http_precondition(const struct http_request *request);

/*
 * Whether REQUEST comes from no web page, or from one of the same origin (RFC
 * 6454): the Origin that a browser sends has SCHEME, the scheme of the request
 * (NULL: unknown, http or https), and the request's host and port.
 */
bool
http_same_origin(const struct http_request *request, const char *scheme);

/*
 * Whether REQUEST names a host that is always this machine: localhost, a name
 * below it, or a loopback address. The owner of another name may let it point
 * here, so that a browser takes this server for his (DNS rebinding).
 */
bool
http_host_is_local(const struct http_request *request);

/* The state of a body. Zeroed: no body. */
struct http_body {
	uint64_t left;	/* bytes left, of the length or of this chunk */
	uint64_t total; /* bytes of all chunks so far */
	int state;	/* a state of http_body.c */
	unsigned line;	/* digits or extension bytes so far, or trailer bytes */
};

void
http_body_begin(struct http_body *body, const struct http_request *request);

/*
 * Skips the body in the LEN bytes at BUF. Returns how many bytes belong to it,
 * and sets *DONE if it is complete; or -400, -413 or -431 if it is malformed or
 * too long.
 */
long
http_body_skip(struct http_body *body, const char *buf, size_t len, bool *done);

/*
 * Checks for a WebSocket handshake (RFC 6455 4.2.1). Returns 101 if it can be
 * accepted, with the client's *KEY; 0 if REQUEST is no upgrade to WebSocket;
 * else the status that refuses it (400, 426).
 */
int
http_websocket(const struct http_request *request, struct http_slice *key);

#endif
