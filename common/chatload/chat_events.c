/* SPDX-License-Identifier: MIT */
/* chat_events: waits for events of all connections, with timeouts and stalls.
 */
#include "common/chatload/chat_internal.h"

#include <sys/epoll.h>

#include "common/base/clock.h"
#include "common/net/dial.h"

/* The longest wait in epoll: a signal may set *stop just before it; and a stall
 * shows only after it. */
#define MAX_WAIT_NS (20 * NS_PER_MS)
/* How often sockets are read before a message times out; and once more for each
 * CHAT_EVENTS members. */
#define FINAL_READS 64

uint64_t
chat_timeout_after(const struct chat_load *chat, uint64_t now)
{
	uint64_t timeout = chat->load->timeout_ns;

	return timeout > NEVER - now ? NEVER : now + timeout;
}

bool
chat_is_stopped(const struct chat_load *chat)
{
	return chat->plan->stop && *chat->plan->stop;
}

void
chat_handle_events(struct chat_load *chat, int count)
{
	for (int i = 0; i < count; i++)
		chat_connection_event(
		    chat, chat->events[i].data.ptr, chat->events[i].events);
}

uint64_t
chat_max_wait_ns(const struct chat_load *chat)
{
	return list_empty(&chat->retrying) ? MAX_WAIT_NS : DIAL_AGAIN_NS;
}

uint64_t
chat_handle_until(struct chat_load *chat, uint64_t due, uint64_t now)
{
	int n;
	uint64_t stall;

	due = earlier(due, now + chat_max_wait_ns(chat));
	n = epoll_wait(
	    chat->epoll, chat->events, CHAT_EVENTS, clock_timeout_ms(due, now));
	stall = stall_note(&chat->stall, now, due, now_ns());
	chat_handle_events(chat, n);
	chat_retry_connects(chat);
	return stall;
}

/* With a limit, because a server may send without end. */
void
chat_handle_pending(struct chat_load *chat)
{
	for (uint32_t i = chat->members / CHAT_EVENTS + FINAL_READS; i > 0;
	     i--) {
		int n = epoll_wait(chat->epoll, chat->events, CHAT_EVENTS, 0);

		if (n <= 0)
			break;
		chat_handle_events(chat, n);
	}
}
