/* SPDX-License-Identifier: MIT */
/* window: a ring of messages, and the counters that follow from it. */
#include "common/chatload/in_flight.h"

#include <stdlib.h>

int
window_init(struct window *w, uint64_t slots, bool scheduled,
    struct load_result *result)
{
	*w = (struct window){
	    .slots = slots,
	    .tail = 1,
	    .head = 1,
	    .scheduled = scheduled,
	    .result = result,
	};
	w->ring = calloc(slots, sizeof(w->ring[0]));
	return w->ring ? 0 : -1;
}

void
window_release(struct window *w)
{
	free(w->ring);
	w->ring = NULL;
}

struct message *
window_find(const struct window *w, uint64_t number)
{
	if (!number || number >= w->head || number + w->slots < w->head)
		return NULL;
	return &w->ring[number % w->slots];
}

struct message *
window_first(struct window *w, uint64_t *number)
{
	while (w->tail < w->head && w->ring[w->tail % w->slots].over)
		w->tail++;
	*number = w->tail;
	return w->tail < w->head ? &w->ring[w->tail % w->slots] : NULL;
}

bool
window_has_room(struct window *w)
{
	uint64_t number;

	window_first(w, &number);
	return w->head - w->tail < w->slots;
}

uint64_t
window_begin(struct window *w, uint64_t due, uint64_t now, uint32_t lacking,
    bool leaving)
{
	w->ring[w->head % w->slots] = (struct message){
	    .due_ns = due,
	    .begun_ns = now,
	    .lacking = lacking,
	    .leaving = leaving,
	};
	w->under_way++;
	w->result->begun++;
	return w->head++;
}

void
window_sent(struct window *w, uint64_t number, uint64_t now)
{
	struct message *m = window_find(w, number);

	if (!m || m->sent_ns)
		return;
	m->sent_ns = now;
	if (!w->first_ns)
		w->first_ns = now;
	if (w->scheduled)
		hist_record(
		    &w->result->pacing, now > m->due_ns ? now - m->due_ns : 0);
}

static void
count_failed(struct load_result *r, int error)
{
	r->failed++;
	r->errors[error < RESULT_ERRNOS ? error : RESULT_ERRNOS - 1]++;
}

static void
count(struct load_result *r, const struct message *m)
{
	switch (m->fault) {
	case FAULT_NONE:
		r->ok++;
		break;
	case FAULT_LATE:
		r->timed_out++;
		break;
	case FAULT_FAILED:
		count_failed(r, m->error);
		break;
	case FAULT_WRONG:
		r->wrong++;
		break;
	}
}

static void
end(struct window *w, struct message *m)
{
	if (m->over)
		return;
	m->over = true;
	w->under_way--;
	count(w->result, m);
}

void
window_end(struct window *w, uint64_t number)
{
	struct message *m = window_find(w, number);

	if (m)
		end(w, m);
}

static void
end_if_done(struct window *w, struct message *m)
{
	if (!m->lacking && !m->leaving)
		end(w, m);
}

void
window_settle(struct window *w, uint64_t number)
{
	struct message *m = window_find(w, number);

	if (!m || m->over || !m->lacking)
		return;
	m->lacking--;
	end_if_done(w, m);
}

void
window_delivered(struct window *w, uint64_t number, uint64_t now)
{
	struct message *m = window_find(w, number);
	struct load_result *r = w->result;
	uint64_t from, took;

	/* What comes after the timeout has been counted as that. */
	if (!m || m->over)
		return;
	from = w->scheduled ? m->due_ns : m->sent_ns;
	took = now > from ? now - from : 0;
	hist_record(&r->latency, took);
	if (w->scheduled)
		hist_record(
		    &r->service, now > m->sent_ns ? now - m->sent_ns : 0);
	w->last_ns = now;
	if (m->lacking == 1 && m->fault == FAULT_NONE)
		hist_record(&r->complete, took);
	window_settle(w, number);
}

void
window_left(struct window *w, uint64_t number)
{
	struct message *m = window_find(w, number);

	if (!m || m->over)
		return;
	m->leaving = false;
	end_if_done(w, m);
}

/* One that was counted as ok, and is not. */
static void
revise(struct window *w, struct message *m)
{
	w->result->ok--;
	count(w->result, m);
}

/* Returns whether it was counted, or will be. */
static bool
put_fault(struct window *w, struct message *m, enum fault fault, int error)
{
	bool was_ok = m->over && m->fault == FAULT_NONE;

	/* Other faults have been counted, and once is enough. */
	if (m->fault >= fault || (m->over && !was_ok))
		return false;
	m->fault = fault;
	m->error = error;
	if (was_ok)
		revise(w, m);
	return true;
}

bool
window_spoil(struct window *w, uint64_t number)
{
	struct message *m = window_find(w, number);

	if (!m)
		m = window_find(w, w->head - 1);
	if (m)
		return put_fault(w, m, FAULT_WRONG, 0);
	/* Before the first message: it counts as one more. */
	w->result->begun++;
	w->result->wrong++;
	return true;
}

void
window_fail(struct window *w, uint64_t number, int error)
{
	struct message *m = window_find(w, number);

	if (m)
		put_fault(w, m, FAULT_FAILED, error);
}

void
window_excuse(struct window *w, uint64_t ns)
{
	for (uint64_t i = w->tail; i < w->head; i++)
		w->ring[i % w->slots].begun_ns += ns;
}

void
window_time_out(struct window *w, uint64_t number)
{
	struct message *m = window_find(w, number);

	if (m) {
		put_fault(w, m, FAULT_LATE, 0);
		end(w, m);
	}
}

void
window_fail_past(struct window *w, int error)
{
	struct message *m;

	for (uint64_t i = w->head - 1; (m = window_find(w, i)); i--) {
		if (m->over && m->fault == FAULT_NONE) {
			put_fault(w, m, FAULT_FAILED, error);
			return;
		}
	}
	w->result->begun++;
	count_failed(w->result, error);
}
