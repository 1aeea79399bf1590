/* SPDX-License-Identifier: MIT */
/*
 * http_target: the target of a request: path, scheme and authority (RFC 9112
 * 3.2, RFC 3986).
 */
#ifndef COMMON_NET_HTTP_TARGET_H
#define COMMON_NET_HTTP_TARGET_H

#include <stdbool.h>

#include "common/net/http_request.h"

/* Whether TEXT is a host with an optional port. User information is refused
 * (RFC 9110 4.2.4). */
bool
http_is_authority(struct http_slice text);

/* Sets REQUEST's path, scheme and authority from its method and target. Returns
 * 0, or the negative status of the error. */
int
http_find_path(struct http_request *request);

/* Whether REQUEST's path is PATH, also where the client escaped characters
 * without need (RFC 3986 6.2.2.2). */
bool
http_path_is(const struct http_request *request, const char *path);

#endif
