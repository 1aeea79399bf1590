/* SPDX-License-Identifier: MIT */
/*
 * chat_first: what a connection to the chat room begins with: an HTTP request,
 * or the first line of a member. No I/O, no state.
 */
#ifndef COMMON_SERVICE_CHAT_FIRST_H
#define COMMON_SERVICE_CHAT_FIRST_H

#include <stddef.h>

enum chat_first {
	CHAT_UNDECIDED,	   /* too few bytes to tell */
	CHAT_LINE,	   /* of a member */
	CHAT_HALF_REQUEST, /* as a request begins, but its line is not whole */
	CHAT_REQUEST,
};

/*
 * Of the first LEN bytes of a connection, as far as they are there. A whole
 * line that ends in a version is a request ("GET /path HTTP/1.1", RFC 9112 3);
 * half of one may turn out to be a member's line all the same.
 */
enum chat_first
chat_first(const char *bytes, size_t len);

#endif
