/* SPDX-License-Identifier: MIT */
/* timeline: events, sorted by lane, and the phase that each of them begins. */
#include "common/trace/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/net/conn.h"

static void *
must(void *memory)
{
	if (!memory)
		die(1, "out of memory");
	return memory;
}

uint64_t
timeline_at(const struct timeline *timeline, const struct trace_record *event)
{
	/* NOLINTNEXTLINE(*-core.*): a lane has as many as it says */
	return event->time_ns - timeline->begin_ns;
}

uint64_t
timeline_spawn_end(
    const struct timeline *timeline, const struct trace_record *spawn)
{
	uint64_t at = timeline_at(timeline, spawn);

	return spawn->value < timeline->span - at ? at + spawn->value
						  : timeline->span;
}

/* ---- kinds of events ---- */

/* Recorded by the accept loop, and so not with the worker's pid. */
static bool
is_loops(enum trace_kind kind)
{
	return kind == TRACE_ACCEPT || kind == TRACE_SPAWN ||
	       kind == TRACE_REAP || kind == TRACE_REFUSED ||
	       kind == TRACE_STOP || kind == TRACE_CUT || kind == TRACE_EXIT;
}

static bool
is_clients(enum trace_kind kind)
{
	return kind >= TRACE_CONNECT && kind <= TRACE_CLOSED;
}

/* The phase of a worker that KIND begins; PHASE_NONE: none. */
static enum phase_kind
begins(enum trace_kind kind)
{
	static const enum phase_kind phases[TRACE_KINDS] = {
	    [TRACE_ACCEPT] = PHASE_HAND_OVER,
	    [TRACE_START] = PHASE_SILENT,
	    [TRACE_FIRST_BYTE] = PHASE_SERVING,
	    [TRACE_LOCK_WAIT] = PHASE_LOCK_WAIT,
	    [TRACE_LOCK_HELD] = PHASE_LOCK_HELD,
	    [TRACE_LOCK_RELEASED] = PHASE_SERVING,
	    [TRACE_LOCK_GAVE_UP] = PHASE_SERVING,
	    [TRACE_LAST_BYTE] = PHASE_CLOSING,
	    [TRACE_END] = PHASE_ENDED,
	};

	return phases[kind];
}

/* ---- one lane ---- */

/* A lane while its events are read. */
struct making {
	struct lane *lane;
	uint64_t at;	    /* the time of this event */
	struct phase phase; /* under way */
	bool reaped, cut;
	uint64_t due, sent, answered; /* a client's requests so far */
};

static void
begin_phase(struct making *m, enum phase_kind kind)
{
	struct lane *lane = m->lane;

	if (m->phase.kind == kind)
		return;
	m->phase.to = m->at;
	if (m->phase.kind != PHASE_NONE && m->phase.to > m->phase.from)
		lane->phases[lane->phase_count++] = m->phase;
	m->phase = (struct phase){kind, m->at, m->at};
}

static void
end_lane(struct making *m, enum lane_end end, uint64_t outcome)
{
	if (m->lane->end != LANE_OPEN)
		return;
	m->lane->end = end;
	m->lane->outcome = outcome & 255;
	m->lane->signal = (int)(outcome >> 8 & 127);
	m->lane->died = m->at;
}

/* Whether the VALUE of a reap tells that the worker could not end itself. */
static bool
is_death(uint64_t value)
{
	return (value & 255) == OUTCOME_CRASHED || value >> 8;
}

static void
step_worker(struct making *m, const struct trace_record *e)
{
	struct lane *lane = m->lane;

	if (e->kind == TRACE_ACCEPT)
		lane->port = e->value;
	if (e->kind == TRACE_START && lane->end == LANE_OPEN) {
		lane->start = m->at;
		lane->started = true;
	}
	if (e->kind == TRACE_END)
		end_lane(m, LANE_ENDED, e->value & 255);
	m->cut |= e->kind == TRACE_CUT;
	if (e->kind == TRACE_REAP) {
		end_lane(m,
		    !is_death(e->value) ? LANE_ENDED
		    : m->cut		? LANE_CUT
					: LANE_KILLED,
		    e->value);
		m->reaped = true;
		begin_phase(m, PHASE_NONE);
	} else if (begins(e->kind)) {
		begin_phase(m, begins(e->kind));
	}
}

static enum phase_kind
client_phase(const struct making *m)
{
	if (m->due > m->sent)
		return PHASE_DUE;
	return m->sent > m->answered ? PHASE_IN_FLIGHT : PHASE_IDLE;
}

static void
step_client(struct making *m, const struct trace_record *e)
{
	m->due += e->kind == TRACE_DUE;
	m->sent += e->kind == TRACE_SENT;
	m->answered += e->kind == TRACE_ANSWERED || e->kind == TRACE_FAILED;
	if (e->kind == TRACE_CONNECTED)
		m->lane->port = e->value;
	if (e->kind == TRACE_CLOSED) {
		end_lane(m, LANE_ENDED, 0);
		m->reaped = true;
	}
	begin_phase(m, m->reaped		  ? PHASE_NONE
		       : e->kind == TRACE_CONNECT ? PHASE_CONNECTING
						  : client_phase(m));
}

static void
step(struct making *m, const struct trace_record *e)
{
	struct lane *lane = m->lane;

	if (!is_loops(e->kind)) {
		if (!lane->pid)
			lane->start = m->at;
		lane->pid = e->pid;
		lane->tid = e->tid;
	}
	if (lane->kind == LANE_CLIENT)
		step_client(m, e);
	else
		step_worker(m, e);
	lane->to = m->at;
}

/* The lane of the events of one connection. END: of its log. */
static void
make_lane(const struct timeline *t, struct lane *lane, uint64_t end)
{
	const struct trace_record *first = lane->events[0];
	struct making m = {.lane = lane};

	lane->kind = is_clients(first->kind) ? LANE_CLIENT : LANE_WORKER;
	lane->from = lane->start = timeline_at(t, first);
	lane->cut = first->kind != TRACE_ACCEPT && first->kind != TRACE_CONNECT;
	for (size_t i = 0; i < lane->event_count && !m.reaped; i++) {
		m.at = timeline_at(t, lane->events[i]);
		step(&m, lane->events[i]);
	}
	lane->last = m.phase.kind;
	if (lane->end == LANE_OPEN)
		m.at = lane->to = lane->died = end;
	begin_phase(&m, PHASE_NONE);
}

/* The accept loop's lane: its calls that create workers. */
static void
make_loop(const struct timeline *t, struct lane *lane)
{
	uint64_t to = 0;

	lane->kind = LANE_LOOP;
	lane->from = lane->start = timeline_at(t, lane->events[0]);
	for (size_t i = 0; i < lane->event_count; i++) {
		const struct trace_record *e = lane->events[i];
		uint64_t at = timeline_at(t, e), from;

		lane->pid = e->pid;
		lane->tid = e->tid;
		lane->to = lane->died = at > to ? at : to;
		if (e->kind != TRACE_SPAWN)
			continue;
		from = at > to ? at : to;
		to = timeline_spawn_end(t, e);
		to = to > from ? to : from;
		if (to > from)
			lane->phases[lane->phase_count++] =
			    (struct phase){PHASE_SPAWN, from, to};
		lane->to = lane->died = to;
	}
}

/* ---- all of them ---- */

static int
by_connection(const void *a, const void *b)
{
	const struct trace_record *x = *(const struct trace_record *const *)a;
	const struct trace_record *y = *(const struct trace_record *const *)b;

	if (x->connection != y->connection)
		return x->connection < y->connection ? -1 : 1;
	return x < y ? -1 : x > y; /* they lie in the order of time */
}

static size_t
count_events(const struct timeline *t)
{
	size_t count = 0;

	for (size_t i = 0; i < t->log_count; i++)
		count += t->logs[i].count;
	return count;
}

static void
set_axis(struct timeline *t)
{
	uint64_t end = 0;

	t->begin_ns = UINT64_MAX;
	for (size_t i = 0; i < t->log_count; i++) {
		const struct trace_log *log = &t->logs[i];

		if (!log->count)
			continue;
		if (log->events[0].time_ns < t->begin_ns)
			t->begin_ns = log->events[0].time_ns;
		if (log->events[log->count - 1].time_ns > end)
			end = log->events[log->count - 1].time_ns;
	}
	t->begin_ns = end ? t->begin_ns : 0;
	t->span = end - t->begin_ns;
}

/* Room for lanes, phases and events as they are taken. */
struct room {
	struct phase *phases;
	const struct trace_record **events;
};

static struct lane *
add_lane(struct timeline *t, struct room *room, size_t source)
{
	struct lane *lane = &t->lanes[t->lane_count++];

	lane->source = source;
	lane->phases = room->phases;
	lane->events = room->events;
	return lane;
}

/* Takes what the lane has used out of the room. */
static void
end_room(struct room *room, const struct lane *lane)
{
	room->phases += lane->phase_count + 1; /* of end_at() */
	room->events += lane->event_count;
}

static void
add_loop(struct timeline *t, struct room *room, size_t source)
{
	const struct trace_log *log = &t->logs[source];
	struct lane *lane = add_lane(t, room, source);

	for (size_t i = 0; i < log->count; i++) {
		if (is_loops(log->events[i].kind))
			lane->events[lane->event_count++] = &log->events[i];
	}
	if (lane->event_count > 0)
		make_loop(t, lane);
	else
		t->lane_count--;
	end_room(room, lane);
}

/* Adds the lane of the next COUNT events, unless the trace has lost all events
 * of the worker itself. */
static void
add_connection(
    struct timeline *t, struct room *room, size_t source, size_t count)
{
	const struct trace_log *log = &t->logs[source];
	struct lane *lane = add_lane(t, room, source);

	lane->connection = lane->events[0]->connection;
	lane->event_count = count;
	make_lane(t, lane, timeline_at(t, &log->events[log->count - 1]));
	end_room(room, lane);
	t->workers += lane->kind == LANE_WORKER;
	if (lane->cut && !lane->pid) {
		t->workers--;
		t->lane_count--;
		*lane = (struct lane){.kind = LANE_LOOP};
	}
}

static void
add_connections(struct timeline *t, struct room *room, size_t source)
{
	const struct trace_log *log = &t->logs[source];
	const struct trace_record **events = room->events;
	size_t count = 0;

	for (size_t i = 0; i < log->count; i++) {
		if (log->events[i].connection)
			events[count++] = &log->events[i];
	}
	qsort(events, count, sizeof(void *), by_connection);
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i + 1; end < count && events[end]->connection ==
						     events[i]->connection;)
			end++;
		add_connection(t, room, source, end - i);
	}
}

/* ---- their order ---- */

static int
by_port(const void *a, const void *b)
{
	const struct lane *x = a, *y = b;

	if (x->port != y->port)
		return x->port < y->port ? -1 : 1;
	return x->from < y->from ? -1 : x->from > y->from;
}

/* The accept loops, and then what began first; a client's connection before
 * the worker that serves it. */
static int
by_place(const void *a, const void *b)
{
	const struct lane *x = a, *y = b;

	if ((x->kind == LANE_LOOP) != (y->kind == LANE_LOOP))
		return x->kind == LANE_LOOP ? -1 : 1;
	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind == LANE_CLIENT ? -1 : 1;
	return x->connection < y->connection ? -1
					     : x->connection > y->connection;
}

/* Connections are numbered as they come. So one whose beginning is lost began
 * before the next one did. */
static void
place_lanes(struct timeline *t)
{
	for (size_t i = t->lane_count; i-- > 0;) {
		struct lane *lane = &t->lanes[i], *next = lane + 1;

		lane->place = lane->from;
		if (i + 1 < t->lane_count && next->source == lane->source &&
		    lane->cut && next->place < lane->place)
			lane->place = next->place;
	}
}

/* Puts each connection of a client beside its worker: the accept has told its
 * port. Of several with one port, the later was accepted after the earlier. */
static void
order_lanes(struct timeline *t)
{
	struct lane *client = NULL;

	place_lanes(t);
	qsort(t->lanes, t->lane_count, sizeof(t->lanes[0]), by_port);
	for (size_t i = 0; i < t->lane_count; i++) {
		struct lane *lane = &t->lanes[i];

		if (lane->kind == LANE_CLIENT)
			client = lane;
		else if (lane->kind == LANE_WORKER && client && lane->port &&
			 client->port == lane->port) {
			client->place = lane->place;
			lane->peer = client->connection;
			client->peer = lane->connection;
			client = NULL;
		}
	}
	qsort(t->lanes, t->lane_count, sizeof(t->lanes[0]), by_place);
}

static int
by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* How many workers lived at once at most: ends and begins, each in order. */
static size_t
most_at_once(const struct timeline *t)
{
	uint64_t *begins = must(calloc(2 * t->workers + 1, sizeof(*begins)));
	uint64_t *ends = begins + t->workers;
	size_t count = 0, most = 0, ended = 0;

	for (size_t i = 0; i < t->lane_count; i++) {
		if (t->lanes[i].kind != LANE_WORKER)
			continue;
		begins[count] = t->lanes[i].start;
		ends[count++] = t->lanes[i].died;
	}
	qsort(begins, count, sizeof(*begins), by_value);
	qsort(ends, count, sizeof(*ends), by_value);
	for (size_t i = 0; i < count; i++) {
		while (ended < i && ends[ended] <= begins[i])
			ended++;
		most = i + 1 - ended > most ? i + 1 - ended : most;
	}
	free(begins);
	return most;
}

void
timeline_build(
    struct timeline *timeline, const struct trace_log *logs, size_t count)
{
	struct timeline *t = timeline;
	struct room room;
	size_t events;

	*t = (struct timeline){.logs = logs, .log_count = count};
	events = count_events(t);
	set_axis(t);
	/* Each event begins one phase at most, and one lane; it is in its own
	 * lane and in the loop's. */
	t->lanes = must(calloc(events + count + 1, sizeof(*t->lanes)));
	t->phases = must(calloc(2 * events + count + 1, sizeof(*t->phases)));
	t->events = must(calloc(2 * events + 1, sizeof(void *)));
	room = (struct room){t->phases, t->events};
	for (size_t i = 0; i < count; i++) {
		if (!logs[i].count)
			continue;
		add_loop(t, &room, i);
		add_connections(t, &room, i);
	}
	order_lanes(t);
	t->at_once = most_at_once(t);
}

/* ---- what no event tells ---- */

/* A thread that has never run has no event of its own. */
static bool
is_in_process(
    const struct timeline *t, const struct lane *lane, int32_t process)
{
	const struct trace_log *log = &t->logs[lane->source];

	return lane->pid == process || (!lane->pid && log->pid == process &&
					   strcmp(log->model, "thread") == 0);
}

/* Ends the lane at AT, in the phase that was under way. */
static void
end_at(struct lane *lane, uint64_t at)
{
	struct phase *last = &lane->phases[lane->phase_count];

	if (lane->phase_count > 0 && last[-1].kind == lane->last)
		last[-1].to = at > last[-1].from ? at : last[-1].to;
	else if (lane->last && at > lane->to) {
		*last = (struct phase){lane->last, lane->to, at};
		lane->phase_count++;
	}
	lane->to = lane->died = at;
}

void
timeline_killed(
    struct timeline *timeline, int32_t process, uint64_t at_ns, int signal)
{
	uint64_t at = at_ns - timeline->begin_ns;

	if (!process || at_ns < timeline->begin_ns)
		return;
	if (timeline->span < at)
		timeline->span = at;
	for (size_t i = 0; i < timeline->lane_count; i++) {
		struct lane *lane = &timeline->lanes[i];

		if (lane->end != LANE_OPEN || at < lane->from ||
		    !is_in_process(timeline, lane, process))
			continue;
		lane->end = LANE_KILLED;
		lane->signal = signal;
		end_at(lane, at);
	}
}

void
timeline_release(struct timeline *timeline)
{
	free(timeline->lanes);
	free(timeline->phases);
	free(timeline->events);
	*timeline = (struct timeline){.lane_count = 0};
}
