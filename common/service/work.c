/* SPDX-License-Identifier: MIT */
/*
 * work: spin and sleep, which burn CPU time or wait before they echo a message
 * (message.h). No timeout runs meanwhile: a conn checks its timeouts only while
 * it waits for the client.
 */
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/hint.h"
#include "common/base/units.h"
#include "common/service/message.h"
#include "common/service/service.h"

#define WORK_MAX (3600 * NS_PER_S)

/* Rounds between two readings of the clock: under 1 us. */
#define ROUNDS 500

static int
work_configure(const char *text, uint64_t *argument)
{
	if (!text || parse_duration(text, argument) < 0)
		return -1;
	return *argument <= WORK_MAX ? 0 : -1;
}

static void
work_hint(const char *text, size_t at, char *why, size_t size)
{
	uint64_t ns;

	if (parse_duration(text + at, &ns) == 0)
		snprintf(why, size, "it is longer than 1h");
	else
		hint_part(QUANTITY_DURATION, text, at, strlen(text + at), 0,
		    WORK_MAX, why, size);
}

/* The most rounds between two readings of the clock: little is burnt in excess
 * if the CPU slows down. */
#define STRETCH_NS (10 * NS_PER_US)

/* How many rounds burn LEFT, if DONE rounds took USED. */
static uint64_t
rounds_for(uint64_t left, uint64_t done, uint64_t used)
{
	uint64_t rounds;

	if (left > STRETCH_NS)
		left = STRETCH_NS;
	rounds = used ? done * left / used : 0;
	return rounds > ROUNDS ? rounds : ROUNDS;
}

/*
 * Burns CPU time of this worker; waiting for a CPU does not count. Reading that
 * clock is a system call that costs a thousand rounds, and the program is to
 * burn the time, not the kernel. So it reads the clock only as often as needed
 * to end in time. USED includes these calls, so a stretch may be a little too
 * short, not too long.
 */
static void
spin(uint64_t ns)
{
	uint64_t start = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	uint64_t used = 0, done = 0;

	while (used < ns) {
		uint64_t rounds = rounds_for(ns - used, done, used);

		for (volatile uint64_t i = 0; i < rounds; i++)
			continue;
		done += rounds;
		used = clock_ns(CLOCK_THREAD_CPUTIME_ID) - start;
	}
}

static void
spin_work(const struct service_context *context)
{
	spin(context->setup->argument);
}

static void
sleep_work(const struct service_context *context)
{
	clock_wait_ns(context->setup->argument);
}

static void
spin_serve(struct conn *conn, const struct service_context *context)
{
	message_echo(conn, context, spin_work);
}

static void
sleep_serve(struct conn *conn, const struct service_context *context)
{
	message_echo(conn, context, sleep_work);
}

const struct service service_spin = {
    .name = "spin",
    .argument = "D",
    .summary = "echo, after burning D of CPU for each message",
    .serve = spin_serve,
    .full = "Server full, please try again later.\n",
    .datagrams = true,
    .configure = work_configure,
    .missing = "the duration is missing: write spin:1ms",
    .hint = work_hint,
};

const struct service service_sleep = {
    .name = "sleep",
    .argument = "D",
    .summary = "echo, after waiting D for each message",
    .serve = sleep_serve,
    .full = "Server full, please try again later.\n",
    .datagrams = true,
    .configure = work_configure,
    .missing = "the duration is missing: write sleep:1ms",
    .hint = work_hint,
};
