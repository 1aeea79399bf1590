/* SPDX-License-Identifier: MIT */
/*
 * lingering: the lingering close of refused clients, without waiting for them.
 *
 * A refused client gets its answer, and the write side is shut. Closing at
 * once, with unread input, would reset the connection and destroy the answer.
 * So the socket stays in this list until the client has closed it, or has been
 * silent for a second (CONN_LINGER_NS), or has sent too much
 * (CONN_LINGER_BYTES, CONN_HEAR_OUT_NS). Where the answer depends on the
 * client's first bytes, it is sent as soon as they decide, or after a second;
 * without any byte, never. A full list drops its oldest socket, first one that
 * has its answer. Only the accept loop uses it.
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

/* First bytes of a client; more of them are not needed to choose an answer. */
#define LINGERING_FIRST_MAX 256

struct refusal {
	const char *text; /* of LEN bytes */
	size_t len;
	choose_refusal *choose; /* instead of TEXT; or NULL */
	enum refusal_reason reason;
};

struct lingering {
	size_t count;
	bool draining; /* one second for each client is enough */
	struct lingering_one {
		int fd;
		uint64_t due_ns, end_ns;
		size_t drained;
		choose_refusal *choose; /* NULL: the answer was sent */
		enum refusal_reason reason;
		size_t first_len;
		char first[LINGERING_FIRST_MAX];
	} at[LINGERING_MAX]; /* oldest first */
	int spare;	     /* a descriptor to close for an accept; or -1 */
};

/* Opens the spare descriptor. */
void
lingering_init(struct lingering *refused);

/*
 * Accepts a client after EMFILE or ENFILE: with the reserved descriptors
 * (limits.h), else in the place of the spare one, else of the oldest socket in
 * the list. Returns a descriptor, or -1 with errno.
 */
int
lingering_accept(struct lingering *refused, int listener, struct address *peer);

/* Takes FD over and answers it with REFUSAL, now or in lingering_step(). Never
 * blocks. */
void
lingering_add(struct lingering *refused, int fd, const struct refusal *refusal,
    uint64_t now);

/* Fills POLLS, which has LINGERING_MAX places. Returns how many it filled. */
size_t
lingering_poll(const struct lingering *refused, struct pollfd *polls);

/*
 * Answers and closes what is due. Returns when to call it again at the latest
 * (NEVER: the list is empty).
 */
uint64_t
lingering_step(struct lingering *refused, uint64_t now);

/* Closes all, at once. */
void
lingering_close(struct lingering *refused);

#endif
