/* SPDX-License-Identifier: MIT */
/*
 * payload: the random bytes that requests are made of.
 *
 * A request is a slice of one table of random bytes, at an offset that its
 * connection and its number choose. So a request costs nothing to make, and a
 * reply that belongs to another connection or another request, or was changed,
 * differs from the expected slice. Two requests that are alive at the same time
 * never have the same offset; nor do two in a row on one connection.
 *
 * The table is the same in every run. Safe in any thread once it is made.
 */
#ifndef COMMON_LOAD_PAYLOAD_H
#define COMMON_LOAD_PAYLOAD_H

#include <stddef.h>
#include <stdint.h>

struct payload {
	char *table;
	size_t size;   /* of a request */
	uint64_t span; /* requests in a row of one connection that differ */
};

/* SIZE bytes for each request. Returns 0, or -1 with errno. */
int
payload_init(struct payload *payload, size_t size, uint32_t connections);

void
payload_release(struct payload *payload);

/* Where CONNECTION's requests begin, those of SPAN numbers in a row. */
static inline const char *
payload_requests(const struct payload *payload, uint32_t connection)
{
	return payload->table + connection * payload->span;
}

/* Request NUMBER of CONNECTION: SIZE bytes that stay valid. */
static inline const char *
payload_request(
    const struct payload *payload, uint32_t connection, uint64_t number)
{
	return payload_requests(payload, connection) + number % payload->span;
}

#endif
