/* SPDX-License-Identifier: MIT */
/* payload: the table, by xorshift64*. */
#include "common/load/payload.h"

#include <stdlib.h>
#include <string.h>

#define OFFSETS 65536

int
payload_init(struct payload *payload, size_t size, uint32_t connections)
{
	uint64_t x = 0x9e3779b97f4a7c15ULL;
	size_t len;

	/* Each connection has offsets of its own, two at least. */
	payload->span = connections > OFFSETS / 2 ? 2 : OFFSETS / connections;
	len = payload->span * connections + size + sizeof(x);
	payload->table = malloc(len);
	if (!payload->table)
		return -1;
	payload->size = size;
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
