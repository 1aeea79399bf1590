/* SPDX-License-Identifier: MIT */
/* chat_message: the header, and the table of printable bytes. */
#include "common/chatload/chat_message.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/random.h"

enum {
	OFFSETS = 65536,
	RUN_DIGITS = 8,
	KIND_AT = RUN_DIGITS + 1,
	NUMBER_AT = KIND_AT + 1,
	NUMBER_DIGITS = 11,
	FILLER_AT = NUMBER_AT + NUMBER_DIGITS + 1,
};

_Static_assert(FILLER_AT + 2 == CHAT_MESSAGE_MIN, "header, filler, newline");

int
chat_messages_init(struct chat_messages *lines, size_t size, uint32_t run)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmn"
				      "opqrstuvwxyz0123456789+/";
	uint64_t state = RANDOM_FIXED_STATE;

	*lines = (struct chat_messages){.size = size, .run = run};
	if (size < CHAT_MESSAGE_MIN || size > CHAT_MESSAGE_MAX) {
		errno = EINVAL;
		return -1;
	}
	lines->table = malloc(OFFSETS + size);
	if (!lines->table)
		return -1;
	for (size_t i = 0; i < OFFSETS + size; i++)
		lines->table[i] = letters[random_next(&state) >> 58];
	return 0;
}

void
chat_messages_release(struct chat_messages *lines)
{
	free(lines->table);
	lines->table = NULL;
}

/* Consecutive numbers have offsets that are far apart. */
static const char *
filler(const struct chat_messages *lines, uint64_t number)
{
	return lines->table + number * 40503 % OFFSETS;
}

static void
put_header(
    const struct chat_messages *lines, char kind, uint64_t number, char *line)
{
	char header[64];

	snprintf(header, sizeof(header), "%0*x-%c%0*llu ", RUN_DIGITS,
	    lines->run, kind, NUMBER_DIGITS,
	    (unsigned long long)(number % CHAT_MESSAGES));
	memcpy(line, header, FILLER_AT);
}

void
chat_message_write(
    const struct chat_messages *lines, uint64_t number, char *line)
{
	put_header(lines, 'm', number, line);
	memcpy(
	    line + FILLER_AT, filler(lines, number), lines->size - FILLER_AT);
	line[lines->size - 1] = '\n';
}

void
chat_message_write_probe(
    const struct chat_messages *lines, uint64_t number, char *line)
{
	put_header(lines, 'p', number, line);
	memcpy(line + FILLER_AT, ".\n", 2);
}

static bool
get_number(const char *digits, uint64_t *number)
{
	*number = 0;
	for (int i = 0; i < NUMBER_DIGITS; i++) {
		if (digits[i] < '0' || digits[i] > '9')
			return false;
		*number = *number * 10 + (uint64_t)(digits[i] - '0');
	}
	return true;
}

static bool
message_is_whole(const struct chat_messages *lines, const char *line,
    size_t len, uint64_t number)
{
	return len == lines->size && line[len - 1] == '\n' &&
	       memcmp(line + FILLER_AT, filler(lines, number),
		   len - 1 - FILLER_AT) == 0;
}

enum chat_message_kind
chat_message_parse(const struct chat_messages *lines, const char *line,
    size_t len, uint64_t *number)
{
	char header[FILLER_AT];

	if (len < CHAT_MESSAGE_MIN || !get_number(line + NUMBER_AT, number))
		return CHAT_FOREIGN;
	put_header(lines, line[KIND_AT], *number, header);
	if (memcmp(header, line, FILLER_AT) != 0)
		return CHAT_FOREIGN;
	if (line[KIND_AT] == 'm')
		return message_is_whole(lines, line, len, *number)
			   ? CHAT_MESSAGE
			   : CHAT_CHANGED;
	if (line[KIND_AT] == 'p' && len == CHAT_MESSAGE_MIN &&
	    memcmp(line + FILLER_AT, ".\n", 2) == 0)
		return CHAT_PROBE;
	return CHAT_FOREIGN;
}
