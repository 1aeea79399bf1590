/* SPDX-License-Identifier: MIT */
/*
 * payload: the bytes of requests, as slices of one table of random bytes.
 *
 * Connection and number of a request determine the offset of its slice. So a
 * request is made without copying, and a reply of another connection, of
 * another request, or with a changed byte differs from the expected slice. Two
 * requests in flight never have the same offset, nor have two consecutive
 * requests of a connection.
 *
 * The table is the same in every run. Thread-safe after payload_init().
 */
#ifndef COMMON_LOAD_PAYLOAD_H
#define COMMON_LOAD_PAYLOAD_H

#include <stddef.h>
#include <stdint.h>

struct payload {
	char *table;
	size_t size;   /* of a request */
	uint64_t span; /* consecutive requests of a connection that differ */
};

/* For requests of SIZE bytes. Returns 0, or -1 with errno. */
int
payload_init(struct payload *payload, size_t size, uint32_t connections);

/* Harmless if PAYLOAD is zeroed or released. */
void
payload_release(struct payload *payload);

/* The offsets of CONNECTION: SPAN slices, one byte apart. */
static inline const char *
payload_requests(const struct payload *payload, uint32_t connection)
{
	return payload->table + connection * payload->span;
}

/* The SIZE bytes of request NUMBER of CONNECTION, valid until the release. */
static inline const char *
payload_request(
    const struct payload *payload, uint32_t connection, uint64_t number)
{
	return payload_requests(payload, connection) + number % payload->span;
}

#endif
