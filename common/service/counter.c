/* SPDX-License-Identifier: MIT */
/*
 * counter: each line adds one to a number that all workers share, and the
 * answer is the new value.
 *
 * counter:unlocked omits the lock on purpose: between the load and the store of
 * one worker, another may do both, and one of the two additions is lost. Load
 * and store are atomic each, so the error is in the pair and no race detector
 * reports it.
 */
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/service/service.h"

enum { LOCKED, UNLOCKED };

/* The lock is held for nanoseconds, unless its holder is stopped. */
#define PATIENCE_NS (10 * NS_PER_MS)

/* "18446744073709551615\n" */
#define ANSWER_MAX 21

struct counter {
	_Atomic uint64_t value;
};

static int
counter_configure(const char *text, uint64_t *argument)
{
	*argument = text ? UNLOCKED : LOCKED;
	return !text || strcmp(text, "unlocked") == 0 ? 0 : -1;
}

static void
counter_hint(const char *text, size_t at, char *why, size_t size)
{
	(void)text;
	(void)at;
	snprintf(why, size, "write counter or counter:unlocked");
}

static size_t
counter_shared_size(const struct service_setup *setup)
{
	(void)setup;
	return sizeof(struct counter);
}

static uint64_t
add_unlocked(struct counter *counter, uint64_t window_ns)
{
	uint64_t value = atomic_load(&counter->value) + 1;

	if (window_ns)
		clock_wait_ns(window_ns); /* time for another worker to add */
	atomic_store(&counter->value, value);
	return value;
}

/*
 * A worker that dies in here has added one or not: nothing is to be repaired.
 * It may also be stopped in here. So no worker waits for long; after that,
 * without the lock, the exchange fails if another worker added meanwhile, and
 * is repeated.
 */
static uint64_t
add_locked(struct shared *shared, struct counter *counter)
{
	bool locked = shared_lock_within(shared, PATIENCE_NS);
	uint64_t value = atomic_load(&counter->value);

	while (
	    !atomic_compare_exchange_weak(&counter->value, &value, value + 1))
		continue;
	if (locked)
		shared_unlock(shared);
	return value + 1;
}

static int
answer(struct conn *conn, const struct service_setup *setup)
{
	struct counter *counter = (void *)setup->shared->memory;
	uint64_t value = setup->argument == UNLOCKED
			     ? add_unlocked(counter, setup->race_window_ns)
			     : add_locked(setup->shared, counter);
	char text[ANSWER_MAX + 1];
	int len = snprintf(text, sizeof(text), "%" PRIu64 "\n", value);

	return conn_write(conn, text, (size_t)len);
}

/* Answers the lines in BUF. Returns how many bytes of the next line are left,
 * or -1 if the connection has failed. */
static ssize_t
answer_lines(
    struct conn *conn, const struct service_setup *setup, char *buf, size_t len)
{
	const char *at = buf, *end = buf + len, *newline;

	while ((newline = memchr(at, '\n', (size_t)(end - at)))) {
		if (answer(conn, setup) < 0)
			return -1;
		at = newline + 1;
		/* The next request has begun if its first byte is here. */
		if (at < end)
			conn_request_within(conn, conn->request_timeout_ns);
		else
			conn_request_begin(conn);
	}
	return end - at;
}

static void
counter_serve(struct conn *conn, const struct service_context *context)
{
	char buf[4096];
	ssize_t n, rest = 0;

	conn_request_begin(conn);
	conn->leave = context->setup->closing_silent;
	while ((n = conn_read(conn, buf, sizeof(buf))) > 0) {
		rest = answer_lines(conn, context->setup, buf, (size_t)n);
		if (rest < 0)
			return;
		/* Between two requests, a drain may close the connection. */
		conn->leave = rest ? NULL : context->setup->draining;
	}
	/* The last line needs no line end, as in a datagram. */
	if (n == 0 && rest > 0)
		answer(conn, context->setup);
}

const struct service service_counter = {
    .name = "counter",
    .argument = "[:unlocked]",
    .summary = "adds one to a shared counter for each line",
    .serve = counter_serve,
    .full = "Server full, please try again later.\n",
    .datagrams = true,
    .configure = counter_configure,
    .hint = counter_hint,
    .shared_size = counter_shared_size,
};
