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

#include "common/net/conn.h"
#include "common/net/http.h"
#include "common/service/service.h"

#define HTTP_QUERY_MAX 32

/* What a page may need to know. */
struct http_visit {
	struct conn *conn;
	const struct service_context *context;
	/* After a WebSocket handshake: what stood behind the "?" of its target,
	 * cut if it was longer. */
	char query[HTTP_QUERY_MAX];
	struct http_output *output; /* the 101, until http_site_switch() */
};

struct http_page {
	const char *path;
	const char *type; /* of its content; NULL: no GET, only an upgrade */
	/* Either the text itself ... */
	const char *text;
	/* ... or who writes it into BUF of SIZE (HTTP_PAGE_MAX) bytes and
	 * returns how many it has: if that is more, what was written does not
	 * count, and it is called again with more room. */
	size_t (*write)(const struct http_visit *visit, char *buf, size_t size);
	/* Takes the connection over after a WebSocket handshake, whose 101 it
	 * sends (http_site_switch()) when it is ready; EARLY_LEN bytes at EARLY
	 * were read already. NULL: no upgrade here. */
	void (*websocket)(const struct http_visit *visit, const char *early,
	    size_t early_len);
	/* Handshakes on paths that no page has are for this one, too. */
	bool any_path;
	/* A browser's handshake from another site's page is refused (403): it
	 * would talk here in the name of who looks at that page (RFC
	 * 6455 10.2). And so is one that was led here (own_host). */
	bool same_origin;
	/* A request over the loopback by a host's name that is not of it is
	 * refused (421): its owner may let it point here, so that a page of
	 * his is taken for one of ours. */
	bool own_host;
};

#define HTTP_PAGE_MAX 8192

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
