/* SPDX-License-Identifier: MIT */
/*
 * chat_first: decides how a connection to the chat room begins: with an HTTP
 * request, or with a member's line. No I/O, no state.
 */
#ifndef COMMON_SERVICE_CHAT_FIRST_H
#define COMMON_SERVICE_CHAT_FIRST_H

#include <stddef.h>

enum chat_first {
	CHAT_UNDECIDED,	   /* too few bytes to decide */
	CHAT_LINE,	   /* a member's line */
	CHAT_HALF_REQUEST, /* the start of a request; its line is incomplete */
	CHAT_REQUEST,
};

/*
 * Looks at the first LEN bytes of a connection. A whole line that ends in a
 * version is a request ("GET /path HTTP/1.1", RFC 9112 3); the start of one may
 * still become a member's line.
 */
enum chat_first
chat_first(const char *bytes, size_t len);

#endif
