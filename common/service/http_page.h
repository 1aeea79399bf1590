/* SPDX-License-Identifier: MIT */
/*
 * http_page: what a service with pages tells http_site of each of them.
 */
#ifndef COMMON_SERVICE_HTTP_PAGE_H
#define COMMON_SERVICE_HTTP_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/net/conn.h"
#include "common/service/service.h"

#define HTTP_QUERY_MAX 32
#define HTTP_PAGE_MAX 8192

/* What the functions of a page may need to know. */
struct http_visit {
	struct conn *conn;
	const struct service_context *context;
	/* After a WebSocket handshake: the query of its target, cut where it
	 * is longer. */
	char query[HTTP_QUERY_MAX];
	struct http_output *output; /* the 101, until http_site_switch() */
};

struct http_page {
	const char *path;
	const char *type; /* of the content; NULL: no GET, only an upgrade */
	/* Either the content itself ... */
	const char *text;
	/* ... or the function that writes it into BUF of SIZE (HTTP_PAGE_MAX)
	 * bytes and returns its length. Where that is more than SIZE, the
	 * function is called again with a larger buffer. */
	size_t (*write)(const struct http_visit *visit, char *buf, size_t size);
	/* Takes the connection over after a WebSocket handshake. It sends the
	 * 101 (http_site_switch()) when it is ready; EARLY_LEN bytes at EARLY
	 * were read already. NULL: no upgrade here. */
	void (*websocket)(const struct http_visit *visit, const char *early,
	    size_t early_len);
	/* Also takes handshakes on paths that no page has. */
	bool any_path;
	/* Refuse (403) a browser's handshake from another site's page, which
	 * would act in the name of the browser's user (RFC 6455 10.2); and a
	 * handshake that own_host would refuse. */
	bool same_origin;
	/* Refuse (421) a request over the loopback that names another host:
	 * an attacker's name may resolve to 127.0.0.1, to read this page with
	 * the attacker's origin (DNS rebinding). */
	bool own_host;
};

#endif
