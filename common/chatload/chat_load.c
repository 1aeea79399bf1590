/* SPDX-License-Identifier: MIT */
/* chat_load: join, run, leave. */
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
#include "common/load/event_wait.h"
#include "common/sysinfo/proc_tree.h"
#include "common/chatload/chat_internal.h"
#include "common/net/dial.h"

enum {
	EVENTS = 512,
	/* Connects under way at once: well below any backlog. */
	CONNECTS = 128,
	/* What the ring of sent lines may hold: messages, or bytes if that is
	 * less, but some in any case. */
	SLOTS_MAX = 16384,
	SLOTS_MIN = 16,
	RING_BYTES = 8 << 20,
};

#define PROGRESS_NS (250 * NS_PER_MS)
/* The longest wait: a signal that sets *stop just before does not end it; and
 * the longer it may be, the later shows that we stood still. */
#define TURN_NS (20 * NS_PER_MS)
/* So often, and once for each EVENTS members, sockets are read before a message
 * times out. */
#define LAST_LOOKS 64
/* epoll's timer comes up to this much late; on a CPU of our own we wait the
 * rest out in a spin. */
#define SPIN_NS (60 * NS_PER_US)
/* Between probes: the first pause, then twice as much each time. */
#define PROBE_NS (10 * NS_PER_MS)
#define PROBE_MAX_NS (500 * NS_PER_MS)

static void
handle_all(struct chat_load *r, int count)
{
	for (int i = 0; i < count; i++)
		chat_connection_event(
		    r, r->events[i].data.ptr, r->events[i].events);
}

/* ---- joining ---- */

static uint64_t
timeout_after(const struct chat_load *r, uint64_t now)
{
	uint64_t timeout = r->load->timeout_ns;

	return timeout > NEVER - now ? NEVER : now + timeout;
}

static bool
stopped(const struct chat_load *r)
{
	return r->plan->stop && *r->plan->stop;
}

/* Nobody waits for what is under way. */
static bool
abandoned(const struct chat_load *r)
{
	return r->plan->stop && *r->plan->stop < 0;
}

static uint64_t
think_ns(const struct chat_load *r)
{
	return list_empty(&r->retrying) ? TURN_NS : DIAL_AGAIN_NS;
}

/* What happens from NOW until DUE, or a little earlier. Returns for how long we
 * stood still. Who then takes NOW for the time has seen all that came before.
 */
static uint64_t
handle_until(struct chat_load *r, uint64_t due, uint64_t now)
{
	int n;
	uint64_t stall;

	due = earlier(due, now + think_ns(r));
	n = epoll_wait(r->epoll, r->events, EVENTS, clock_timeout_ms(due, now));
	stall = stall_note(&r->stall, now, due, now_ns());
	handle_all(r, n);
	chat_retry_connects(r);
	return stall;
}

/* What is there, as far as that has an end. */
static void
handle_what_came(struct chat_load *r)
{
	for (uint32_t i = r->members / EVENTS + LAST_LOOKS; i > 0; i--) {
		int n = epoll_wait(r->epoll, r->events, EVENTS, 0);

		if (n <= 0)
			break;
		handle_all(r, n);
	}
}

static bool
all_joined(const struct chat_load *r)
{
	return r->entered == r->members && r->caught == r->members - 1;
}

/*
 * Probes go out until all members have got one. Then none is on its way any
 * more once all have got the latest.
 */
static void
probe_again(struct chat_load *r, uint64_t now)
{
	uint64_t pause = PROBE_NS << (r->probes < 10 ? r->probes : 10);

	if (r->entered < r->members || r->connections[0].out_len ||
	    (r->probes && r->heard == r->members - 1)) {
		r->probe_due = NEVER;
		return;
	}
	if (now < r->probe_due && r->probes)
		return;
	r->probe_due = now + earlier(pause, PROBE_MAX_NS);
	r->caught = 0;
	chat_message_write_probe(&r->lines, ++r->probes, r->probe);
	chat_connection_say(r, &r->connections[0], r->probe, sizeof(r->probe));
}

static int
explain_join(const struct chat_load *r, char *why, size_t size)
{
	if (r->lost)
		snprintf(why, size, "member %u could not join: %s", r->lost->id,
		    r->lost_words);
	else if (r->entered < r->members)
		snprintf(why, size,
		    "%u of %u members could not connect in time",
		    r->members - r->entered, r->members);
	else
		snprintf(why, size,
		    "%u of %u members heard nothing in time: is this a chat "
		    "room?",
		    r->members - 1 - r->heard, r->members - 1);
	errno = !r->lost	? ETIMEDOUT
		: r->lost_error ? r->lost_error
				: ECONNRESET;
	return -1;
}

/* Returns 0, or -1 with errno and WHY. */
static int
join(struct chat_load *r, char *why, size_t size)
{
	uint64_t now, looked = 0;

	r->moved = now_ns();
	while (!all_joined(r) && !stopped(r)) {
		uint64_t limit;

		while (!r->lost && r->opened < r->members &&
		       r->opened - r->entered < CONNECTS)
			chat_connection_say(
			    r, &r->connections[r->opened++], "\n", 1);
		now = now_ns();
		if (!r->lost)
			probe_again(r, now);
		limit = timeout_after(r, r->moved);
		if (r->lost || looked >= limit)
			return explain_join(r, why, size);
		r->moved += handle_until(r, earlier(limit, r->probe_due), now);
		looked = now;
	}
	return 0;
}

/*
 * Member 0 has shown who is there, and the guests do its work. If it is not
 * let go, neither will they be, and that counts.
 */
static void
let_sender_go(struct chat_load *r)
{
	struct chat_connection *p = &r->connections[0];
	uint64_t now = now_ns(), since = now;

	p->role = LEAVER;
	chat_connection_leave(p);
	while (p->fd >= 0 && now < timeout_after(r, since) && !stopped(r)) {
		since += handle_until(r, timeout_after(r, since), now);
		now = now_ns();
	}
	handle_what_came(r);
}

/* ---- running ---- */

static bool
beginning(const struct chat_load *r)
{
	return r->left && r->now < r->end_ns && !stopped(r);
}

static uint64_t
due_of(const struct chat_load *r, uint64_t k)
{
	/* From the start each time: adding intervals up would add up their
	 * rounding. */
	return r->start_ns +
	       (uint64_t)((double)k * (double)NS_PER_S / r->load->rate);
}

/* Messages may time out while they wait to be sent; their lines stay. */
static bool
ring_is_full(const struct chat_load *r)
{
	return !r->load->churn &&
	       (r->in_flight.head + 1) * r->load->size >
		   r->wired + r->in_flight.slots * r->load->size;
}

static bool
may_begin(struct chat_load *r)
{
	if (r->rest_until > r->now || !r->left || ring_is_full(r))
		return false;
	if (r->load->rate <= 0)
		return !r->in_flight.under_way;
	return in_flight_has_room(&r->in_flight) &&
	       (!r->load->churn || r->in_flight.under_way < CHAT_LOAD_GUESTS);
}

static void
begin_message(struct chat_load *r, uint64_t due)
{
	uint64_t now = now_ns();
	uint64_t number = in_flight_begin(
	    &r->in_flight, due ? due : now, now, r->receivers, r->load->churn);
	uint64_t slot = number % r->in_flight.slots;
	struct chat_connection *guest;

	r->left--;
	chat_message_write(&r->lines, number, chat_line_of(r, number));
	if (!r->load->churn)
		return;
	memset(r->has + slot * r->has_row, 0, r->has_row * sizeof(r->has[0]));
	in_flight_sent(&r->in_flight, number, now);
	guest = &r->guests[slot];
	chat_connection_reset(guest, r->members, GUEST);
	guest->number = number;
	chat_connection_say(r, guest, chat_line_of(r, number), r->load->size);
}

/* Begins what may begin now. */
static void
begin_due(struct chat_load *r)
{
	while (beginning(r) && may_begin(r)) {
		uint64_t due = 0;

		if (r->load->rate > 0) {
			due = due_of(r, r->scheduled);
			if (due > now_ns() || due >= r->end_ns)
				break;
			r->scheduled++;
		}
		begin_message(r, due);
	}
	if (!r->load->churn)
		chat_send(r);
}

/* M is NUMBER and has timed out: who lacks it? */
static void
describe_lacking(
    struct chat_load *r, const struct in_flight_message *m, uint64_t number)
{
	char *words = r->result->first_timed_out;

	if (words[0])
		return;
	if (!m->sent_ns) {
		chat_describe(words,
		    "message %" PRIu64 " could not be sent in time", number);
		return;
	}
	for (uint32_t i = 1; i < r->members && m->lacking; i++) {
		if (r->connections[i].fd >= 0 &&
		    chat_lacks(r, &r->connections[i], number))
			chat_describe(words,
			    "message %" PRIu64 " did not reach member %" PRIu32
			    " in time",
			    number, i);
	}
	if (!m->lacking)
		chat_describe(words,
		    "message %" PRIu64 ": its sender was not let go of in time",
		    number);
}

static void
expire(struct chat_load *r)
{
	bool looked = false;
	struct in_flight_message *m;
	uint64_t number;

	while ((m = in_flight_first(&r->in_flight, &number)) &&
	       timeout_after(r, m->begun_ns) <= r->now) {
		if (!looked) {
			handle_what_came(r);
			looked = true;
			continue;
		}
		if (m->fault == FAULT_NONE)
			describe_lacking(r, m, number);
		in_flight_time_out(&r->in_flight, number);
		if (r->load->churn)
			chat_connection_close(
			    &r->guests[number % r->in_flight.slots]);
	}
	/* The server does not read any more, and there is nothing to wait for.
	 */
	if (!r->in_flight.under_way && ring_is_full(r) &&
	    r->connections[0].fd >= 0)
		chat_connection_lose(r, &r->connections[0], ETIMEDOUT);
}

static uint64_t
next_deadline(struct chat_load *r)
{
	uint64_t due = NEVER, number;
	const struct in_flight_message *m =
	    in_flight_first(&r->in_flight, &number);

	if (m)
		due = timeout_after(r, m->begun_ns);
	if (r->plan->progress)
		due = earlier(due, r->progress_due);
	due = earlier(due, r->now + think_ns(r));
	if (!beginning(r))
		return due;
	due = earlier(due, r->end_ns);
	if (r->rest_until > r->now)
		due = earlier(due, r->rest_until);
	else if (r->load->rate > 0 && may_begin(r))
		due = earlier(due, due_of(r, r->scheduled));
	return due;
}

/* From NOW. */
static int
wait_for_events(struct chat_load *r, uint64_t due, uint64_t now)
{
	/* Milliseconds are too coarse for a schedule. */
	due = due > now ? due - now : 0;
	if (r->load->spin && r->load->rate > 0)
		due = due > SPIN_NS ? due - SPIN_NS : 0;
	r->spinning = r->load->spin && r->load->rate > 0 && due == 0;
	return event_wait(r->epoll, r->events, EVENTS, due);
}

static void
step(struct chat_load *r)
{
	uint64_t due = next_deadline(r), before = now_ns();
	int n = wait_for_events(r, due, before);

	r->now = now_ns();
	in_flight_excuse(
	    &r->in_flight, stall_note(&r->stall, before, due, r->now));
	if (stopped(r))
		r->end_ns = earlier(r->end_ns, r->now);
	if (r->spinning && n == 0)
		r->spun_ns += r->now - before;
	handle_all(r, n);
	chat_retry_connects(r);
	r->now = now_ns();
	expire(r);
	begin_due(r);
	if (r->plan->progress && r->now >= r->progress_due) {
		r->plan->progress(
		    r->plan->progress_context, r->result, r->now - r->start_ns);
		r->progress_due = r->now + PROGRESS_NS;
	}
}

/*
 * Where the time ends over which the rate is. Without a delivery it goes on;
 * but what is waited for after the end counts only if it comes. The last of N
 * messages has its interval as each before it has.
 */
static uint64_t
span_end(const struct chat_load *r)
{
	uint64_t end = r->now, due;

	if (r->load->rate > 0 && r->scheduled == r->plan->requests) {
		due = due_of(r, r->scheduled);
		end = due > end ? due : end;
	}
	end = earlier(end, r->end_ns);
	return r->in_flight.last_ns > end ? r->in_flight.last_ns : end;
}

static void
run(struct chat_load *r)
{
	uint64_t cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	uint64_t waited = proc_tree_waited_ns(), end;
	struct load_result *result = r->result;

	stall_end(&r->stall, result); /* of the joining */
	stall_begin(&r->stall);
	r->phase = RUNNING;
	r->now = r->start_ns = now_ns();
	r->progress_due = r->now + PROGRESS_NS;
	r->end_ns = r->plan->duration_ns > NEVER - r->now
			? NEVER
			: r->now + r->plan->duration_ns;
	r->left = r->plan->requests;
	begin_due(r);
	while ((r->in_flight.under_way && !abandoned(r)) || beginning(r))
		step(r);
	end = span_end(r);
	if (r->in_flight.first_ns && end > r->in_flight.first_ns)
		result->span_ns += end - r->in_flight.first_ns;
	if (r->load->rate > 0 && r->left) {
		uint64_t until = earlier(r->now, r->end_ns) - r->start_ns;
		uint64_t due = (uint64_t)((double)until * r->load->rate / 1e9);

		if (due > r->scheduled)
			result->unsent += due - r->scheduled;
	}
	result->wall_ns += now_ns() - r->start_ns;
	/* Time spun away is not work, and would not have been missed. */
	cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	result->cpu_ns += cpu > r->spun_ns ? cpu - r->spun_ns : 0;
	result->wait_ns += proc_tree_waited_ns() - waited;
}

/* ---- leaving ---- */

static bool
any_open(const struct chat_load *r)
{
	for (uint32_t i = 0; i < r->members; i++) {
		if (r->connections[i].fd >= 0)
			return true;
	}
	return false;
}

/* Only the end of file proves that nothing more comes, twice or late. */
static void
finish(struct chat_load *r)
{
	uint64_t now = now_ns(), since = now;

	r->phase = FINISHING;
	for (uint32_t i = 0; i < r->members; i++)
		chat_connection_leave(&r->connections[i]);
	while (any_open(r) && now < timeout_after(r, since) && !stopped(r)) {
		since += handle_until(r, timeout_after(r, since), now);
		now = now_ns();
	}
	handle_what_came(r);
}

/* ---- open, close ---- */

static uint64_t
slots_for(uint64_t size)
{
	uint64_t slots = RING_BYTES / size;

	return slots < SLOTS_MIN ? SLOTS_MIN : earlier(slots, SLOTS_MAX);
}

static void
close_room(struct chat_load *r)
{
	for (uint32_t i = 0; r->connections && i < r->members; i++) {
		chat_connection_close(&r->connections[i]);
		free(r->connections[i].partial);
	}
	for (uint64_t i = 0; r->guests && i < r->in_flight.slots; i++) {
		chat_connection_close(&r->guests[i]);
		free(r->guests[i].partial);
	}
	if (r->epoll >= 0)
		close(r->epoll);
	stall_close(&r->stall);
	in_flight_release(&r->in_flight);
	chat_messages_release(&r->lines);
	free(r->connections);
	free(r->guests);
	free(r->events);
	free(r->buffer);
	free(r->ring);
	free(r->has);
	free(r->scratch);
}

/* Memory in order of the window's slots. */
static int
open_window(struct chat_load *r)
{
	uint64_t size = r->load->size, slots = slots_for(size);

	if (in_flight_init(&r->in_flight, slots, r->load->rate > 0, r->result) <
	    0)
		return -1;
	r->ring = malloc(slots * size);
	r->scratch = malloc(size);
	r->wired = size;
	if (!r->ring || !r->scratch)
		return -1;
	if (!r->load->churn)
		return 0;
	r->has_row = r->members / 64 + 1;
	r->has = calloc(slots, r->has_row * sizeof(r->has[0]));
	r->guests = calloc(slots, sizeof(r->guests[0]));
	for (uint64_t i = 0; r->guests && i < slots; i++)
		r->guests[i].fd = -1;
	return r->has && r->guests ? 0 : -1;
}

/* Returns 0, or -1 with errno; close_room() in any case. */
static int
open_room(struct chat_load *r, const struct chat_load_plan *plan,
    struct load_result *result)
{
	uint32_t run_id = 0;

	*r = (struct chat_load){
	    .plan = plan,
	    .load = plan->load,
	    .result = result,
	    .members = plan->load->connections,
	    .receivers = plan->load->connections - 1,
	    .epoll = epoll_create1(EPOLL_CLOEXEC),
	};
	list_init(&r->retrying);
	/* Timers fire up to 50 us late to save wake-ups; ours must not. */
	prctl(PR_SET_TIMERSLACK, 1);
	stall_open(&r->stall);
	/* It only tells this run's lines from those of another. */
	if (getrandom(&run_id, sizeof(run_id), 0) < 0)
		run_id = (uint32_t)now_ns();
	r->connections = calloc(r->members, sizeof(r->connections[0]));
	for (uint32_t i = 0; r->connections && i < r->members; i++)
		chat_connection_reset(
		    &r->connections[i], i, i ? RECEIVER : SENDER);
	r->events = calloc(EVENTS, sizeof(r->events[0]));
	r->buffer = malloc(CHAT_LOAD_BUFFER);
	if (r->epoll < 0 || !r->connections || !r->events || !r->buffer ||
	    chat_messages_init(&r->lines, r->load->size, run_id) < 0)
		return -1;
	return open_window(r);
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
	status = open_room(&chat, plan, result);
	if (status < 0)
		snprintf(why, size, "%s", strerror(errno));
	else
		status = join(&chat, why, size);
	if (status == 0) {
		if (plan->load->churn)
			let_sender_go(&chat);
		run(&chat);
		finish(&chat);
		stall_end(&chat.stall, result);
	}
	saved = errno;
	close_room(&chat);
	errno = saved;
	return status;
}
