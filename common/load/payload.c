/* SPDX-License-Identifier: MIT */
/* payload: a table of random bytes. */
#include "common/load/payload.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/random.h"

#define OFFSETS 65536

int
payload_init(struct payload *payload, size_t size, uint32_t connections)
{
	uint64_t state = RANDOM_FIXED_STATE, word;
	size_t len;

	/* Each connection has its own offsets, at least two. */
	payload->span = connections > OFFSETS / 2 ? 2 : OFFSETS / connections;
	len = payload->span * connections + size + sizeof(word);
	payload->table = malloc(len);
	if (!payload->table)
		return -1;
	payload->size = size;
	for (size_t i = 0; i + sizeof(word) <= len; i += sizeof(word)) {
		word = random_next(&state);
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
