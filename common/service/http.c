/* SPDX-License-Identifier: MIT */
/* http: a small site (http_site.h). */
#include "common/service/http_site.h"

static void
http_serve(struct conn *conn, const struct service_context *context)
{
	(void)conn;
	(void)context;
}

const struct service service_http = {
    .name = "http",
    .summary = "HTTP/1.1: /, /who, /metrics, WebSocket echo at /echo",
    .serve = http_serve,
    .full = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n"
	    "Connection: close\r\nRetry-After: 1\r\n\r\n",
    .websocket = true,
};
