/* SPDX-License-Identifier: MIT */
/*
 * http_response: a parser for HTTP/1.1 responses in pieces (RFC 9112). No I/O,
 * no allocation, no state except the caller's.
 *
 * It is as tolerant as RFC 9110 and 9112 allow, because a load measures speed,
 * not form: lines may end in LF alone, fields may be folded and have blanks
 * before the colon, the reason may be missing, equal lengths may come twice. A
 * response is wrong if the end of its body is ambiguous. Interim responses
 * (1xx) are skipped, except 101: after that it is not HTTP.
 *
 *	http_response_begin(&reply, false);
 *	while (len && !http_response_over(&reply)) {
 *		n = http_response_feed(&reply, buf, len, &body);
 *		...body.len bytes at body.at belong to the body
 *		buf += n, len -= n;
 *	}
 *	...reply.state is HTTP_DONE or HTTP_BAD, or more is needed
 */
#ifndef COMMON_LOAD_HTTP_RESPONSE_H
#define COMMON_LOAD_HTTP_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The limit of a head, and the part of a line that is parsed. Several blanks
 * count as one in a line. */
#define HTTP_RESPONSE_HEAD_MAX (300 * 1024)
#define HTTP_RESPONSE_LINE_MAX 512

struct http_response {
	enum {
		HTTP_HEAD,
		HTTP_BODY,	 /* LEFT bytes to come */
		HTTP_CHUNK_SIZE, /* the line before a chunk */
		HTTP_CHUNK,	 /* LEFT bytes to come */
		HTTP_CHUNK_END,	 /* the end of line after a chunk */
		HTTP_TRAILER,
		HTTP_TO_END, /* the body ends at the end of file */
		HTTP_DONE,
		HTTP_BAD, /* WHY has the reason */
	} state;
	int status; /* 0: no status line yet */
	bool keep_alive;
	bool no_body; /* whatever the head says */
	const char *why;
	/* the head so far */
	bool close, keep;	/* Connection: close, keep-alive */
	bool coded, chunked;	/* has a transfer coding; chunked is the last */
	bool has_length;	/* LEFT, unless bad_length has a reason */
	const char *bad_length; /* "", or why Content-Length is invalid */
	uint64_t left;
	size_t head_len;
	bool upgrade; /* Upgrade: websocket */
	/* Sec-WebSocket-Accept of a 101, Location of a 3xx, as far as it fits;
	 * "" if there is none. */
	char named[128];
	/* the current line */
	bool begun, after_cr;
	bool skipped;	 /* it is ignored */
	bool pending;	 /* it is a field that the next line may continue */
	size_t line_len; /* may be larger than the size of LINE */
	char line[HTTP_RESPONSE_LINE_MAX];
};

struct http_piece {
	const char *at;
	size_t len;
};

/* NO_BODY: the request was HEAD, so a length in the head is that of a body that
 * does not come. */
void
http_response_begin(struct http_response *reply, bool no_body);

/*
 * Parses some of the LEN bytes at BUF (1 or more) and returns how many. *BODY
 * is the part of them that belongs to the body; it points into BUF.
 */
size_t
http_response_feed(struct http_response *reply, const char *buf, size_t len,
    struct http_piece *body);

/* Whether the response is complete or bad. */
bool
http_response_over(const struct http_response *reply);

/* At end of file. Returns whether that completes the response. */
bool
http_response_end(struct http_response *reply);

#endif
