/* SPDX-License-Identifier: MIT */
/* chat_receive: what a member receives, and what that means. */
#include "common/chatload/chat_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "common/base/clock.h"

/* LINE, of P, should have been message NUMBER, and is not. */
static void
describe_changed(struct chat_load *r, const struct chat_connection *p,
    uint64_t number, const char *line, size_t len)
{
	size_t size = r->load->size, i = 0;

	chat_message_write(&r->lines, number, r->scratch);
	while (i < len && i < size && line[i] == r->scratch[i])
		i++;
	if (len != size)
		chat_describe(r->result->first_wrong,
		    "member %u, message %" PRIu64
		    ": a line of %zu bytes, not of %zu; byte %zu is the first "
		    "that differs",
		    p->id, number, len, size, i);
	else
		chat_describe(r->result->first_wrong,
		    "member %u, message %" PRIu64
		    ": byte %zu of %zu is 0x%02x, not 0x%02x (changed)",
		    p->id, number, i, size, (unsigned char)line[i],
		    (unsigned char)r->scratch[i]);
}

/* ---- what a receiver hears, line by line ---- */

/* Those before NUMBER are left out. */
static void
skip_to(struct chat_load *r, struct chat_connection *p, uint64_t number)
{
	uint64_t due = p->next;

	for (uint64_t i = due; i < number; i++) {
		/* Of one that has left the window, nothing is to be said. */
		if (in_flight_find(&r->in_flight, i) &&
		    in_flight_spoil(&r->in_flight, i))
			chat_describe(r->result->first_wrong,
			    "member %u: message %" PRIu64 " came where %" PRIu64
			    " was due (lost, or out of order)",
			    p->id, number, due);
		in_flight_settle(&r->in_flight, i);
	}
	p->next = number;
}

/* A message that was sent, whole. */
static void
hear_message(struct chat_load *r, struct chat_connection *p, uint64_t number)
{
	bool known = in_flight_find(&r->in_flight, number);

	/* Churn: that long ago, that it may have been lacked as well. */
	if (!known && r->load->churn)
		return;
	if (!chat_lacks(r, p, number)) {
		if (in_flight_spoil(&r->in_flight, number))
			chat_describe(r->result->first_wrong,
			    "member %u: message %" PRIu64 " came twice", p->id,
			    number);
		return;
	}
	if (!r->load->churn)
		skip_to(r, p, number);
	chat_note_had(r, p, number);
	in_flight_delivered(&r->in_flight, number, r->now);
}

/*
 * A line that nobody has sent. Which message it was can be told by its place;
 * with many senders, by its header, if that is whole.
 */
static void
hear_other(struct chat_load *r, struct chat_connection *p, const char *line,
    size_t len, enum chat_message_kind kind, uint64_t number)
{
	if (!r->load->churn || kind != CHAT_CHANGED ||
	    !in_flight_find(&r->in_flight, number) || !chat_lacks(r, p, number))
		number = chat_first_lacked(r, p);
	if (in_flight_spoil(&r->in_flight, number)) {
		if (number < r->in_flight.head)
			describe_changed(r, p, number, line, len);
		else
			chat_describe(r->result->first_wrong,
			    "member %u: a line of %zu bytes that nobody sent",
			    p->id, len);
	}
	if (number >= r->in_flight.head)
		return;
	chat_note_had(r, p, number);
	in_flight_settle(&r->in_flight, number);
}

/*
 * What the one who speaks hears. A guest may hear others while it is there;
 * of a line of nobody's, the members say which message it was.
 */
static void
hear_as_sender(struct chat_load *r, const struct chat_connection *p,
    enum chat_message_kind kind, uint64_t number)
{
	bool guest = p->role == GUEST;
	bool own = kind == CHAT_MESSAGE && (!guest || number == p->number);

	if (guest && !own && kind != CHAT_CHANGED)
		return;
	if (kind == CHAT_FOREIGN)
		number = r->in_flight.head - 1;
	if (!in_flight_spoil(&r->in_flight, number))
		return;
	if (own)
		chat_describe(r->result->first_wrong,
		    "message %" PRIu64 ": its own sender got it, too", number);
	else
		chat_describe(r->result->first_wrong,
		    "message %" PRIu64 ": a sender got a line that nobody sent",
		    number);
}

static void
hear_probe(struct chat_load *r, struct chat_connection *p, uint64_t number)
{
	if (p->role != RECEIVER || number <= p->heard || number > r->probes)
		return;
	if (!p->heard) {
		r->heard++;
		r->moved = now_ns();
	}
	p->heard = number;
	r->caught += number == r->probes;
}

/* LINE is not simply what was expected. */
static void
hear(struct chat_load *r, struct chat_connection *p, const char *line,
    size_t len)
{
	uint64_t number = 0;
	enum chat_message_kind kind =
	    chat_message_parse(&r->lines, line, len, &number);

	if (r->phase == JOINING) {
		/* Others may have been talking before. */
		if (kind == CHAT_PROBE)
			hear_probe(r, p, number);
		return;
	}
	if (kind == CHAT_PROBE || (p->cut && kind != CHAT_MESSAGE))
		return;
	if (!number || number >= r->in_flight.head)
		kind = CHAT_FOREIGN;
	if (p->role != RECEIVER)
		hear_as_sender(r, p, kind, number);
	else if (kind == CHAT_MESSAGE)
		hear_message(r, p, number);
	else
		hear_other(r, p, line, len, kind, number);
}

/* ---- from bytes to lines ---- */

/*
 * What P has to get next: as many bytes as stand together in the ring. One
 * that is behind by more than the ring holds gets its line made anew.
 */
static const char *
expected(
    const struct chat_load *r, const struct chat_connection *p, size_t *len)
{
	const struct in_flight *w = &r->in_flight;
	uint64_t slot = p->next % w->slots;

	if (p->next >= w->head) {
		*len = 0;
		return NULL;
	}
	if (!in_flight_find(w, p->next)) {
		*len = r->load->size - p->offset;
		chat_message_write(&r->lines, p->next, r->scratch);
		return r->scratch + p->offset;
	}
	*len = earlier(w->slots - slot, w->head - p->next) * r->load->size -
	       p->offset;
	return chat_line_of(r, p->next) + p->offset;
}

/* N bytes were as expected. */
static void
advance(struct chat_load *r, struct chat_connection *p, size_t n)
{
	uint64_t number = p->next;
	size_t bytes = p->offset + n;

	p->next += bytes / r->load->size;
	p->offset = bytes % r->load->size;
	for (; number < p->next; number++) {
		in_flight_delivered(&r->in_flight, number, r->now);
		p->cut = false;
	}
}

/* Takes what is as expected: all, or up to the end of a line, or nothing. */
static size_t
take_expected(struct chat_load *r, struct chat_connection *p, const char *data,
    size_t len)
{
	size_t n;
	const char *want = expected(r, p, &n);

	n = earlier(n, len);
	if (n && memcmp(data, want, n) != 0) {
		n = earlier(n, r->load->size - p->offset);
		if (memcmp(data, want, n) != 0)
			return 0;
	}
	advance(r, p, n);
	return n;
}

/* Adds to the beginning of a line. Returns 0, or -1: no memory. */
static int
keep(struct chat_load *r, struct chat_connection *p, const char *data,
    size_t len)
{
	if (!p->partial && !(p->partial = malloc(r->load->size)))
		return -1;
	memcpy(p->partial + p->partial_len, data, len);
	p->partial_len += len;
	return 0;
}

/* The part of the line that was as expected. */
static int
keep_offset(struct chat_load *r, struct chat_connection *p)
{
	size_t len = p->offset;

	p->offset = 0;
	if (!len)
		return 0;
	chat_message_write(&r->lines, p->next, r->scratch);
	return keep(r, p, r->scratch, len);
}

/*
 * Takes a line, or the beginning of one. Returns bytes, or -1: no memory. A
 * line without its newline ends where the newline should be: it is wrong at
 * once, and the line behind it is not.
 */
static ssize_t
take_line(struct chat_load *r, struct chat_connection *p, const char *data,
    size_t len)
{
	const char *end;
	size_t n;

	if (keep_offset(r, p) < 0)
		return -1;
	n = earlier(len, r->load->size - p->partial_len);
	end = memchr(data, '\n', n);
	if (end)
		n = (size_t)(end - data) + 1;
	if (!end && p->partial_len + n < r->load->size) {
		return keep(r, p, data, n) < 0 ? -1 : (ssize_t)n;
	}
	if (p->partial_len) {
		keep(r, p, data, n);
		hear(r, p, p->partial, p->partial_len);
	} else {
		hear(r, p, data, n);
	}
	p->partial_len = 0;
	p->cut = !end;
	return (ssize_t)n;
}

int
chat_receive(struct chat_load *r, struct chat_connection *p, const char *data,
    size_t len)
{
	bool stream =
	    p->role == RECEIVER && !r->load->churn && r->phase != JOINING;

	while (len) {
		ssize_t n = 0;

		if (stream && !p->partial_len)
			n = (ssize_t)take_expected(r, p, data, len);
		if (!n)
			n = take_line(r, p, data, len);
		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}
