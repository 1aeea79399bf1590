/* SPDX-License-Identifier: MIT */
/*
 * listen: bound, listening sockets, from what --listen says.
 *
 * A listener is a non-blocking stream or UDP socket with close-on-exec.
 * TCP_NODELAY is set once on the listener, because accepted sockets inherit it.
 *
 *	struct listeners all = {0};
 *	listeners_add(&all, "localhost:0");            // parse only
 *	if (listeners_open(&all, 4096) < 0) ...        // bind, listen
 *	listeners_close(&all, true);
 *
 * Used by the one thread that owns the array.
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
	bool port_of_last; /* the port that the listener before it was given */
	dev_t device;	   /* of the unix socket's file, to know it again */
	ino_t inode;
	bool optional; /* IPv6 half of localhost: may be missing */
};

struct listeners {
	size_t count;
	struct listener at[LISTENERS_MAX];
};

/*
 * Appends what TEXT means: "IPv4:PORT", "[IPv6]:PORT", "localhost:PORT" (one
 * for each family), ":PORT" (all addresses), each with "udp:" before it for
 * datagrams, or "unix:PATH". Returns 0, or -1 if TEXT is none of them or the
 * array is full.
 */
int
listeners_add(struct listeners *all, const char *text);

/*
 * Opens all of them, each with a queue of BACKLOG; port 0 becomes the port that
 * the system gave. A unix socket file that nobody listens on is replaced.
 * Returns 0; or -1 after an error line, with none left open.
 */
int
listeners_open(struct listeners *all, int backlog);

/* Its address as a target: "udp:" and address_format(). BUF as there. */
char *
listener_format(const struct listener *one, char *buf);

/* Takes a client off ONE's queue. Returns its blocking descriptor, with
 * close-on-exec, and its address in PEER; or -1 with accept(2)'s errno. */
int
listener_accept(const struct listener *one, struct address *peer);

/* Datagrams that the kernel dropped because ONE's buffer was full. */
uint32_t
listener_dropped(const struct listener *one);

/*
 * From now on nobody comes into the queues; who is there stays, to be taken.
 * To close at once would reset those. On a unix socket a client that comes now
 * is refused; over TCP its SYN is dropped, and so that of its next try, until
 * listeners_close(): then it is refused. Handshakes that have begun are
 * finished. For UDP what comes now is dropped.
 */
void
listeners_turn_away(const struct listeners *all);

/* Closes what is open, for all processes that have it; REMOVE also unlinks unix
 * socket files. */
void
listeners_close(struct listeners *all, bool remove);

#endif
