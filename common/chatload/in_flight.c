/* SPDX-License-Identifier: MIT */
/* in_flight: a ring of messages, and the counters of the result. */
#include "common/chatload/in_flight.h"

#include <stdlib.h>

int
in_flight_init(struct in_flight *w, uint64_t slots, bool scheduled,
    struct load_result *result)
{
	*w = (struct in_flight){
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
in_flight_release(struct in_flight *w)
{
	free(w->ring);
	w->ring = NULL;
}

struct in_flight_message *
in_flight_find(const struct in_flight *w, uint64_t number)
{
	if (!number || number >= w->head || number + w->slots < w->head)
		return NULL;
	return &w->ring[number % w->slots];
}

struct in_flight_message *
in_flight_first(struct in_flight *w, uint64_t *number)
{
	while (w->tail < w->head && w->ring[w->tail % w->slots].over)
		w->tail++;
	*number = w->tail;
	return w->tail < w->head ? &w->ring[w->tail % w->slots] : NULL;
}

bool
in_flight_has_room(struct in_flight *w)
{
	uint64_t number;

	in_flight_first(w, &number);
	return w->head - w->tail < w->slots;
}

uint64_t
in_flight_begin(struct in_flight *w, uint64_t due, uint64_t now,
    uint32_t missing, bool leaving)
{
	w->ring[w->head % w->slots] = (struct in_flight_message){
	    .due_ns = due,
	    .begun_ns = now,
	    .missing = missing,
	    .leaving = leaving,
	};
	w->under_way++;
	w->result->begun++;
	return w->head++;
}

void
in_flight_sent(struct in_flight *w, uint64_t number, uint64_t now)
{
	struct in_flight_message *m = in_flight_find(w, number);

	if (!m || m->sent_ns)
		return;
	m->sent_ns = now;
	if (!w->first_ns)
		w->first_ns = now;
	if (w->scheduled)
		histogram_record(&w->result->send_lag,
		    now > m->due_ns ? now - m->due_ns : 0);
}

static void
count_failed(struct load_result *r, int error)
{
	r->failed++;
	r->errors[error < LOAD_RESULT_ERRNOS ? error
					     : LOAD_RESULT_ERRNOS - 1]++;
}

static void
count(struct load_result *r, const struct in_flight_message *m)
{
	switch (m->fault) {
	case IN_FLIGHT_NONE:
		r->ok++;
		break;
	case IN_FLIGHT_TIMED_OUT:
		r->timed_out++;
		break;
	case IN_FLIGHT_FAILED:
		count_failed(r, m->error);
		break;
	case IN_FLIGHT_WRONG:
		r->wrong++;
		break;
	}
}

static void
end(struct in_flight *w, struct in_flight_message *m)
{
	if (m->over)
		return;
	m->over = true;
	w->under_way--;
	count(w->result, m);
}

void
in_flight_end(struct in_flight *w, uint64_t number)
{
	struct in_flight_message *m = in_flight_find(w, number);

	if (m)
		end(w, m);
}

static void
end_if_done(struct in_flight *w, struct in_flight_message *m)
{
	if (!m->missing && !m->leaving)
		end(w, m);
}

void
in_flight_count_down(struct in_flight *w, uint64_t number)
{
	struct in_flight_message *m = in_flight_find(w, number);

	if (!m || m->over || !m->missing)
		return;
	m->missing--;
	end_if_done(w, m);
}

void
in_flight_delivered(struct in_flight *w, uint64_t number, uint64_t now)
{
	struct in_flight_message *m = in_flight_find(w, number);
	struct load_result *r = w->result;
	uint64_t from, took;

	/* After its timeout it was counted as timed out. */
	if (!m || m->over)
		return;
	from = w->scheduled ? m->due_ns : m->sent_ns;
	took = now > from ? now - from : 0;
	histogram_record(&r->latency, took);
	if (w->scheduled)
		histogram_record(
		    &r->service, now > m->sent_ns ? now - m->sent_ns : 0);
	w->last_ns = now;
	if (m->missing == 1 && m->fault == IN_FLIGHT_NONE)
		histogram_record(&r->complete, took);
	in_flight_count_down(w, number);
}

void
in_flight_sender_left(struct in_flight *w, uint64_t number)
{
	struct in_flight_message *m = in_flight_find(w, number);

	if (!m || m->over)
		return;
	m->leaving = false;
	end_if_done(w, m);
}

/* Counts a message that was counted as ok under its fault. */
static void
revise(struct in_flight *w, struct in_flight_message *m)
{
	w->result->ok--;
	count(w->result, m);
}

/* Returns whether the message is counted under this fault, now or later. */
static bool
set_fault(struct in_flight *w, struct in_flight_message *m,
    enum in_flight_fault fault, int error)
{
	bool was_ok = m->over && m->fault == IN_FLIGHT_NONE;

	/* A message is counted once, so its first fault stays. */
	if (m->fault >= fault || (m->over && !was_ok))
		return false;
	m->fault = fault;
	m->error = error;
	if (was_ok)
		revise(w, m);
	return true;
}

bool
in_flight_mark_wrong(struct in_flight *w, uint64_t number)
{
	struct in_flight_message *m = in_flight_find(w, number);

	if (!m)
		m = in_flight_find(w, w->head - 1);
	if (m)
		return set_fault(w, m, IN_FLIGHT_WRONG, 0);
	/* Before the first message: count one more. */
	w->result->begun++;
	w->result->wrong++;
	return true;
}

void
in_flight_fail(struct in_flight *w, uint64_t number, int error)
{
	struct in_flight_message *m = in_flight_find(w, number);

	if (m)
		set_fault(w, m, IN_FLIGHT_FAILED, error);
}

void
in_flight_extend(struct in_flight *w, uint64_t ns)
{
	for (uint64_t i = w->tail; i < w->head; i++)
		w->ring[i % w->slots].begun_ns += ns;
}

void
in_flight_time_out(struct in_flight *w, uint64_t number)
{
	struct in_flight_message *m = in_flight_find(w, number);

	if (m) {
		set_fault(w, m, IN_FLIGHT_TIMED_OUT, 0);
		end(w, m);
	}
}

void
in_flight_fail_completed(struct in_flight *w, int error)
{
	struct in_flight_message *m;

	for (uint64_t i = w->head - 1; (m = in_flight_find(w, i)); i--) {
		if (m->over && m->fault == IN_FLIGHT_NONE) {
			set_fault(w, m, IN_FLIGHT_FAILED, error);
			return;
		}
	}
	w->result->begun++;
	count_failed(w->result, error);
}
