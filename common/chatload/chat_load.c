/* SPDX-License-Identifier: MIT */
/* chat_load: the loop of a run, and what comes before and after it. */
#include "common/chatload/chat_load.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/chatload/chat_internal.h"
#include "common/load/event_wait.h"
#include "common/sysinfo/proc_tree.h"

enum {
	/* The size of the ring: SLOTS_MAX messages, or RING_BYTES if that is
	 * less, but at least SLOTS_MIN messages. */
	SLOTS_MAX = 16384,
	SLOTS_MIN = 16,
	RING_BYTES = 8 << 20,
};

#define PROGRESS_NS (250 * NS_PER_MS)
/* A timeout of epoll is up to this late. With its own CPU, the client
 * busy-waits for the rest. */
#define SPIN_NS (60 * NS_PER_US)

/* ---- running ---- */

/* Whether to leave without waiting for messages in flight. */
static bool
abandoned(const struct chat_load *chat)
{
	return chat->plan->stop && *chat->plan->stop < 0;
}

static bool
run_is_open(const struct chat_load *chat)
{
	return chat->left && chat->now < chat->end_ns && !chat_is_stopped(chat);
}

static uint64_t
due_time(const struct chat_load *chat, uint64_t k)
{
	/* Computed from the start: a sum of intervals would add up their
	 * rounding errors. */
	return chat->start_ns +
	       (uint64_t)((double)k * (double)NS_PER_S / chat->load->rate);
}

/* Messages may time out before they are sent; their lines stay in the ring. */
static bool
ring_is_full(const struct chat_load *chat)
{
	return !chat->load->churn &&
	       (chat->in_flight.head + 1) * chat->load->size >
		   chat->bytes_sent + chat->in_flight.slots * chat->load->size;
}

static bool
may_begin_message(struct chat_load *chat)
{
	if (chat->backoff_until > chat->now || !chat->left ||
	    ring_is_full(chat))
		return false;
	if (chat->load->rate <= 0)
		return !chat->in_flight.under_way;
	return in_flight_has_room(&chat->in_flight) &&
	       (!chat->load->churn ||
		   chat->in_flight.under_way < CHAT_LOAD_GUESTS);
}

static void
begin_message(struct chat_load *chat, uint64_t due)
{
	uint64_t now = now_ns();
	uint64_t number = in_flight_begin(&chat->in_flight, due ? due : now,
	    now, chat->receivers, chat->load->churn);
	uint64_t slot = number % chat->in_flight.slots;
	struct chat_connection *guest;

	chat->left--;
	chat_message_write(&chat->lines, number, chat_line_of(chat, number));
	if (!chat->load->churn)
		return;
	memset(chat->has + slot * chat->has_row, 0,
	    chat->has_row * sizeof(chat->has[0]));
	in_flight_sent(&chat->in_flight, number, now);
	guest = &chat->guests[slot];
	chat_connection_reset(guest, chat->members, CHAT_GUEST);
	guest->number = number;
	chat_connection_send(
	    chat, guest, chat_line_of(chat, number), chat->load->size);
}

/* Begins all messages that may begin now. */
static void
begin_due(struct chat_load *chat)
{
	while (run_is_open(chat) && may_begin_message(chat)) {
		uint64_t due = 0;

		if (chat->load->rate > 0) {
			due = due_time(chat, chat->scheduled);
			if (due > now_ns() || due >= chat->end_ns)
				break;
			chat->scheduled++;
		}
		begin_message(chat, due);
	}
	if (!chat->load->churn)
		chat_send(chat);
}

/* Describes why message M, NUMBER, has timed out. */
static void
describe_missing(
    struct chat_load *chat, const struct in_flight_message *m, uint64_t number)
{
	char *words = chat->result->first_timed_out;

	if (words[0])
		return;
	if (!m->sent_ns) {
		chat_describe(words,
		    "message %" PRIu64 " could not be sent in time", number);
		return;
	}
	for (uint32_t i = 1; i < chat->members && m->missing; i++) {
		if (chat->connections[i].fd >= 0 &&
		    chat_misses(chat, &chat->connections[i], number))
			chat_describe(words,
			    "message %" PRIu64 " did not reach member %" PRIu32
			    " in time",
			    number, i);
	}
	if (!m->missing)
		chat_describe(words,
		    "message %" PRIu64 ": the server did not close its "
		    "sender's connection in time",
		    number);
}

static void
expire(struct chat_load *chat)
{
	bool handled = false;
	struct in_flight_message *m;
	uint64_t number;

	while ((m = in_flight_first(&chat->in_flight, &number)) &&
	       chat_timeout_after(chat, m->begun_ns) <= chat->now) {
		if (!handled) {
			chat_handle_pending(chat);
			handled = true;
			continue;
		}
		if (m->fault == IN_FLIGHT_NONE)
			describe_missing(chat, m, number);
		in_flight_time_out(&chat->in_flight, number);
		if (chat->load->churn)
			chat_connection_close(
			    &chat->guests[number % chat->in_flight.slots]);
	}
	/* The server has stopped reading, and no message is in flight. */
	if (!chat->in_flight.under_way && ring_is_full(chat) &&
	    chat->connections[0].fd >= 0)
		chat_connection_lose(chat, &chat->connections[0], ETIMEDOUT);
}

static uint64_t
next_deadline(struct chat_load *chat)
{
	uint64_t due = NEVER, number;
	const struct in_flight_message *m =
	    in_flight_first(&chat->in_flight, &number);

	if (m)
		due = chat_timeout_after(chat, m->begun_ns);
	if (chat->plan->progress)
		due = earlier(due, chat->progress_due);
	due = earlier(due, chat->now + chat_max_wait_ns(chat));
	if (!run_is_open(chat))
		return due;
	due = earlier(due, chat->end_ns);
	if (chat->backoff_until > chat->now)
		due = earlier(due, chat->backoff_until);
	else if (chat->load->rate > 0 && may_begin_message(chat))
		due = earlier(due, due_time(chat, chat->scheduled));
	return due;
}

static int
wait_for_events(struct chat_load *chat, uint64_t due, uint64_t now)
{
	/* A schedule needs nanoseconds. */
	due = due > now ? due - now : 0;
	if (chat->load->spin && chat->load->rate > 0)
		due = due > SPIN_NS ? due - SPIN_NS : 0;
	chat->spinning = chat->load->spin && chat->load->rate > 0 && due == 0;
	return event_wait(chat->epoll, chat->events, CHAT_EVENTS, due);
}

static void
step(struct chat_load *chat)
{
	uint64_t due = next_deadline(chat), before = now_ns();
	int n = wait_for_events(chat, due, before);

	chat->now = now_ns();
	in_flight_extend(
	    &chat->in_flight, stall_note(&chat->stall, before, due, chat->now));
	if (chat_is_stopped(chat))
		chat->end_ns = earlier(chat->end_ns, chat->now);
	if (chat->spinning && n == 0)
		chat->spun_ns += chat->now - before;
	chat_handle_events(chat, n);
	chat_retry_connects(chat);
	chat->now = now_ns();
	expire(chat);
	begin_due(chat);
	if (chat->plan->progress && chat->now >= chat->progress_due) {
		chat->plan->progress(chat->plan->progress_context, chat->result,
		    chat->now - chat->start_ns);
		chat->progress_due = chat->now + PROGRESS_NS;
	}
}

/*
 * The end of the time that a rate refers to. Time without a delivery counts;
 * time after the end of the run counts only up to the last delivery. In an open
 * loop of N messages, the interval after the last one counts like the others.
 */
static uint64_t
span_end(const struct chat_load *chat)
{
	uint64_t end = chat->now, due;

	if (chat->load->rate > 0 && chat->scheduled == chat->plan->requests) {
		due = due_time(chat, chat->scheduled);
		end = due > end ? due : end;
	}
	end = earlier(end, chat->end_ns);
	return chat->in_flight.last_ns > end ? chat->in_flight.last_ns : end;
}

/* Open loop: the messages that were due before the end and not sent. */
static uint64_t
count_unsent(const struct chat_load *chat)
{
	uint64_t until = earlier(chat->now, chat->end_ns) - chat->start_ns;
	uint64_t due = (uint64_t)((double)until * chat->load->rate / 1e9);

	return chat->load->rate > 0 && chat->left && due > chat->scheduled
		   ? due - chat->scheduled
		   : 0;
}

static void
run(struct chat_load *chat)
{
	uint64_t cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	uint64_t waited = proc_tree_waited_ns(), end;
	struct load_result *result = chat->result;

	stall_end(&chat->stall, result); /* of the joining */
	stall_begin(&chat->stall);
	chat->phase = RUNNING;
	chat->now = chat->start_ns = now_ns();
	chat->progress_due = chat->now + PROGRESS_NS;
	chat->end_ns = chat->plan->duration_ns > NEVER - chat->now
			   ? NEVER
			   : chat->now + chat->plan->duration_ns;
	chat->left = chat->plan->requests;
	begin_due(chat);
	while ((chat->in_flight.under_way && !abandoned(chat)) ||
	       run_is_open(chat))
		step(chat);
	end = span_end(chat);
	if (chat->in_flight.first_ns && end > chat->in_flight.first_ns)
		result->span_ns += end - chat->in_flight.first_ns;
	result->unsent += count_unsent(chat);
	result->wall_ns += now_ns() - chat->start_ns;
	/* Busy-waiting is no work. */
	cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	result->cpu_ns += cpu > chat->spun_ns ? cpu - chat->spun_ns : 0;
	result->wait_ns += proc_tree_waited_ns() - waited;
}

/* ---- leaving ---- */

static bool
any_open(const struct chat_load *chat)
{
	for (uint32_t i = 0; i < chat->members; i++) {
		if (chat->connections[i].fd >= 0)
			return true;
	}
	return false;
}

/* Only the end of file proves that no message came twice. */
static void
finish(struct chat_load *chat)
{
	uint64_t now = now_ns(), since = now;

	chat->phase = FINISHING;
	for (uint32_t i = 0; i < chat->members; i++)
		chat_connection_leave(&chat->connections[i]);
	while (any_open(chat) && now < chat_timeout_after(chat, since) &&
	       !chat_is_stopped(chat)) {
		since += chat_handle_until(
		    chat, chat_timeout_after(chat, since), now);
		now = now_ns();
	}
	chat_handle_pending(chat);
}

/* ---- open, close ---- */

static uint64_t
slots_for(uint64_t size)
{
	uint64_t slots = RING_BYTES / size;

	return slots < SLOTS_MIN ? SLOTS_MIN : earlier(slots, SLOTS_MAX);
}

static void
close_chat(struct chat_load *chat)
{
	for (uint32_t i = 0; chat->connections && i < chat->members; i++) {
		chat_connection_close(&chat->connections[i]);
		free(chat->connections[i].partial);
	}
	for (uint64_t i = 0; chat->guests && i < chat->in_flight.slots; i++) {
		chat_connection_close(&chat->guests[i]);
		free(chat->guests[i].partial);
	}
	if (chat->epoll >= 0)
		close(chat->epoll);
	stall_close(&chat->stall);
	in_flight_release(&chat->in_flight);
	chat_messages_release(&chat->lines);
	free(chat->connections);
	free(chat->guests);
	free(chat->events);
	free(chat->buffer);
	free(chat->ring);
	free(chat->has);
	free(chat->scratch);
}

/* Allocates the ring, and what has an element for each of its slots. */
static int
allocate_ring(struct chat_load *chat)
{
	uint64_t size = chat->load->size, slots = slots_for(size);

	if (in_flight_init(&chat->in_flight, slots, chat->load->rate > 0,
		chat->result) < 0)
		return -1;
	chat->ring = malloc(slots * size);
	chat->scratch = malloc(size);
	chat->bytes_sent = size;
	if (!chat->ring || !chat->scratch)
		return -1;
	if (!chat->load->churn)
		return 0;
	chat->has_row = chat->members / 64 + 1;
	chat->has = calloc(slots, chat->has_row * sizeof(chat->has[0]));
	chat->guests = calloc(slots, sizeof(chat->guests[0]));
	for (uint64_t i = 0; chat->guests && i < slots; i++)
		chat->guests[i].fd = -1;
	return chat->has && chat->guests ? 0 : -1;
}

/* Returns 0, or -1 with errno. The caller calls close_chat() in any case. */
static int
open_chat(struct chat_load *chat, const struct chat_load_plan *plan,
    struct load_result *result)
{
	uint32_t run_id = 0;

	*chat = (struct chat_load){
	    .plan = plan,
	    .load = plan->load,
	    .result = result,
	    .members = plan->load->connections,
	    .receivers = plan->load->connections - 1,
	    .epoll = epoll_create1(EPOLL_CLOEXEC),
	};
	list_init(&chat->retrying);
	/* By default the kernel may delay a timer by 50 us (prctl(2)). */
	prctl(PR_SET_TIMERSLACK, 1);
	stall_open(&chat->stall);
	/* It distinguishes the lines of this run from those of others. */
	if (getrandom(&run_id, sizeof(run_id), 0) < 0)
		run_id = (uint32_t)now_ns();
	chat->connections = calloc(chat->members, sizeof(chat->connections[0]));
	for (uint32_t i = 0; chat->connections && i < chat->members; i++)
		chat_connection_reset(
		    &chat->connections[i], i, i ? CHAT_RECEIVER : CHAT_SENDER);
	chat->events = calloc(CHAT_EVENTS, sizeof(chat->events[0]));
	chat->buffer = malloc(CHAT_LOAD_BUFFER);
	if (chat->epoll < 0 || !chat->connections || !chat->events ||
	    !chat->buffer ||
	    chat_messages_init(&chat->lines, chat->load->size, run_id) < 0)
		return -1;
	return allocate_ring(chat);
}

static int
check_plan(const struct load_plan *load, char *why, size_t size)
{
	errno = EINVAL;
	if (load->connections < CHAT_LOAD_MEMBERS_MIN) {
		snprintf(why, size, "a chat room needs %d members at least",
		    CHAT_LOAD_MEMBERS_MIN);
		return -1;
	}
	if (load->size < CHAT_MESSAGE_MIN || load->size > CHAT_MESSAGE_MAX) {
		snprintf(why, size,
		    "a line of a chat room has %zu to %zu bytes here",
		    CHAT_MESSAGE_MIN, CHAT_MESSAGE_MAX);
		return -1;
	}
	return 0;
}

uint64_t
chat_load_descriptors(const struct load_plan *load)
{
	return load->connections +
	       (load->churn ? (uint64_t)CHAT_LOAD_GUESTS : 0);
}

int
chat_load_run(const struct chat_load_plan *plan, struct load_result *result,
    char *why, size_t size)
{
	struct chat_load chat;
	int saved, status;

	if (check_plan(plan->load, why, size) < 0)
		return -1;
	status = open_chat(&chat, plan, result);
	if (status < 0)
		snprintf(why, size, "%s", strerror(errno));
	else
		status = chat_join_members(&chat, why, size);
	if (status == 0) {
		if (plan->load->churn)
			chat_close_sender(&chat);
		run(&chat);
		finish(&chat);
		stall_end(&chat.stall, result);
	}
	saved = errno;
	close_chat(&chat);
	errno = saved;
	return status;
}
