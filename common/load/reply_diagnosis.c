/* SPDX-License-Identifier: MIT */
/* reply_diagnosis: compares a wrong reply with those of all connections. */
#include "common/load/reply_diagnosis.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The session whose reply begins with the received bytes; or NULL. */
static const struct session *
find_owner(const struct session_shared *shared, const struct session *all,
    uint32_t count, uint64_t *number)
{
	const struct protocol_run *run = &shared->run;
	size_t len =
	    run->got_len < run->payload.size ? run->got_len : run->payload.size;

	/* Fewer bytes match some session by chance. */
	if (!run->protocol->echoes || len < 4)
		return NULL;
	for (uint32_t i = 0; i < count; i++) {
		for (uint64_t back = 0; back < 2; back++) {
			*number = all[i].x.number - back;
			if (memcmp(run->got,
				payload_request(
				    &run->payload, all[i].x.id, *number),
				len) == 0)
				return &all[i];
		}
	}
	return NULL;
}

/* The connection of another thread whose reply begins with the received bytes;
 * UINT32_MAX: none. Its requests are not known here, but its payload is. */
static uint32_t
find_elsewhere(const struct protocol_run *run)
{
	const struct payload *payload = &run->payload;
	size_t len =
	    run->got_len < payload->size ? run->got_len : payload->size;
	const char *at = NULL;
	uint64_t id;

	if (run->protocol->echoes && len >= 8 && run->all > run->connections)
		at = memmem(payload->table,
		    payload->span * run->all + payload->size, run->got, len);
	if (!at)
		return UINT32_MAX;
	id = (uint64_t)(at - payload->table) / payload->span;
	return id < run->all && id - run->first >= run->connections
		   ? (uint32_t)id
		   : UINT32_MAX;
}

/* Whether byte I is missing: the bytes from I on are those expected after it.
 */
static bool
misses_a_byte(
    const struct protocol_run *run, const char *want, size_t left, size_t i)
{
	size_t have = run->got_len - i, next = left - i - 1;

	return have > 4 && next > 0 &&
	       memcmp(run->got + i, want + i + 1, have < next ? have : next) ==
		   0;
}

/* The expected reply is the WHOLE bytes at WANT. */
static void
explain_bytes(const struct session_shared *shared,
    const struct session *session, const struct session *all, uint32_t count,
    const char *want, size_t whole, char *buf, size_t size)
{
	const struct protocol_run *run = &shared->run;
	const struct session *owner = NULL;
	size_t left = whole - run->got_at, i = 0;
	uint32_t elsewhere = UINT32_MAX;
	uint64_t number;

	want += run->got_at;
	while (i < left && i < run->got_len && run->got[i] == want[i])
		i++;
	if (run->got_at == 0 && i < left)
		owner = find_owner(shared, all, count, &number);
	if (run->got_at == 0 && i < left && !owner)
		elsewhere = find_elsewhere(run);
	if (i == left)
		snprintf(buf, size,
		    "%zu bytes too many after the reply of %zu (doubled?)",
		    run->got_len - left, whole);
	else if (owner && owner != session)
		snprintf(buf, size,
		    "the reply is connection %u's, request %" PRIu64,
		    owner->x.id, number);
	else if (owner)
		snprintf(buf, size,
		    "the reply is that of its request %" PRIu64
		    " again (doubled)",
		    number);
	else if (elsewhere != UINT32_MAX)
		snprintf(buf, size, "the reply is connection %u's", elsewhere);
	else if (misses_a_byte(run, want, left, i))
		snprintf(buf, size, "byte %zu of %zu is missing",
		    run->got_at + i, whole);
	else
		snprintf(buf, size,
		    "byte %zu of %zu is 0x%02x, not 0x%02x (changed)",
		    run->got_at + i, whole, (unsigned char)run->got[i],
		    (unsigned char)want[i]);
}

char *
reply_diagnosis(const struct session_shared *shared,
    const struct session *session, const struct session *all, uint32_t count,
    char *buf, size_t size)
{
	const struct protocol_run *run = &shared->run;
	const struct exchange *x = &session->x;
	const char *want, *other;
	size_t whole;
	int len;

	if (!x->number) {
		snprintf(buf, size,
		    "connection %u: %zu bytes before any request", x->id,
		    run->got_len);
		return buf;
	}
	len = snprintf(buf, size, "connection %u, request %" PRIu64 ": ", x->id,
	    x->number);
	if (run->why[0]) {
		snprintf(buf + len, size - (size_t)len, "%s", run->why);
		return buf;
	}
	other =
	    run->got_at ? NULL : protocol_other(run, run->got, run->got_len);
	if (other) {
		snprintf(buf + len, size - (size_t)len, "%s", other);
		return buf;
	}
	want = run->protocol->expected(run, x, &whole);
	explain_bytes(shared, session, all, count, want, whole, buf + len,
	    size - (size_t)len);
	return buf;
}
