/* SPDX-License-Identifier: MIT */
/*
 * http: parses HTTP/1.1 requests (RFC 9110, RFC 9112). No I/O, no allocation,
 * no state but the caller's; nothing is read beyond the bytes given.
 *
 * Strict, because what one parser forgives and another does not is how requests
 * are smuggled: bare CR or LF, obs-fold, white space before a colon, control
 * bytes, a doubtful Content-Length or Transfer-Encoding are refused (RFC 9112
 * sections 2.2, 5.1, 5.2, 6.3).
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

/* Limits: beyond them 414 (the line) or 431 (the rest of the head). */
#define HTTP_LINE_MAX 8192
#define HTTP_HEAD_MAX 32768
/* Beyond this 413, whether it was announced or came in chunks. */
#define HTTP_BODY_MAX (1024 * 1024 * 1024ULL)
/* Of a chunk: beyond them 400. Of all trailers together: beyond it 431. */
#define HTTP_CHUNK_DIGITS_MAX 16
#define HTTP_CHUNK_EXTENSION_MAX 256
#define HTTP_TRAILERS_MAX 8192

/*
 * Parses a head. Returns how many bytes it has; 0 if LEN is not all of it; or
 * less than 0: the status that says what is wrong with it (-400, -413, -414,
 * -417, -431, -501, -505), told with the line that shows it, or with the byte
 * if that may stand nowhere. After 0 call it with the same bytes and more,
 * wherever they are then: the first request->checked of them are not looked at
 * again before a line ends.
 */
int
http_parse(const char *buf, size_t len, struct http_request *request);

/* Whether a request that begins with LEN bytes at BUF is a HEAD, or may become
 * one, however much else may be wrong with it: no answer to that has a content
 * (RFC 9110 9.3.2). */
bool
http_begins_head(const char *buf, size_t len);

/* The value of the first field NAME (lower case), or NULL. */
const struct http_slice *
http_field(const struct http_request *request, const char *name);

/*
 * What comes of a request that would be answered with 200 from a page that has
 * neither an entity tag nor a date of modification (RFC 9110 13.2.2): 200, 304
 * or 412. Only "*" is true of such a page; what asks for a date is ignored.
 */
int
http_precondition(const struct http_request *request);

/*
 * Whether REQUEST comes from no page, or one of the same origin (RFC 6454): the
 * Origin that a browser puts into it has the SCHEME that REQUEST came by, and
 * its host and port. SCHEME NULL: http or https, for nobody knows.
 */
bool
http_same_origin(const struct http_request *request, const char *scheme);

/*
 * Whether REQUEST names a host that is this machine for everybody: localhost, a
 * name below it, a literal of the loopback. Any other name may be one that its
 * owner lets point here, to make a browser take us for him (DNS rebinding).
 */
bool
http_host_is_local(const struct http_request *request);

/* What is left of a body; start it from a request. Zeroed, there is none. */
struct http_body {
	uint64_t left;	/* of the length, or of this chunk */
	uint64_t total; /* of all chunks so far */
	int state;	/* http_body.c's */
	unsigned line;	/* digits or extension bytes so far, or trailer bytes */
};

void
http_body_begin(struct http_body *body, const struct http_request *request);

/*
 * Passes over LEN bytes at BUF, which are thrown away. Returns how many belong
 * to the body, and sets *DONE when it is complete; -400, -413 or -431 when it
 * is malformed or too long.
 */
long
http_body_skip(struct http_body *body, const char *buf, size_t len, bool *done);

/*
 * Whether REQUEST is a WebSocket handshake that can be accepted (RFC 6455
 * 4.2.1): 101, and *KEY is the client's; 0 if it is no upgrade to WebSocket at
 * all; else the status that refuses it (400, 426).
 */
int
http_websocket(const struct http_request *request, struct http_slice *key);

#endif
