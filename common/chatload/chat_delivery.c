/* SPDX-License-Identifier: MIT */
/* chat_delivery: with one sender, the number of the next message of a member;
 * with churn, a bit for each message and member. */
#include <stdarg.h>
#include <stdio.h>

#include "common/chatload/chat_internal.h"

void
chat_describe(char words[LOAD_RESULT_WORDS], const char *format, ...)
{
	va_list args;

	if (words[0])
		return;
	va_start(args, format);
	vsnprintf(words, LOAD_RESULT_WORDS, format, args);
	va_end(args);
}

char *
chat_line_of(const struct chat_load *chat, uint64_t number)
{
	return chat->ring + number % chat->in_flight.slots * chat->load->size;
}

static uint64_t *
has_word(const struct chat_load *chat, const struct chat_connection *conn,
    uint64_t number)
{
	return chat->has + number % chat->in_flight.slots * chat->has_row +
	       conn->id / 64;
}

bool
chat_misses(const struct chat_load *chat, const struct chat_connection *conn,
    uint64_t number)
{
	if (!chat->load->churn)
		return number >= conn->next;
	return !(*has_word(chat, conn, number) >> conn->id % 64 & 1);
}

void
chat_mark_received(
    struct chat_load *chat, struct chat_connection *conn, uint64_t number)
{
	if (!chat->load->churn)
		conn->next = number + 1;
	else if (in_flight_find(&chat->in_flight, number))
		*has_word(chat, conn, number) |= 1ULL << conn->id % 64;
}

uint64_t
chat_first_missing(
    const struct chat_load *chat, const struct chat_connection *conn)
{
	uint64_t number = chat->in_flight.tail;

	if (!chat->load->churn)
		return conn->next;
	while (
	    number < chat->in_flight.head && !chat_misses(chat, conn, number))
		number++;
	return number;
}
