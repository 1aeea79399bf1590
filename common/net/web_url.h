/* SPDX-License-Identifier: MIT */
/*
 * web_url: a URL of http, https, ws or wss, taken apart (RFC 3986, RFC 6455 3).
 *
 *	if (web_url_is(text) && web_url_parse(text, &url, why, sizeof(why)) < 0)
 *		...why...
 *	target_resolve(url.address, &target, why, sizeof(why));
 *	...
 *	web_url_release(&url);
 *
 * What is sent is what was typed: no percent-encoding is added or removed, and
 * no "..", because a server may tell such paths apart. A fragment (#...) is
 * dropped, as RFC 9110 7.1 demands. A user name is refused: RFC 9110 4.2.4
 * deprecates it. No state.
 */
#ifndef COMMON_NET_WEB_URL_H
#define COMMON_NET_WEB_URL_H

#include <stdbool.h>
#include <stddef.h>

struct web_url {
	bool websocket;	     /* ws or wss */
	char address[288];   /* for target_resolve() */
	char authority[272]; /* the Host: without the scheme's own port */
	bool has_path;	     /* more than the host is written */
	char *path;	     /* with the query; "/" if there is none */
};

/* Whether TEXT begins as such a URL; "http:80" is a host with a port. */
bool
web_url_is(const char *text);

/* Returns 0, or -1 with the reason in WHY of SIZE bytes and nothing to
 * release. */
int
web_url_parse(const char *text, struct web_url *out, char *why, size_t size);

/* Harmless for a URL that is zeroed. */
void
web_url_release(struct web_url *url);

/* Writes into WHY what may not stand in PATH as it is (a blank, a control
 * character, a letter that is not ASCII), and what to write. Returns whether
 * there is any. */
bool
web_url_refuses(const char *path, char *why, size_t size);

#endif
