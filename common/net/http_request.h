/* SPDX-License-Identifier: MIT */
/*
 * http_request: the head of a request, as http_parse() (http.h) fills it in.
 * Its slices point into the buffer that was parsed.
 */
#ifndef COMMON_NET_HTTP_REQUEST_H
#define COMMON_NET_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/net/http_slice.h"

#define HTTP_FIELDS_MAX 64

struct http_request {
	size_t checked; /* 0 for a new head; else as the last call left it */
	struct http_slice method, target;
	struct http_slice path; /* the target without its query */
	/* Host and port: from the target, or where it has none from the field
	 * Host (RFC 9112 3.2.2). Empty: from neither. */
	struct http_slice authority;
	int minor;	  /* of the version: HTTP/1.minor */
	bool https;	  /* the target's scheme */
	bool conditional; /* If-Match or If-None-Match is there */
	size_t field_count;
	struct http_field {
		struct http_slice name, value;
	} fields[HTTP_FIELDS_MAX];
	bool keep_alive;  /* by RFC 9112 9.3 */
	bool chunked;	  /* the body is sent in chunks */
	bool expects_100; /* the client waits for 100 Continue */
	uint64_t length;  /* bytes of the body, where it is not chunked */
};

#endif
