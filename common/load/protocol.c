/* SPDX-License-Identifier: MIT */
/* protocol: the table of protocols, echo and hello, and the random bytes. */
#include "common/load/protocol.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OFFSETS 65536

/* ---- the random bytes ---- */

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

/* ---- what protocols have in common ---- */

enum reply_check
reply_wrong(struct protocol_run *run, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(run->why, sizeof(run->why), format, args);
	va_end(args);
	return REPLY_WRONG;
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
	return len < left ? REPLY_MORE : REPLY_WHOLE;
}

/* ---- echo ---- */

static void
slice_request(struct protocol_run *run, struct exchange *x)
{
	x->out = payload_request(&run->payload, x->id, x->number);
	x->out_len = run->payload.size;
}

static enum reply_check
echo_judge(
    struct protocol_run *run, struct exchange *x, const char *buf, size_t len)
{
	/* OUT still is the request: all of it was sent, and nothing since. */
	return reply_check_bytes(run, x, x->out, x->out_len, buf, len);
}

static const char *
echo_expected(
    const struct protocol_run *run, const struct exchange *x, size_t *len)
{
	*len = run->payload.size;
	return payload_request(&run->payload, x->id, x->number);
}

static const struct protocol protocol_echo = {
    .name = "echo",
    .summary = "every byte comes back (RFC 862)",
    .datagrams = true,
    .echoes = true,
    .sized = true,
    .request = slice_request,
    .judge = echo_judge,
    .expected = echo_expected,
};

/* ---- hello ---- */

static const char GREETING[] = "Hello, client!\n";

static enum reply_check
hello_judge(
    struct protocol_run *run, struct exchange *x, const char *buf, size_t len)
{
	return reply_check_bytes(
	    run, x, GREETING, sizeof(GREETING) - 1, buf, len);
}

static const char *
hello_expected(
    const struct protocol_run *run, const struct exchange *x, size_t *len)
{
	(void)run;
	(void)x;
	*len = sizeof(GREETING) - 1;
	return GREETING;
}

static const struct protocol protocol_hello = {
    .name = "hello",
    .summary = "a greeting comes back, then the end",
    .closes = true,
    .datagrams = true,
    .sized = true,
    .request = slice_request,
    .judge = hello_judge,
    .expected = hello_expected,
};

/* ---- chat ---- */

/* What chat_load.c runs needs no exchange. */
static const struct protocol protocol_chat = {
    .name = "chat",
    .summary = "a line from one member reaches all others",
    .room = true,
    .sized = true,
};

/* ---- all of them ---- */

const struct protocol *const PROTOCOLS[] = {
    &protocol_echo,
    &protocol_hello,
    &protocol_http,
    &protocol_ws,
    &protocol_counter,
    &protocol_chat,
    NULL,
};

const struct protocol *
protocol_find(const char *name)
{
	for (const struct protocol *const *p = PROTOCOLS; *p; p++) {
		if (strcmp((*p)->name, name) == 0)
			return *p;
	}
	return NULL;
}

int
protocol_open(struct protocol_run *run, size_t size, uint32_t connections)
{
	const struct protocol *p = run->protocol;

	run->connections = connections;
	if (p->own_size && !(run->states = calloc(connections, p->own_size)))
		return -1;
	if (p->sized && payload_init(&run->payload, size, connections) < 0)
		return -1;
	return p->open ? p->open(run) : 0;
}

void
protocol_close(struct protocol_run *run)
{
	if (run->protocol->close)
		run->protocol->close(run);
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
	    .own = run->states + id * run->protocol->own_size,
	};
}
