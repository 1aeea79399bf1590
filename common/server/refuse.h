/* SPDX-License-Identifier: MIT */
/*
 * refuse: says "full" to a client that gets no worker, without waiting for it.
 *
 * Each refused socket is answered at once, its write side shut, and then kept
 * until the peer has closed or a second has passed, because a close with
 * unread input would reset the connection and destroy the answer. The list is
 * bounded: one more pushes the oldest out. The accept loop alone uses it.
 */
#ifndef COMMON_SERVER_REFUSE_H
#define COMMON_SERVER_REFUSE_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "common/net/address.h"

#define REFUSED_MAX 32

struct refused {
	size_t count;
	struct refused_one {
		int fd;
		uint64_t due_ns;
		size_t drained;
	} at[REFUSED_MAX]; /* oldest first */
	int spare; /* given up for an accept when there is no other; or -1 */
};

/* Opens the spare descriptor. Needs no release at exit but refused_close(). */
void
refused_init(struct refused *refused);

/*
 * accept4(2) at EMFILE or ENFILE: with the descriptors kept back (limits.h),
 * else in the place of the spare one, else of the oldest refused socket.
 * Returns a descriptor, or -1 with errno.
 */
int
refused_accept(struct refused *refused, int listener, struct address *peer);

/* Answers on FD, which it takes over, with LEN bytes at TEXT. Never blocks. */
void
refused_add(struct refused *refused, int fd, const char *text, size_t len,
    uint64_t now);

/* Fills POLLS (REFUSED_MAX places). Returns how many it filled. */
size_t
refused_poll(const struct refused *refused, struct pollfd *polls);

/*
 * Closes those that are through. Returns when to call again at the latest
 * (NEVER: the list is empty).
 */
uint64_t
refused_step(struct refused *refused, uint64_t now);

/* Closes all, at once. */
void
refused_close(struct refused *refused);

#endif
