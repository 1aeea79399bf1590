/* SPDX-License-Identifier: MIT */
/* trace_event_json: names, then a track after the other. */
#include "common/trace/trace_event_json.h"

#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/format/json_value.h"
#include "common/trace/timeline_words.h"

struct writer {
	const struct timeline *timeline;
	FILE *out;
	bool begun;		    /* an event stands before the next one */
	const struct lane **tracks; /* lanes by pid, tid and start */
	size_t count;
	uint64_t requests; /* of clients, so far: their ids */
	bool apart;	   /* two logs have a pid in common */
};

/* ---- one event ---- */

/* Above all pids (PID_MAX_LIMIT): what is added to those of the second log, so
 * that two processes that have the same one in two containers stay two. */
#define PIDS (1 << 22)

static void
put_head(
    struct writer *w, const char *ph, const char *name, const struct lane *lane)
{
	int add = w->apart ? PIDS * (int)lane->source : 0;

	fprintf(w->out,
	    "%s\n{\"ph\":\"%s\",\"name\":\"%s\",\"pid\":%d,\"tid\":%d",
	    w->begun ? "," : "", ph, name, lane->pid + add, lane->tid + add);
	w->begun = true;
}

/* Microseconds, to the nanosecond. */
static void
put_time(struct writer *w, const char *key, uint64_t ns)
{
	fprintf(w->out, ",\"%s\":%llu.%03u", key,
	    (unsigned long long)(ns / NS_PER_US), (unsigned)(ns % NS_PER_US));
}

static void
put_slice(struct writer *w, const char *name, const struct lane *lane,
    uint64_t from, uint64_t to)
{
	put_head(w, "X", name, lane);
	fputs(",\"cat\":\"conn\"", w->out);
	put_time(w, "ts", from);
	put_time(w, "dur", to - from);
}

/* A moment on the lane's track. */
static void
put_instant(
    struct writer *w, const char *name, const struct lane *lane, uint64_t at)
{
	put_head(w, "i", name, lane);
	fputs(",\"cat\":\"conn\",\"s\":\"t\"", w->out);
	put_time(w, "ts", at);
}

static void
put_conn(struct writer *w, uint64_t connection)
{
	fprintf(w->out, ",\"args\":{\"conn\":%llu}}",
	    (unsigned long long)connection);
}

/* Names a process or a thread. NUMBER: of its connection; 0: of none; MORE: so
 * many others had the same pid and tid. */
static void
put_name(struct writer *w, const char *what, const struct lane *lane,
    const char *program, uint64_t number, size_t more)
{
	char text[sizeof(w->timeline->logs[0].program) + 80];
	size_t n = (size_t)snprintf(text, sizeof(text), "%s", program);
	json_t *name;

	if (number)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%sconn %llu",
		    n ? " " : "", (unsigned long long)number);
	if (more)
		snprintf(text + n, sizeof(text) - n, " and %zu more", more);
	put_head(w, "M", what, lane);
	fputs(",\"args\":{\"name\":", w->out);
	name = json_value_text(text[0] ? text : "unknown");
	if (json_dumpf(name, w->out, JSON_ENCODE_ANY) < 0 && !ferror(w->out))
		die(1, "out of memory");
	json_decref(name);
	fputs("}}", w->out);
}

/* In the order of connections, not of pids, which come again. */
static void
put_place(struct writer *w, const char *what, const struct lane *lane)
{
	put_head(w, "M", what, lane);
	fprintf(w->out, ",\"args\":{\"sort_index\":%d}}",
	    lane->connection < INT32_MAX ? (int)lane->connection : INT32_MAX);
}

/* ---- the accept loop ---- */

/* From its accept to the return of the call that started its worker. */
static void
put_spawns(struct writer *w, const struct lane *loop)
{
	const struct timeline *t = w->timeline;
	uint64_t to = 0, accepted = 0, connection = 0;

	for (size_t i = 0; i < loop->event_count; i++) {
		const struct trace_record *e = loop->events[i];
		uint64_t at = timeline_at(t, e), from;

		if (e->kind == TRACE_ACCEPT) {
			accepted = at;
			connection = e->connection;
		}
		if (e->kind != TRACE_SPAWN)
			continue;
		from = connection == e->connection ? accepted : at;
		from = from > to ? from : to;
		at = at > to ? at : to;
		to = timeline_spawn_end(t, e);
		to = to > at ? to : at;
		put_slice(w, "accept", loop, from, to);
		put_conn(w, e->connection);
		put_slice(w, "spawn", loop, at, to);
		put_conn(w, e->connection);
	}
}

static void
put_moments(struct writer *w, const struct lane *loop)
{
	static const char *const names[TRACE_KINDS] = {
	    [TRACE_REAP] = "reap",
	    [TRACE_REFUSED] = "refused",
	    [TRACE_STOP] = "stop",
	    [TRACE_EXIT] = "exit",
	};

	for (size_t i = 0; i < loop->event_count; i++) {
		const struct trace_record *e = loop->events[i];

		if (!names[e->kind])
			continue;
		put_instant(
		    w, names[e->kind], loop, timeline_at(w->timeline, e));
		put_conn(w, e->connection);
	}
}

static int
by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* How many workers of this loop live: the times of begins and of ends, each in
 * order, merged. */
static void
put_live(struct writer *w, const struct lane *loop)
{
	const struct timeline *t = w->timeline;
	uint64_t *begins = calloc(2 * t->workers + 1, sizeof(*begins)), *ends;
	size_t count = 0, i = 0, k = 0;

	if (!begins)
		die(1, "out of memory");
	ends = begins + t->workers;
	for (size_t n = 0; n < t->lane_count; n++) {
		const struct lane *lane = &t->lanes[n];

		if (lane->kind != LANE_WORKER || lane->source != loop->source)
			continue;
		begins[count] = lane->start;
		ends[count++] =
		    lane->end == LANE_OPEN ? UINT64_MAX : lane->died;
	}
	qsort(begins, count, sizeof(*begins), by_value);
	qsort(ends, count, sizeof(*ends), by_value);
	while (i < count || (k < count && ends[k] != UINT64_MAX)) {
		bool begin = i < count && begins[i] <= ends[k];
		uint64_t at = begin ? begins[i++] : ends[k++];

		put_head(w, "C", "live", loop);
		put_time(w, "ts", at);
		fprintf(w->out, ",\"args\":{\"workers\":%zu}}", i - k);
	}
	free(begins);
}

static void
put_loop(struct writer *w, const struct lane *loop)
{
	put_name(w, "process_name", loop,
	    w->timeline->logs[loop->source].program, 0, 0);
	put_name(w, "thread_name", loop, "accept loop", 0, 0);
	put_place(w, "process_sort_index", loop);
	put_place(w, "thread_sort_index", loop);
	put_spawns(w, loop);
	put_moments(w, loop);
	put_live(w, loop);
}

/* ---- a worker ---- */

static const char *
end_word(const struct lane *lane, char *buf, size_t size)
{
	if (lane->end == LANE_OPEN)
		return "open";
	timeline_lane_end(lane, false, buf, size);
	return buf[0] ? buf : "served";
}

/* What is nested in its slice. */
static const char *
slice_name(enum phase_kind kind)
{
	static const char *const names[PHASE_COUNT] = {
	    [PHASE_SILENT] = "wait-client",
	    [PHASE_SERVING] = "work",
	    [PHASE_LOCK_WAIT] = "wait-lock",
	    [PHASE_LOCK_HELD] = "hold-lock",
	    [PHASE_CLOSING] = "close",
	};

	return names[kind];
}

static void
put_phases(struct writer *w, const struct lane *lane, uint64_t end)
{
	for (size_t i = 0; i < lane->phase_count; i++) {
		const struct phase *phase = &lane->phases[i];
		uint64_t from = phase->from, to = phase->to;

		from = from > lane->start ? from : lane->start;
		to = to < end ? to : end;
		if (slice_name(phase->kind) && from < to) {
			put_slice(w, slice_name(phase->kind), lane, from, to);
			fputs("}", w->out);
		}
	}
}

static void
put_worker_moments(struct writer *w, const struct lane *lane, uint64_t end)
{
	for (size_t i = 0; i < lane->event_count; i++) {
		const struct trace_record *e = lane->events[i];
		uint64_t at = timeline_at(w->timeline, e);
		const char *name = e->kind == TRACE_FIRST_BYTE ? "first byte"
				   : e->kind == TRACE_CUT      ? "cut"
				   : e->kind == TRACE_LOCK_HELD && e->value
				       ? "the last holder died"
				       : NULL;

		if (name && at >= lane->start && at <= end) {
			put_instant(w, name, lane, at);
			fputs("}", w->out);
		}
	}
}

/* The arrow from the loop's call to the worker's begin. */
static void
put_arrow(struct writer *w, const struct lane *loop, const struct lane *lane)
{
	unsigned long long id =
	    (unsigned long long)(lane - w->timeline->lanes) + 1;

	for (size_t i = 0; i < lane->event_count; i++) {
		const struct trace_record *e = lane->events[i];
		uint64_t at = timeline_at(w->timeline, e);

		if (e->kind != TRACE_SPAWN || at > lane->start)
			continue;
		put_head(w, "s", "hand-off", loop);
		fprintf(w->out, ",\"cat\":\"conn\",\"id\":%llu", id);
		put_time(w, "ts", at);
		fputs("}", w->out);
		put_head(w, "f", "hand-off", lane);
		fprintf(
		    w->out, ",\"bp\":\"e\",\"cat\":\"conn\",\"id\":%llu", id);
		put_time(w, "ts", lane->start);
		fputs("}", w->out);
		return;
	}
}

/* The loop of LANE's log; NULL: the trace has lost it. */
static const struct lane *
loop_of(const struct writer *w, const struct lane *lane)
{
	const struct timeline *t = w->timeline;

	for (size_t i = 0; i < t->lane_count && t->lanes[i].kind == LANE_LOOP;
	     i++) {
		if (t->lanes[i].source == lane->source)
			return &t->lanes[i];
	}
	return NULL;
}

/* LIMIT: where the next worker with this pid and tid begins. */
static void
put_worker(struct writer *w, const struct lane *lane, uint64_t limit)
{
	uint64_t end = lane->died < limit ? lane->died : limit;
	const struct lane *loop = loop_of(w, lane);
	char name[64], word[64];

	snprintf(name, sizeof(name), "conn %llu",
	    (unsigned long long)lane->connection);
	put_slice(w, name, lane, lane->start, end);
	fprintf(w->out, ",\"args\":{\"conn\":%llu,\"end\":\"%s\"}}",
	    (unsigned long long)lane->connection,
	    end_word(lane, word, sizeof(word)));
	put_phases(w, lane, end);
	put_worker_moments(w, lane, end);
	if (loop && lane->started)
		put_arrow(w, loop, lane);
	if (lane->end == LANE_ENDED && lane->to > end && limit >= lane->to &&
	    lane->pid == lane->tid) {
		put_slice(w, "zombie", lane, end, lane->to);
		fputs("}", w->out);
	}
}

/* ---- a client's connection: its requests may overlap ---- */

static void
put_async(struct writer *w, const char *name, const struct lane *lane,
    uint64_t from, uint64_t to)
{
	static const char *const phs[] = {"b", "e"};

	for (int i = 0; i < 2; i++) {
		put_head(w, phs[i], name, lane);
		/* A text: not every version of Perfetto takes a number. */
		fprintf(w->out, ",\"cat\":\"%s\",\"id\":\"0x%llx\"", name,
		    (unsigned long long)w->requests);
		put_time(w, "ts", i ? to : from);
		put_conn(w, lane->connection);
	}
}

/* The next event of KIND at or after *I, and I behind it; NULL: none. */
static const struct trace_record *
next_of(const struct lane *lane, size_t *i, enum trace_kind kind)
{
	while (*i < lane->event_count) {
		const struct trace_record *e = lane->events[(*i)++];

		if (e->kind == kind)
			return e;
	}
	return NULL;
}

/* Answers come in the order of the requests. One whose request is lost does
 * not find it. */
static void
put_requests(struct writer *w, const struct lane *lane)
{
	size_t due_at = 0, sent_at = 0;
	const struct trace_record *due = next_of(lane, &due_at, TRACE_DUE);
	const struct trace_record *sent = next_of(lane, &sent_at, TRACE_SENT);

	for (size_t i = 0; i < lane->event_count && sent; i++) {
		const struct trace_record *e = lane->events[i];
		uint64_t at = timeline_at(w->timeline, e), from, began;

		if ((e->kind != TRACE_ANSWERED && e->kind != TRACE_FAILED) ||
		    e->time_ns < sent->time_ns)
			continue;
		from = began = timeline_at(w->timeline, sent);
		if (due && due->time_ns <= sent->time_ns) {
			from = timeline_at(w->timeline, due);
			due = next_of(lane, &due_at, TRACE_DUE);
		}
		w->requests++;
		put_async(w, "request", lane, from, at);
		if (from < began)
			put_async(w, "late", lane, from, began);
		sent = next_of(lane, &sent_at, TRACE_SENT);
	}
}

/* ---- all of them ---- */

static int
by_track(const void *a, const void *b)
{
	const struct lane *x = *(const struct lane *const *)a;
	const struct lane *y = *(const struct lane *const *)b;

	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	if (x->tid != y->tid)
		return x->tid < y->tid ? -1 : 1;
	return x->start < y->start ? -1 : x->start > y->start;
}

static bool
is_same_track(const struct lane *a, const struct lane *b)
{
	return a->source == b->source && a->pid == b->pid && a->tid == b->tid;
}

/* Whether an accept loop has the lane's track: an event of such a worker is
 * damaged. */
static bool
is_loops_track(const struct timeline *t, const struct lane *lane)
{
	for (size_t i = 0; i < t->lane_count && t->lanes[i].kind == LANE_LOOP;
	     i++) {
		if (is_same_track(&t->lanes[i], lane))
			return true;
	}
	return false;
}

static void
sort_tracks(struct writer *w)
{
	const struct timeline *t = w->timeline;

	w->tracks = calloc(t->lane_count + 1, sizeof(void *));
	if (!w->tracks)
		die(1, "out of memory");
	for (size_t i = 0; i < t->lane_count; i++) {
		const struct lane *lane = &t->lanes[i];

		if (lane->kind != LANE_LOOP && lane->tid &&
		    !is_loops_track(t, lane))
			w->tracks[w->count++] = lane;
	}
	qsort(w->tracks, w->count, sizeof(void *), by_track);
}

/* Whether the pid of track I has its name already. */
static bool
is_named(const struct writer *w, size_t i)
{
	const struct lane *lane = w->tracks[i], *loop = loop_of(w, lane);

	if (loop && loop->pid == lane->pid)
		return true;
	return i > 0 && w->tracks[i - 1]->source == lane->source &&
	       w->tracks[i - 1]->pid == lane->pid;
}

/* The names of track I, which MORE lanes after this one have as well. */
static void
put_names(struct writer *w, size_t i, size_t more)
{
	const struct lane *lane = w->tracks[i];
	const struct trace_log *log = &w->timeline->logs[lane->source];
	bool own = lane->kind == LANE_WORKER && lane->pid != log->pid;

	if (!is_named(w, i)) {
		put_name(w, "process_name", lane, log->program,
		    own ? lane->connection : 0, own ? more : 0);
		put_place(w, "process_sort_index", lane);
	}
	if (lane->kind == LANE_CLIENT)
		put_name(w, "thread_name", lane, "requests", 0, 0);
	else
		put_name(w, "thread_name", lane, "", lane->connection, more);
	put_place(w, "thread_sort_index", lane);
}

static void
put_tracks(struct writer *w)
{
	for (size_t i = 0, end; i < w->count; i = end) {
		for (end = i + 1; end < w->count &&
				  is_same_track(w->tracks[i], w->tracks[end]);)
			end++;
		put_names(w, i, end - i - 1);
		for (size_t k = i; k < end; k++) {
			if (w->tracks[k]->kind == LANE_CLIENT)
				put_requests(w, w->tracks[k]);
			else
				put_worker(w, w->tracks[k],
				    k + 1 < end ? w->tracks[k + 1]->start
						: UINT64_MAX);
		}
	}
}

static int
by_pid(const void *a, const void *b)
{
	const struct lane *x = *(const struct lane *const *)a;
	const struct lane *y = *(const struct lane *const *)b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return x->source < y->source ? -1 : x->source > y->source;
}

/* As in two containers, where both processes may have pid 1. */
static bool
logs_share_a_pid(const struct timeline *t)
{
	const struct lane **lanes = calloc(t->lane_count + 1, sizeof(void *));
	bool shared = false;

	if (!lanes)
		die(1, "out of memory");
	for (size_t i = 0; i < t->lane_count; i++)
		lanes[i] = &t->lanes[i];
	qsort(lanes, t->lane_count, sizeof(void *), by_pid);
	for (size_t i = 1; i < t->lane_count && !shared; i++)
		shared = lanes[i]->pid && lanes[i]->pid == lanes[i - 1]->pid &&
			 lanes[i]->source != lanes[i - 1]->source;
	free(lanes);
	return shared;
}

void
trace_event_json(const struct timeline *timeline, FILE *out)
{
	struct writer w = {.timeline = timeline, .out = out};

	fputs("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[", out);
	w.apart = timeline->log_count > 1 && logs_share_a_pid(timeline);
	sort_tracks(&w);
	for (size_t i = 0;
	     i < timeline->lane_count && timeline->lanes[i].kind == LANE_LOOP;
	     i++)
		put_loop(&w, &timeline->lanes[i]);
	put_tracks(&w);
	fputs("\n]}\n", out);
	free(w.tracks);
}
