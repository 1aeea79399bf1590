/* SPDX-License-Identifier: MIT */
/*
 * http_reply: parses an HTTP/1.1 response as it comes (RFC 9112). No I/O, no
 * allocation, no state but the caller's.
 *
 * What is doubtful is wrong: a bare LF, a field without a name, two lengths
 * that differ. Interim responses (1xx) are passed over, but for 101, after
 * which what follows is no HTTP.
 *
 *	http_reply_begin(&reply);
 *	while (len && !http_reply_over(&reply)) {
 *		n = http_reply_feed(&reply, buf, len, &body);
 *		...body.len bytes at body.at are of the body
 *		buf += n, len -= n;
 *	}
 *	...reply.state is HTTP_DONE or HTTP_BAD, or more is needed
 */
#ifndef COMMON_LOAD_HTTP_REPLY_H
#define COMMON_LOAD_HTTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A head may be so long; of each of its lines only the begin is looked at. */
#define HTTP_REPLY_HEAD_MAX (64 * 1024)
#define HTTP_REPLY_LINE_MAX 160

struct http_reply {
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
	bool chunked, has_length;
	uint64_t left;
	size_t head_len;
	bool upgrade;	 /* Upgrade: websocket */
	char accept[64]; /* Sec-WebSocket-Accept */
	/* the line under way */
	bool after_cr;
	size_t line_len; /* may be more than LINE has */
	char line[HTTP_REPLY_LINE_MAX];
};

struct http_piece {
	const char *at;
	size_t len;
};

void
http_reply_begin(struct http_reply *reply);

/*
 * Takes some of LEN bytes (one at least) and returns how many. Those of them
 * that are the body's are *BODY.
 */
size_t
http_reply_feed(struct http_reply *reply, const char *buf, size_t len,
    struct http_piece *body);

/* Whether nothing more is taken. */
bool
http_reply_over(const struct http_reply *reply);

/* The end of the file came. Whether the response is complete by that. */
bool
http_reply_end(struct http_reply *reply);

#endif
