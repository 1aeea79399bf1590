/* SPDX-License-Identifier: MIT */
/*
 * listen: opens the listening sockets of --listen.
 *
 * A listener is a non-blocking stream or UDP socket with close-on-exec.
 * TCP_NODELAY is set once on the listener, because accepted sockets inherit it.
 *
 *	struct listeners all = {0};
 *	listeners_add(&all, "localhost:0");            // parse only
 *	if (listeners_open(&all, 4096) < 0) ...        // bind, listen
 *	listeners_close(&all, true);
 *
 * Only the thread that owns the array uses it.
 */
#ifndef COMMON_NET_LISTEN_H
#define COMMON_NET_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/net/address.h"

#define LISTENERS_MAX 16

struct listener {
	int fd; /* -1: not open */
	struct address address;
	bool datagrams;	   /* UDP: nothing to accept, see datagram.h */
	bool dual_stack;   /* [::] that takes IPv4 as well */
	bool port_of_last; /* the same port as the listener before it */
	dev_t device;	   /* identifies the unix socket's file */
	ino_t inode;
	bool optional;	 /* the IPv6 half of localhost: may be missing */
	bool reuse_port; /* listeners_open() sets it */
};

struct listeners {
	size_t count;
	/* Other servers may listen there, too, if they say the same
	 * (SO_REUSEPORT, socket(7)). Not for unix sockets. */
	bool reuse_port;
	struct listener at[LISTENERS_MAX];
};

/*
 * Appends the listeners for TEXT: "IPv4:PORT", "[IPv6]:PORT", "localhost:PORT"
 * (one for each family), ":PORT" (all addresses), each with "udp:" before it
 * for datagrams; or "unix:PATH". Returns 0, or -1 if TEXT has another form or
 * the array is full.
 */
int
listeners_add(struct listeners *all, const char *text);

/* The number of the first listener for the same address as one before it, of
 * the same kind and with a port; COUNT if there is none. */
size_t
listeners_find_twice(const struct listeners *all);

/*
 * Opens all of them, with BACKLOG; port 0 becomes the port that the system
 * chose, which no other socket has. A unix socket file on which no server
 * listens is replaced. Returns 0; or -1 after an error line, with none open.
 */
int
listeners_open(struct listeners *all, int backlog);

/* Writes the address as a target: "udp:" and address_format(). BUF as there. */
char *
listener_format(const struct listener *one, char *buf);

/* Accepts a client of ONE. Returns its blocking descriptor, with close-on-exec,
 * and its address in PEER; or -1 with accept(2)'s errno. */
int
listener_accept(const struct listener *one, struct address *peer);

/* How many datagrams the kernel dropped because ONE's buffer was full. */
uint32_t
listener_dropped(const struct listener *one);

/*
 * Turns new clients away; clients in the backlog stay and can be accepted.
 * (Closing at once would reset them.) A new client of a unix socket is refused.
 * A new TCP client's SYN is dropped until listeners_close(), then its next try
 * is refused. Handshakes that have begun are finished. New datagrams are
 * dropped.
 */
void
listeners_turn_away(const struct listeners *all);

/* Closes the listeners, for all processes that have them; REMOVE also unlinks
 * unix socket files. */
void
listeners_close(struct listeners *all, bool remove);

#endif
