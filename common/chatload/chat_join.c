/* SPDX-License-Identifier: MIT */
/* chat_join: connects the members, and probes show that each is in the room. */
#include "common/chatload/chat_internal.h"

#include <errno.h>
#include <stdio.h>

#include "common/base/clock.h"

/* Connects in progress at once: below any usual backlog. */
#define CONNECTS 128
/* The pause between probes: it doubles each time, up to the maximum. */
#define PROBE_NS (10 * NS_PER_MS)
#define PROBE_MAX_NS (500 * NS_PER_MS)

static bool
all_joined(const struct chat_load *chat)
{
	return chat->joined == chat->members &&
	       chat->caught_up == chat->members - 1;
}

/*
 * Sends probes until all members have received one. When all have received the
 * latest, no probe is in flight any more.
 */
static void
probe_again(struct chat_load *chat, uint64_t now)
{
	uint64_t pause = PROBE_NS << (chat->probes < 10 ? chat->probes : 10);

	if (chat->joined < chat->members || chat->connections[0].out_len ||
	    (chat->probes && chat->probed == chat->members - 1)) {
		chat->probe_due = NEVER;
		return;
	}
	if (now < chat->probe_due && chat->probes)
		return;
	chat->probe_due = now + earlier(pause, PROBE_MAX_NS);
	chat->caught_up = 0;
	chat_message_write_probe(&chat->lines, ++chat->probes, chat->probe);
	chat_connection_send(
	    chat, &chat->connections[0], chat->probe, sizeof(chat->probe));
}

static int
explain_join(const struct chat_load *chat, char *why, size_t size)
{
	if (chat->failed)
		snprintf(why, size, "member %u could not join: %s",
		    chat->failed->id, chat->failed_text);
	else if (chat->joined < chat->members)
		snprintf(why, size,
		    "%u of %u members could not connect in time",
		    chat->members - chat->joined, chat->members);
	else
		snprintf(why, size,
		    "%u of %u members heard nothing in time: is this a chat "
		    "room?",
		    chat->members - 1 - chat->probed, chat->members - 1);
	errno = !chat->failed	     ? ETIMEDOUT
		: chat->failed_error ? chat->failed_error
				     : ECONNRESET;
	return -1;
}

int
chat_join_members(struct chat_load *chat, char *why, size_t size)
{
	uint64_t now, handled = 0;

	chat->last_join_ns = now_ns();
	while (!all_joined(chat) && !chat_is_stopped(chat)) {
		uint64_t limit;

		while (!chat->failed && chat->opened < chat->members &&
		       chat->opened - chat->joined < CONNECTS)
			chat_connection_send(
			    chat, &chat->connections[chat->opened++], "\n", 1);
		now = now_ns();
		if (!chat->failed)
			probe_again(chat, now);
		limit = chat_timeout_after(chat, chat->last_join_ns);
		if (chat->failed || handled >= limit)
			return explain_join(chat, why, size);
		chat->last_join_ns += chat_handle_until(
		    chat, earlier(limit, chat->probe_due), now);
		handled = now;
	}
	return 0;
}

void
chat_close_sender(struct chat_load *chat)
{
	struct chat_connection *conn = &chat->connections[0];
	uint64_t now = now_ns(), since = now;

	conn->role = CHAT_LEAVER;
	chat_connection_leave(conn);
	while (conn->fd >= 0 && now < chat_timeout_after(chat, since) &&
	       !chat_is_stopped(chat)) {
		since += chat_handle_until(
		    chat, chat_timeout_after(chat, since), now);
		now = now_ns();
	}
	chat_handle_pending(chat);
}
