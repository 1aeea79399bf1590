/* SPDX-License-Identifier: MIT */
/* protocol: what the protocols share. */
#include "common/load/protocol.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum reply_check
reply_wrong(struct protocol_run *run, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(run->why, sizeof(run->why), format, args);
	va_end(args);
	return REPLY_WRONG;
}

const char *
protocol_other(const struct protocol_run *run, const char *at, size_t len)
{
	/* A record of an alert or a handshake (RFC 8446 5.1). */
	if (!run->tls && len > 1 && (at[0] == 0x15 || at[0] == 0x16) &&
	    at[1] == 3)
		return "the server speaks TLS: give https:// or tls: before "
		       "HOST:PORT";
	if (!run->protocol->path && len > 6 && memcmp(at, "HTTP/1.", 7) == 0)
		return "the server speaks HTTP: give --protocol http, or a URL";
	return NULL;
}

enum reply_check
reply_check_bytes(struct protocol_run *run, struct exchange *x,
    const char *want, size_t size, const char *buf, size_t len)
{
	size_t left = size - x->received;

	if (len > left || memcmp(buf, want + x->received, len) != 0) {
		run->why[0] = '\0';
		run->got = buf;
		run->got_len = len;
		run->got_at = x->received;
		return REPLY_WRONG;
	}
	x->received += len;
	return len < left ? REPLY_MORE : REPLY_COMPLETE;
}

int
protocol_open(struct protocol_run *run, size_t size, uint32_t connections)
{
	const struct protocol *p = run->protocol;

	run->connections = connections;
	if (!run->all)
		run->all = connections;
	if (!run->http)
		run->http = &http_plan_usual;
	run->idempotent = p->idempotent && http_plan_is_idempotent(run->http);
	if (p->own_size && !(run->states = calloc(connections, p->own_size)))
		return -1;
	if (p->sized && !run->payload_is_lent &&
	    payload_init(&run->payload, size, run->all) < 0)
		return -1;
	return p->open ? p->open(run) : 0;
}

void
protocol_close(struct protocol_run *run)
{
	if (run->protocol->close)
		run->protocol->close(run);
	if (!run->payload_is_lent)
		payload_release(&run->payload);
	free(run->states);
	run->states = NULL;
}

void
exchange_init(
    struct exchange *exchange, const struct protocol_run *run, uint32_t id)
{
	*exchange = (struct exchange){
	    .id = id,
	    .requests =
		run->payload.table ? payload_requests(&run->payload, id) : NULL,
	    .own = run->states +
		   (size_t)(id - run->first) * run->protocol->own_size,
	};
}
