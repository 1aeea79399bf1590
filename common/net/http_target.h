/* SPDX-License-Identifier: MIT */
/*
 * http_target: what a request is for: its target, from which the path is taken,
 * and an authority, which the target or Host names (RFC 3986). For the parser's
 * own files.
 */
#ifndef COMMON_NET_HTTP_TARGET_H
#define COMMON_NET_HTTP_TARGET_H

#include <stdbool.h>

#include "common/net/http.h"

/* Whether TEXT is a host and perhaps a port, without user information: http has
 * none (RFC 9110 4.2.4). */
bool
http_is_authority(struct http_slice text);

/* Finds the path in REQUEST's target; its method must be there. Returns 0, or
 * less: the status. */
int
http_find_path(struct http_request *request);

#endif
