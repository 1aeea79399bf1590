/* SPDX-License-Identifier: MIT */
/*
 * service: what a server does with a connection. A new one is a file and a
 * line in service.c.
 *
 * A service is a function that serves one conn with blocking calls and
 * returns, and the words that say "full, come back" in its protocol. It knows
 * nothing of threads or processes and keeps no state of its own outside its
 * stack: many run at once, and under fork a static variable would be a copy.
 */
#ifndef COMMON_SERVICE_SERVICE_H
#define COMMON_SERVICE_SERVICE_H

#include "common/net/conn.h"

struct service {
	const char *name;
	const char *summary; /* one line for --list-services */
	void (*serve)(struct conn *conn);
	const char *full; /* sent to a client that gets no worker */
};

extern const struct service service_echo;
extern const struct service service_hello;

/* NULL-terminated, in the order in which they are listed. */
extern const struct service *const SERVICES[];

/* The service of that name, or NULL. */
const struct service *
service_find(const char *name);

#endif
