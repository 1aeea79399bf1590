/* SPDX-License-Identifier: MIT */
/* chat_member: the loop of one member: input, output, sleep. */
#include "common/service/chat_member.h"

#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>

#include "common/base/log.h"
#include "common/service/chat_input.h"
#include "common/service/chat_output.h"

static void
drop(struct chat *c, unsigned code, const char *why)
{
	log_info("connection %" PRIu64 ": dropped from the room, %" PRIu64
		 " bytes behind: %s",
	    c->context->number, broadcast_behind(&c->member), why);
	chat_finish_output(c, code, why);
	c->conn->outcome = OUTCOME_FAILED;
}

/* Drops the client if it is too slow or the room refuses it. Returns whether it
 * did. */
static bool
was_dropped(struct chat *c)
{
	/* The client did not read, and the ring went on. */
	if (broadcast_lost(&c->member))
		drop(c, WEBSOCKET_POLICY,
		    "Too slow for this room: messages were lost.");
	else if (c->refused)
		drop(c, WEBSOCKET_TRY_AGAIN,
		    "This room is too busy; please try again later.");
	else
		return false;
	return true;
}

/*
 * A silent but living client answers the ping, and so is not idle. A dead one
 * gets no second ping, which would keep it alive.
 */
static void
ping_the_quiet(struct chat *c)
{
	if (c->conn->heard) {
		c->conn->heard = false;
		c->pinged = false;
	}
	if (c->ws && !c->pinged &&
	    conn_quiet_ns(c->conn) >= c->conn->idle_timeout_ns / 2)
		c->pinged = websocket_ping(c->ws) == 0;
}

/* The events to wait for. */
static short
events_wanted(const struct chat *c, bool blocked)
{
	bool full = c->ws && websocket_queued(c->ws) > WEBSOCKET_QUEUE_MAX;

	return (short)((c->held_text || full ? 0 : POLLIN) |
		       (blocked ? POLLOUT : 0));
}

/* Waits until the client sends or can be sent to, or another member publishes.
 * Returns as conn_wait(). */
static int
sleep_until_needed(struct chat *c)
{
	bool blocked = chat_output_waits(c);
	short events = events_wanted(c, blocked);
	uint64_t until = c->held_text ? c->held_until_ns : NEVER;
	int result;

	/* Even with something to do, poll the client: otherwise it is not heard
	 * in a room that never pauses. */
	if (!blocked && now_ns() < c->rests_until_ns)
		until = earlier(until, c->rests_until_ns);
	else
		until = earlier(until, broadcast_sleep(&c->member, blocked));
	/* While its message is held, the client is not idle. */
	if (c->held_text)
		conn_touch(c->conn);
	result = conn_wait(c->conn, events, until, &c->member.mask);
	broadcast_awake(&c->member);
	/* The client hung up, which poll(2) always reports. Its last message is
	 * still to be published; without this pause the loop would spin. */
	if (result > 0 && events == 0 && now_ns() < until)
		clock_wait_ns(NS_PER_MS);
	return result;
}

/* The server is draining. */
static void
say_goodbye(struct chat *c)
{
	chat_finish_output(
	    c, WEBSOCKET_GOING_AWAY, c->ws ? "The server is stopping." : NULL);
}

void
chat_converse(struct chat *c)
{
	/* Whether to look for input: not if only the room woke this worker. */
	int look = chat_make_out(c, CHAT_OUT_MIN) == 0 ? 1 : -1;

	while (look >= 0) {
		int more = look || c->held_text ? chat_take_input(c) : 0;

		if (more < 0)
			return;
		if (was_dropped(c))
			return;
		if (chat_give_output(c) < 0)
			return;
		if (*c->context->setup->draining) {
			say_goodbye(c);
			return;
		}
		if (c->ended && !more && !c->held_text) {
			chat_finish_output(c, WEBSOCKET_NORMAL, NULL);
			return;
		}
		look = more ? more : sleep_until_needed(c);
		if (look >= 0)
			ping_the_quiet(c);
	}
}

void
chat_join(struct chat *c, uint32_t tag)
{
	broadcast_join(&c->member, c->context->setup->shared, c->context,
	    c->ws ? BROADCAST_WEBSOCKET : BROADCAST_LINES, tag);
}

void
chat_leave(struct chat *c)
{
	broadcast_leave(&c->member);
	free(c->frame);
	free(c->out);
}
