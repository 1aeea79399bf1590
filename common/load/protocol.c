/* SPDX-License-Identifier: MIT */
/* protocol: the table of protocols, and the table of random bytes. */
#include "common/load/protocol.h"

#include <stdlib.h>
#include <string.h>

#define OFFSETS 65536

const struct protocol PROTOCOLS[] = {
    {"echo", "every byte comes back (RFC 862)", NULL, false},
    {"hello", "a greeting comes back, then the end", "Hello, client!\n", true},
    {"chat", "a line from one member reaches all others", NULL, false},
    {NULL, NULL, NULL, false},
};

const struct protocol *
protocol_find(const char *name)
{
	for (const struct protocol *p = PROTOCOLS; p->name; p++) {
		if (strcmp(p->name, name) == 0)
			return p;
	}
	return NULL;
}

/* Each connection has offsets of its own, two at least. */
static uint64_t
span_of(uint32_t connections)
{
	return connections > OFFSETS / 2 ? 2 : OFFSETS / connections;
}

int
payload_init(struct payload *payload, size_t size, uint32_t connections)
{
	uint64_t x = 0x9e3779b97f4a7c15ULL;
	size_t len = span_of(connections) * connections + size + sizeof(x);

	payload->table = malloc(len);
	if (!payload->table)
		return -1;
	payload->size = size;
	payload->connections = connections;
	/* Marsaglia's xorshift64*: the same table in every run. */
	for (size_t i = 0; i + sizeof(x) <= len; i += sizeof(x)) {
		uint64_t word;

		x ^= x >> 12;
		x ^= x << 25;
		x ^= x >> 27;
		word = x * 0x2545f4914f6cdd1dULL;
		memcpy(payload->table + i, &word, sizeof(word));
	}
	return 0;
}

void
payload_release(struct payload *payload)
{
	free(payload->table);
	payload->table = NULL;
}

const char *
payload_request(
    const struct payload *payload, uint32_t connection, uint64_t number)
{
	uint64_t span = span_of(payload->connections);

	return payload->table + connection * span + number % span;
}
