/* SPDX-License-Identifier: MIT */
/*
 * http_response: parses an HTTP/1.1 response as it comes (RFC 9112). No I/O, no
 * allocation, no state but the caller's.
 *
 * It reads as liberally as RFC 9110 and 9112 tell a client to, because the load
 * measures how a server serves, not how it writes: lines may end in LF alone,
 * fields may be folded and have blanks before the colon, the reason may be
 * missing, equal lengths may come twice. A response is wrong if it leaves in
 * doubt where the body ends. Interim responses (1xx) are skipped, except 101:
 * what follows a 101 is not HTTP.
 *
 *	http_response_begin(&reply);
 *	while (len && !http_response_over(&reply)) {
 *		n = http_response_feed(&reply, buf, len, &body);
 *		...body.len bytes at body.at are of the body
 *		buf += n, len -= n;
 *	}
 *	...reply.state is HTTP_DONE or HTTP_BAD, or more is needed
 */
#ifndef COMMON_LOAD_HTTP_RESPONSE_H
#define COMMON_LOAD_HTTP_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A head may be so long; of each of its lines only the begin is looked at, in
 * which blanks in a row are one. */
#define HTTP_RESPONSE_HEAD_MAX (300 * 1024)
#define HTTP_RESPONSE_LINE_MAX 512

struct http_response {
	enum {
		HTTP_HEAD,
		HTTP_BODY,	 /* of LEFT bytes more */
		HTTP_CHUNK_SIZE, /* a line with it */
		HTTP_CHUNK,	 /* of LEFT bytes more */
		HTTP_CHUNK_END,	 /* the empty line behind it */
		HTTP_TRAILER,
		HTTP_TO_END, /* the body lasts to the end of file */
		HTTP_DONE,
		HTTP_BAD, /* WHY says why */
	} state;
	int status; /* 0: no status line yet */
	bool keep_alive;
	const char *why;
	/* of the head so far */
	bool close, keep;	/* said by Connection */
	bool coded, chunked;	/* a transfer coding; and that is the last */
	bool has_length;	/* it is LEFT ... */
	const char *bad_length; /* ... unless this says why not */
	uint64_t left;
	size_t head_len;
	bool upgrade;	 /* Upgrade: websocket */
	char accept[64]; /* Sec-WebSocket-Accept */
	/* the line under way */
	bool begun, after_cr;
	bool skipped;	 /* it is thrown away */
	bool pending;	 /* it was a field, which the next may go on with */
	size_t line_len; /* may be more than LINE has */
	char line[HTTP_RESPONSE_LINE_MAX];
};

struct http_piece {
	const char *at;
	size_t len;
};

void
http_response_begin(struct http_response *reply);

/*
 * Takes some of LEN bytes (one at least) and returns how many. Those of them
 * that are the body's are *BODY.
 */
size_t
http_response_feed(struct http_response *reply, const char *buf, size_t len,
    struct http_piece *body);

/* Whether nothing more is taken. */
bool
http_response_over(const struct http_response *reply);

/* The end of the file came. Whether the response is complete by that. */
bool
http_response_end(struct http_response *reply);

#endif
