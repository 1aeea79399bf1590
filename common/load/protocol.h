/* SPDX-License-Identifier: MIT */
/*
 * protocol: what a load sends and what must come back.
 *
 * A request is a slice of one table of random bytes, at an offset that its
 * connection and its number choose. So it costs nothing to make, and a reply
 * that is another connection's, another request's, or changed, differs from
 * the slice that is expected. Two requests that are alive at the same time
 * never have the same offset, nor does one have that of the request before it
 * on its connection.
 */
#ifndef COMMON_LOAD_PROTOCOL_H
#define COMMON_LOAD_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct protocol {
	const char *name;
	const char *summary;
	const char *reply; /* always this; NULL: the request itself */
	bool closes;	   /* the server closes after one reply */
};

/* NULL-terminated by name, in the order in which they are listed. */
extern const struct protocol PROTOCOLS[];

const struct protocol *
protocol_find(const char *name);

struct payload {
	char *table;
	size_t size; /* of a request */
	uint32_t connections;
};

/* SIZE bytes for each request. Returns 0, or -1 with errno. */
int
payload_init(struct payload *payload, size_t size, uint32_t connections);

void
payload_release(struct payload *payload);

/* Request NUMBER of CONNECTION: SIZE bytes that stay valid. */
const char *
payload_request(
    const struct payload *payload, uint32_t connection, uint64_t number);

#endif
