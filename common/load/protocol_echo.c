/* SPDX-License-Identifier: MIT */
/* protocol_echo: echo and hello: the file to copy for a new protocol. */
#include "common/load/protocol.h"

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
	/* OUT still is the request: nothing was sent after it. */
	return reply_check_bytes(run, x, x->out, x->out_len, buf, len);
}

static const char *
echo_expected(
    const struct protocol_run *run, const struct exchange *x, size_t *len)
{
	*len = run->payload.size;
	return payload_request(&run->payload, x->id, x->number);
}

const struct protocol protocol_echo = {
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

const struct protocol protocol_hello = {
    .name = "hello",
    .summary = "a greeting comes back, then the end",
    .closes = true,
    .datagrams = true,
    .service = "hello",
    .sized = true,
    .request = slice_request,
    .judge = hello_judge,
    .expected = hello_expected,
};
