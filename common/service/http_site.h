/* SPDX-License-Identifier: MIT */
/*
 * http_site: the HTTP conversation with one client, for a service with pages.
 *
 * Reads requests (http.h), skips their bodies, answers from a table of pages,
 * keeps the connection alive, pipelines. Answers errors with the right status,
 * then ends so that the client can read the answer (conn_finish()). The request
 * timeout holds for each request; 408 answers a late one.
 */
#ifndef COMMON_SERVICE_HTTP_SITE_H
#define COMMON_SERVICE_HTTP_SITE_H

#include <stddef.h>

#include "common/service/http_page.h"

/* RFC 7301 6 */
#define HTTP_TLS_NAMES "\x08http/1.1\x08http/1.0"

/* The answer to a refused client: 503, or 429 (RFC 6585 4) at --max-per-source.
 * LEN bytes at FIRST begin its request; HEAD gets no content. Valid until the
 * next call; for one thread. */
const char *
http_site_refusal(enum refusal_reason reason, const char *first, size_t len);

/*
 * Serves CONN from PAGES, which end with a NULL path, to its end. EARLY_LEN
 * bytes at EARLY were read already; they began a request whose deadline the
 * caller has set. In a drain, ends the connection between two requests.
 */
void
http_site_serve(struct conn *conn, const struct service_context *context,
    const struct http_page *pages, const char *early, size_t early_len);

/* Sends the 101, after which the client may send. Returns 0, or -1 if the
 * connection has failed. */
int
http_site_switch(const struct http_visit *visit);

/* Answers 408: the deadline of CONN's first request passed before
 * http_site_serve(). LEN bytes at BEGUN began that request. */
void
http_site_time_out(struct conn *conn, const struct service_context *context,
    const char *begun, size_t len);

/* A page for any site: the process and thread of this connection, as JSON. */
size_t
http_write_who(const struct http_visit *visit, char *buf, size_t size);

#endif
