/* SPDX-License-Identifier: MIT */
/*
 * work: spin and sleep, echo after burning CPU or waiting, for each message
 * (what came together: a datagram, a TLS record, what one recv(2) brings).
 */
#include "common/base/clock.h"
#include "common/base/units.h"
#include "common/service/service.h"

#define WORK_MAX (3600 * NS_PER_S)

static int
work_configure(const char *text, uint64_t *argument)
{
	if (!text || parse_duration(text, argument) < 0)
		return -1;
	return *argument <= WORK_MAX ? 0 : -1;
}

/* CPU time of this worker, not the clock's: who waits for a CPU burns none. */
static void
spin(uint64_t ns)
{
	uint64_t end = clock_ns(CLOCK_THREAD_CPUTIME_ID) + ns;

	while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < end)
		continue;
}

static void
serve(struct conn *conn, uint64_t ns, void (*work)(uint64_t ns))
{
	char buf[4096];
	bool rest = false; /* of the same message */
	ssize_t n;

	while ((n = conn_read(conn, buf, sizeof(buf))) > 0) {
		if (!rest)
			work(ns);
		rest = conn_holds_input(conn);
		if (conn_write(conn, buf, (size_t)n) < 0)
			return;
	}
}

static void
spin_serve(struct conn *conn, const struct service_context *context)
{
	serve(conn, context->setup->argument, spin);
}

static void
sleep_serve(struct conn *conn, const struct service_context *context)
{
	serve(conn, context->setup->argument, wait_ns);
}

const struct service service_spin = {
    .name = "spin",
    .argument = "D",
    .summary = "echo, after burning D of CPU for each message",
    .serve = spin_serve,
    .full = "Server full, please try again later.\n",
    .datagrams = true,
    .configure = work_configure,
};

const struct service service_sleep = {
    .name = "sleep",
    .argument = "D",
    .summary = "echo, after waiting D for each message",
    .serve = sleep_serve,
    .full = "Server full, please try again later.\n",
    .datagrams = true,
    .configure = work_configure,
};
