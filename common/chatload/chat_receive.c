/* SPDX-License-Identifier: MIT */
/* chat_receive: compares the bytes of a member with the expected ones; only
 * what differs is cut into lines and parsed. */
#include "common/chatload/chat_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "common/base/clock.h"

/* Describes how LINE of CONN differs from message NUMBER. */
static void
describe_changed(struct chat_load *chat, const struct chat_connection *conn,
    uint64_t number, const char *line, size_t len)
{
	size_t size = chat->load->size, i = 0;

	chat_message_write(&chat->lines, number, chat->scratch);
	while (i < len && i < size && line[i] == chat->scratch[i])
		i++;
	if (len != size)
		chat_describe(chat->result->first_wrong,
		    "member %u, message %" PRIu64
		    ": a line of %zu bytes, not of %zu; byte %zu is the first "
		    "that differs",
		    conn->id, number, len, size, i);
	else
		chat_describe(chat->result->first_wrong,
		    "member %u, message %" PRIu64
		    ": byte %zu of %zu is 0x%02x, not 0x%02x (changed)",
		    conn->id, number, i, size, (unsigned char)line[i],
		    (unsigned char)chat->scratch[i]);
}

/* ---- lines ---- */

/* CONN received message NUMBER before those up to it: they are wrong. */
static void
skip_to(struct chat_load *chat, struct chat_connection *conn, uint64_t number)
{
	uint64_t due = conn->next;

	for (uint64_t i = due; i < number; i++) {
		/* Only messages in the ring can be counted as wrong. */
		if (in_flight_find(&chat->in_flight, i) &&
		    in_flight_mark_wrong(&chat->in_flight, i))
			chat_describe(chat->result->first_wrong,
			    "member %u: message %" PRIu64 " came where %" PRIu64
			    " was due (lost, or out of order)",
			    conn->id, number, due);
		in_flight_count_down(&chat->in_flight, i);
	}
	conn->next = number;
}

/* CONN, a receiver, received message NUMBER unchanged. */
static void
receive_message(
    struct chat_load *chat, struct chat_connection *conn, uint64_t number)
{
	bool known = in_flight_find(&chat->in_flight, number);

	/* Churn: it is not known any more whether CONN had missed it. */
	if (!known && chat->load->churn)
		return;
	if (!chat_misses(chat, conn, number)) {
		if (in_flight_mark_wrong(&chat->in_flight, number))
			chat_describe(chat->result->first_wrong,
			    "member %u: message %" PRIu64 " came twice",
			    conn->id, number);
		return;
	}
	if (!chat->load->churn)
		skip_to(chat, conn, number);
	chat_mark_received(chat, conn, number);
	in_flight_delivered(&chat->in_flight, number, chat->now);
}

/*
 * CONN, a receiver, received a line that was never sent. With one sender its
 * place says which message it was; with churn its header, if that is right.
 */
static void
receive_other_line(struct chat_load *chat, struct chat_connection *conn,
    const char *line, size_t len, enum chat_message_kind kind, uint64_t number)
{
	if (!chat->load->churn || kind != CHAT_CHANGED ||
	    !in_flight_find(&chat->in_flight, number) ||
	    !chat_misses(chat, conn, number))
		number = chat_first_missing(chat, conn);
	if (in_flight_mark_wrong(&chat->in_flight, number)) {
		if (number < chat->in_flight.head)
			describe_changed(chat, conn, number, line, len);
		else
			chat_describe(chat->result->first_wrong,
			    "member %u: a line of %zu bytes that no member "
			    "sent",
			    conn->id, len);
	}
	if (number >= chat->in_flight.head)
		return;
	chat_mark_received(chat, conn, number);
	in_flight_count_down(&chat->in_flight, number);
}

/*
 * A sender received a line. A guest may receive messages of other guests. If a
 * line is changed, the receivers find out which message it was.
 */
static void
receive_as_sender(struct chat_load *chat, const struct chat_connection *conn,
    enum chat_message_kind kind, uint64_t number)
{
	bool guest = conn->role == CHAT_GUEST;
	bool own = kind == CHAT_MESSAGE && (!guest || number == conn->number);

	if (guest && !own && kind != CHAT_CHANGED)
		return;
	if (kind == CHAT_FOREIGN)
		number = chat->in_flight.head - 1;
	if (!in_flight_mark_wrong(&chat->in_flight, number))
		return;
	if (own)
		chat_describe(chat->result->first_wrong,
		    "message %" PRIu64 ": its sender got it back", number);
	else
		chat_describe(chat->result->first_wrong,
		    "message %" PRIu64
		    ": a sender got a line that no member sent",
		    number);
}

static void
receive_probe(
    struct chat_load *chat, struct chat_connection *conn, uint64_t number)
{
	if (conn->role != CHAT_RECEIVER || number <= conn->latest_probe ||
	    number > chat->probes)
		return;
	if (!conn->latest_probe) {
		chat->probed++;
		chat->last_join_ns = now_ns();
	}
	conn->latest_probe = number;
	chat->caught_up += number == chat->probes;
}

/* Parses a line that could not be compared with the expected one. */
static void
receive_line(struct chat_load *chat, struct chat_connection *conn,
    const char *line, size_t len)
{
	uint64_t number = 0;
	enum chat_message_kind kind =
	    chat_message_parse(&chat->lines, line, len, &number);

	if (chat->phase == JOINING) {
		/* Other clients may use the room. */
		if (kind == CHAT_PROBE)
			receive_probe(chat, conn, number);
		return;
	}
	if (kind == CHAT_PROBE || (conn->cut && kind != CHAT_MESSAGE))
		return;
	if (!number || number >= chat->in_flight.head)
		kind = CHAT_FOREIGN;
	if (conn->role != CHAT_RECEIVER)
		receive_as_sender(chat, conn, kind, number);
	else if (kind == CHAT_MESSAGE)
		receive_message(chat, conn, number);
	else
		receive_other_line(chat, conn, line, len, kind, number);
}

/* ---- from bytes to lines ---- */

/*
 * The bytes that CONN should receive next: as many as are contiguous in the
 * ring. If CONN is behind by more than the ring, one line, made again.
 */
static const char *
expected(const struct chat_load *chat, const struct chat_connection *conn,
    size_t *len)
{
	const struct in_flight *w = &chat->in_flight;
	uint64_t slot = conn->next % w->slots;

	if (conn->next >= w->head) {
		*len = 0;
		return NULL;
	}
	if (!in_flight_find(w, conn->next)) {
		*len = chat->load->size - conn->offset;
		chat_message_write(&chat->lines, conn->next, chat->scratch);
		return chat->scratch + conn->offset;
	}
	*len =
	    earlier(w->slots - slot, w->head - conn->next) * chat->load->size -
	    conn->offset;
	return chat_line_of(chat, conn->next) + conn->offset;
}

/* CONN has received N right bytes. */
static void
advance(struct chat_load *chat, struct chat_connection *conn, size_t n)
{
	uint64_t number = conn->next;
	size_t bytes = conn->offset + n;

	conn->next += bytes / chat->load->size;
	conn->offset = bytes % chat->load->size;
	for (; number < conn->next; number++) {
		in_flight_delivered(&chat->in_flight, number, chat->now);
		conn->cut = false;
	}
}

/* Returns how many bytes are right: all, or those of the current line, or 0. */
static size_t
match_expected(struct chat_load *chat, struct chat_connection *conn,
    const char *data, size_t len)
{
	size_t n;
	const char *want = expected(chat, conn, &n);

	n = earlier(n, len);
	if (n && memcmp(data, want, n) != 0) {
		n = earlier(n, chat->load->size - conn->offset);
		if (memcmp(data, want, n) != 0)
			return 0;
	}
	advance(chat, conn, n);
	return n;
}

/* Appends to the beginning of a line. Returns 0, or -1 without memory. */
static int
save_partial(struct chat_load *chat, struct chat_connection *conn,
    const char *data, size_t len)
{
	if (!conn->partial && !(conn->partial = malloc(chat->load->size)))
		return -1;
	memcpy(conn->partial + conn->partial_len, data, len);
	conn->partial_len += len;
	return 0;
}

/* Saves the part of the line that was right. */
static int
save_matched(struct chat_load *chat, struct chat_connection *conn)
{
	size_t len = conn->offset;

	conn->offset = 0;
	if (!len)
		return 0;
	chat_message_write(&chat->lines, conn->next, chat->scratch);
	return save_partial(chat, conn, chat->scratch, len);
}

/*
 * Takes a line, or the beginning of one. Returns the number of bytes, or -1
 * without memory. A line without its newline is cut where the newline should
 * be: it is wrong at once, and the next line is not affected.
 */
static ssize_t
collect_line(struct chat_load *chat, struct chat_connection *conn,
    const char *data, size_t len)
{
	const char *end;
	size_t n;

	if (save_matched(chat, conn) < 0)
		return -1;
	n = earlier(len, chat->load->size - conn->partial_len);
	end = memchr(data, '\n', n);
	if (end)
		n = (size_t)(end - data) + 1;
	if (!end && conn->partial_len + n < chat->load->size) {
		return save_partial(chat, conn, data, n) < 0 ? -1 : (ssize_t)n;
	}
	if (conn->partial_len) {
		save_partial(chat, conn, data, n);
		receive_line(chat, conn, conn->partial, conn->partial_len);
	} else {
		receive_line(chat, conn, data, n);
	}
	conn->partial_len = 0;
	conn->cut = !end;
	return (ssize_t)n;
}

int
chat_receive(struct chat_load *chat, struct chat_connection *conn,
    const char *data, size_t len)
{
	bool stream = conn->role == CHAT_RECEIVER && !chat->load->churn &&
		      chat->phase != JOINING;

	while (len) {
		ssize_t n = 0;

		if (stream && !conn->partial_len)
			n = (ssize_t)match_expected(chat, conn, data, len);
		if (!n)
			n = collect_line(chat, conn, data, len);
		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}
