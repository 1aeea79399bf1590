/* SPDX-License-Identifier: MIT */
/* chat_delivery: which member has which message, and where its line stands. */
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
chat_line_of(const struct chat_load *r, uint64_t number)
{
	return r->ring + number % r->in_flight.slots * r->load->size;
}

static uint64_t *
has_word(
    const struct chat_load *r, const struct chat_connection *p, uint64_t number)
{
	return r->has + number % r->in_flight.slots * r->has_row + p->id / 64;
}

bool
chat_lacks(
    const struct chat_load *r, const struct chat_connection *p, uint64_t number)
{
	if (!r->load->churn)
		return number >= p->next;
	return !(*has_word(r, p, number) >> p->id % 64 & 1);
}

void
chat_note_had(struct chat_load *r, struct chat_connection *p, uint64_t number)
{
	if (!r->load->churn)
		p->next = number + 1;
	else if (in_flight_find(&r->in_flight, number))
		*has_word(r, p, number) |= 1ULL << p->id % 64;
}

uint64_t
chat_first_lacked(const struct chat_load *r, const struct chat_connection *p)
{
	uint64_t number = r->in_flight.tail;

	if (!r->load->churn)
		return p->next;
	while (number < r->in_flight.head && !chat_lacks(r, p, number))
		number++;
	return number;
}
