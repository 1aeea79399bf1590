/* SPDX-License-Identifier: MIT */
/*
 * http_site: one client's HTTP conversation, for a service that has pages.
 *
 * Reads requests (http.h), drops their bodies, answers from a table of pages,
 * keeps the connection alive, pipelines; refuses what is wrong with the right
 * status, and ends after an error so that the client can read the answer
 * (conn_finish()). A request is one of conn.h: the request timeout holds for
 * each, and 408 tells of it.
 */
#ifndef COMMON_SERVICE_HTTP_SITE_H
#define COMMON_SERVICE_HTTP_SITE_H

#include <stddef.h>

#include "common/service/http_page.h"

/* RFC 7301 6 */
#define HTTP_TLS_NAMES "\x08http/1.1\x08http/1.0"

/* For a client that gets no worker: 503, or 429 (RFC 6585 4) where others have
 * one, to the request that begins with LEN bytes at FIRST, without the content
 * if that is a HEAD. Valid until the next call; for one thread. */
const char *
http_site_refusal(enum refusal_reason reason, const char *first, size_t len);

/*
 * Serves CONN from PAGES, which end with a NULL path, to its end. EARLY_LEN
 * bytes at EARLY were read already (0: none; else they began a request, whose
 * deadline the caller has set). A server that is about to stop ends the
 * connection between two requests.
 */
void
http_site_serve(struct conn *conn, const struct service_context *context,
    const struct http_page *pages, const char *early, size_t early_len);

/* Sends the 101: from now on the client takes it that it is there. Returns 0,
 * or -1 when the connection has failed. */
int
http_site_switch(const struct http_visit *visit);

/* The deadline of CONN's first request has passed, before it was served:
 * answers 408 to what began it, LEN bytes at BEGUN. */
void
http_site_time_out(struct conn *conn, const struct service_context *context,
    const char *begun, size_t len);

/* A page that any site may have: who serves this connection, as JSON. */
size_t
http_write_who(const struct http_visit *visit, char *buf, size_t size);

#endif
