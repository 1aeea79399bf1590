/* SPDX-License-Identifier: MIT */
/*
 * listen: bound, listening sockets, from what --listen says.
 *
 * A listener is a non-blocking stream socket with close-on-exec. What every
 * connection needs is set once on the listener, because an accepted TCP socket
 * inherits it (TCP_NODELAY, both timeouts); a unix socket inherits nothing, so
 * listener_adopt() sets its timeouts.
 *
 *	struct listeners all = {0};
 *	listeners_add(&all, "localhost:0");            // parse only
 *	if (listeners_open(&all, &settings) < 0) ...   // bind, listen
 *	listeners_close(&all, true);
 *
 * Used by the one thread that owns the array.
 */
#ifndef COMMON_NET_LISTEN_H
#define COMMON_NET_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/net/address.h"

#define LISTENERS_MAX 16

struct listener {
	int fd; /* -1: not open */
	struct address address;
	bool dual_stack;   /* [::] that takes IPv4 as well */
	bool port_of_last; /* the port that the listener before it was given */
	bool optional;	   /* IPv6 half of localhost: may be missing */
};

struct listeners {
	size_t count;
	struct listener at[LISTENERS_MAX];
};

/* What a listener hands on to its connections. */
struct listen_settings {
	int backlog;
	uint64_t idle_timeout_ns; /* SO_RCVTIMEO and SO_SNDTIMEO */
};

/*
 * Appends what TEXT means: "IPv4:PORT", "[IPv6]:PORT", "localhost:PORT" (one
 * for each family), ":PORT" (all addresses), "unix:PATH". Returns 0, or -1 if
 * TEXT is none of them or the array is full.
 */
int
listeners_add(struct listeners *all, const char *text);

/*
 * Opens all of them; port 0 becomes the port that the system gave. A unix
 * socket file that nobody listens on is replaced. Returns 0; or -1 after an
 * error line, with none left open.
 */
int
listeners_open(struct listeners *all, const struct listen_settings *settings);

/* Gives the accepted socket FD what it could not inherit. */
void
listener_adopt(const struct listener *listener, int fd,
    const struct listen_settings *settings);

/* Closes what is open; REMOVE also unlinks unix socket files. */
void
listeners_close(struct listeners *all, bool remove);

#endif
