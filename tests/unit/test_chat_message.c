/* SPDX-License-Identifier: MIT */
/* chat_message: lines are parsed as what was written; any change is found. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "common/chatload/chat_message.h"

enum { RUN = 0x5f3a91c0 };

static const size_t SIZES[] = {
    CHAT_MESSAGE_MIN, 25, 64, 4096, CHAT_MESSAGE_MAX};

/* In memory of the exact size, so that sanitizers report a byte too far. */
static char *
message(const struct chat_messages *lines, uint64_t number)
{
	char *line = malloc(lines->size);

	assert_non_null(line);
	chat_message_write(lines, number, line);
	return line;
}

TEST(a_message_is_parsed_as_written)
{
	static const uint64_t numbers[] = {
	    0, 1, 65535, 65536, CHAT_MESSAGES - 1};

	for (size_t i = 0; i < COUNT_OF(SIZES); i++) {
		struct chat_messages lines;

		assert_int_equal(chat_messages_init(&lines, SIZES[i], RUN), 0);
		for (size_t k = 0; k < COUNT_OF(numbers); k++) {
			char *line = message(&lines, numbers[k]);
			uint64_t number = 7;

			assert_int_equal(chat_message_parse(
					     &lines, line, lines.size, &number),
			    CHAT_MESSAGE);
			assert_int_equal(number, numbers[k]);
			free(line);
		}
		chat_messages_release(&lines);
		chat_messages_release(&lines); /* harmless */
	}
}

TEST(a_message_is_one_printable_line)
{
	for (size_t i = 0; i < COUNT_OF(SIZES); i++) {
		struct chat_messages lines;
		char *line;

		assert_int_equal(chat_messages_init(&lines, SIZES[i], RUN), 0);
		line = message(&lines, 42);
		assert_memory_equal(line, "5f3a91c0-m00000000042 ", 22);
		for (size_t k = 0; k < lines.size - 1; k++)
			assert_in_range(line[k], ' ', '~');
		assert_int_equal(line[lines.size - 1], '\n');
		free(line);
		chat_messages_release(&lines);
	}
}

TEST(any_changed_byte_is_found)
{
	struct chat_messages lines;
	uint64_t number;
	char *line;

	assert_int_equal(chat_messages_init(&lines, 64, RUN), 0);
	line = message(&lines, 42);
	for (size_t i = 0; i < 64; i++) {
		for (int bit = 0; bit < 8; bit++) {
			enum chat_message_kind kind;

			line[i] = (char)(line[i] ^ 1 << bit);
			kind = chat_message_parse(&lines, line, 64, &number);
			line[i] = (char)(line[i] ^ 1 << bit);
			/* 42 may become 43, which has another filler. */
			assert_in_range(kind, CHAT_FOREIGN, CHAT_CHANGED);
			assert_int_not_equal(kind, CHAT_PROBE);
		}
	}
	free(line);
	chat_messages_release(&lines);
}

TEST(a_message_with_a_changed_filler_has_its_number)
{
	struct chat_messages lines;
	uint64_t number = 0;
	char *line;

	assert_int_equal(chat_messages_init(&lines, 64, RUN), 0);
	line = message(&lines, 42);
	line[40] ^= 1;
	assert_int_equal(
	    chat_message_parse(&lines, line, 64, &number), CHAT_CHANGED);
	assert_int_equal(number, 42);
	free(line);
	chat_messages_release(&lines);
}

TEST(a_line_of_another_length_is_no_message)
{
	struct chat_messages lines;
	uint64_t number;
	char line[80];

	memset(line, 'x', sizeof(line));
	assert_int_equal(chat_messages_init(&lines, 64, RUN), 0);
	chat_message_write(&lines, 1, line);
	for (size_t len = 0; len <= sizeof(line); len++) {
		enum chat_message_kind kind;
		char *copy = malloc(len + !len);

		assert_non_null(copy);
		memcpy(copy, line, len);
		kind = chat_message_parse(&lines, copy, len, &number);
		if (len == 64)
			assert_int_equal(kind, CHAT_MESSAGE);
		else if (len < CHAT_MESSAGE_MIN)
			assert_int_equal(kind, CHAT_FOREIGN);
		else
			assert_int_equal(kind, CHAT_CHANGED);
		free(copy);
	}
	chat_messages_release(&lines);
}

TEST(a_probe_is_parsed_as_written)
{
	struct chat_messages lines;
	uint64_t number = 0;
	char line[CHAT_MESSAGE_MIN];

	assert_int_equal(chat_messages_init(&lines, 64, RUN), 0);
	chat_message_write_probe(&lines, 3, line);
	assert_int_equal(line[CHAT_MESSAGE_MIN - 1], '\n');
	assert_int_equal(
	    chat_message_parse(&lines, line, CHAT_MESSAGE_MIN, &number),
	    CHAT_PROBE);
	assert_int_equal(number, 3);
	chat_messages_release(&lines);
}

TEST(lines_of_another_run_are_foreign)
{
	struct chat_messages ours, theirs;
	uint64_t number;
	char *line, probe[CHAT_MESSAGE_MIN];

	assert_int_equal(chat_messages_init(&ours, 64, RUN), 0);
	assert_int_equal(chat_messages_init(&theirs, 64, RUN + 1), 0);
	line = message(&theirs, 1);
	assert_int_equal(
	    chat_message_parse(&ours, line, 64, &number), CHAT_FOREIGN);
	chat_message_write_probe(&theirs, 1, probe);
	assert_int_equal(
	    chat_message_parse(&ours, probe, CHAT_MESSAGE_MIN, &number),
	    CHAT_FOREIGN);
	free(line);
	chat_messages_release(&ours);
	chat_messages_release(&theirs);
}

TEST(sizes_out_of_range_are_refused)
{
	static const size_t bad[] = {
	    0, 1, CHAT_MESSAGE_MIN - 1, CHAT_MESSAGE_MAX + 1};

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct chat_messages lines;

		errno = 0;
		assert_int_equal(chat_messages_init(&lines, bad[i], RUN), -1);
		assert_int_equal(errno, EINVAL);
		chat_messages_release(&lines); /* harmless */
	}
}

RUN_TESTS(NULL, NULL)
