/* SPDX-License-Identifier: MIT */
/*
 * refuse: says "full" to a client that gets no worker, without waiting for it.
 *
 * Each refused socket is answered, its write side shut, and then kept until the
 * peer has closed, or been silent for a second (CONN_LINGER_NS), or sent more
 * than this loop should read (CONN_LINGER_BYTES, CONN_HEAR_OUT_NS), because a
 * close with unread input would reset the connection and destroy the answer.
 * The answer goes out at once; or, where the client's first bytes choose it, as
 * soon as they have, and after a second at the latest (without a byte, none).
 * The list is bounded: one more pushes the oldest out, and rather one that had
 * its answer. The accept loop alone uses it.
 */
#ifndef COMMON_SERVER_LINGERING_H
#define COMMON_SERVER_LINGERING_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/net/address.h"
#include "common/service/service.h"

#define LINGERING_MAX 32

/* More than these are not waited for. */
#define LINGERING_FIRST_MAX 256

struct refusal {
	const char *text; /* LEN bytes of it */
	size_t len;
	choose_refusal *choose; /* instead of TEXT; or NULL */
	enum refusal_reason reason;
};

struct lingering {
	size_t count;
	bool hurry; /* set by who must not wait: a second is enough for all */
	struct lingering_one {
		int fd;
		uint64_t due_ns, end_ns;
		size_t drained;
		choose_refusal *choose; /* NULL: it has been answered */
		enum refusal_reason reason;
		size_t first_len;
		char first[LINGERING_FIRST_MAX];
	} at[LINGERING_MAX]; /* oldest first */
	int spare; /* given up for an accept when there is no other; or -1 */
};

/* Opens the spare descriptor. Needs no release at exit but lingering_close().
 */
void
lingering_init(struct lingering *refused);

/*
 * accept4(2) at EMFILE or ENFILE: with the descriptors kept back (limits.h),
 * else in the place of the spare one, else of the oldest refused socket.
 * Returns a descriptor, or -1 with errno.
 */
int
lingering_accept(struct lingering *refused, int listener, struct address *peer);

/* Answers on FD, which it takes over, with REFUSAL: now, or in
 * lingering_step(). Never blocks. */
void
lingering_add(struct lingering *refused, int fd, const struct refusal *refusal,
    uint64_t now);

/* Fills POLLS (LINGERING_MAX places). Returns how many it filled. */
size_t
lingering_poll(const struct lingering *refused, struct pollfd *polls);

/*
 * Answers those that have chosen, closes those that are through. Returns when
 * to call again at the latest (NEVER: the list is empty).
 */
uint64_t
lingering_step(struct lingering *refused, uint64_t now);

/* Closes all, at once. */
void
lingering_close(struct lingering *refused);

#endif
