/* SPDX-License-Identifier: MIT */
/*
 * chat_message: what a member of a loaded chat room says, and who said it.
 *
 *	5f3a91c0-m00000000042 qK8dZ...\n
 *
 * The run's id, the kind, the number, and filler: a slice of one table of
 * random printable bytes that the number chooses. So every line of a run
 * differs from every other one, and a changed byte shows wherever it is. No
 * I/O; one thread at a time.
 *
 * Kinds: 'm' is a message, which is measured; 'p' a probe, which only shows
 * that a member is in the room.
 */
#ifndef COMMON_CHATLOAD_CHAT_MESSAGE_H
#define COMMON_CHATLOAD_CHAT_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of a line, its newline included: the header and one byte of filler;
 * and more than any chat is made for. */
#define CHAT_MESSAGE_MIN ((size_t)24)
#define CHAT_MESSAGE_MAX ((size_t)1 << 20)
/* What the number's digits can count. */
#define CHAT_MESSAGES (100ULL * 1000 * 1000 * 1000)

struct chat_messages {
	char *table;
	size_t size; /* of a message */
	uint32_t run;
};

enum chat_message_kind {
	CHAT_FOREIGN, /* nobody of this run says that */
	CHAT_PROBE,
	CHAT_CHANGED, /* a message's header, but not its bytes */
	CHAT_MESSAGE,
};

/*
 * For messages of SIZE bytes (CHAT_MESSAGE_MIN to CHAT_MESSAGE_MAX) of the run
 * RUN. Returns 0, or -1 with errno (EINVAL: SIZE).
 */
int
chat_messages_init(struct chat_messages *lines, size_t size, uint32_t run);

/* Harmless if it is released or zeroed. */
void
chat_messages_release(struct chat_messages *lines);

/* Message NUMBER (below CHAT_MESSAGES): exactly SIZE bytes at LINE, no NUL. */
void
chat_message_write(
    const struct chat_messages *lines, uint64_t number, char *line);

/* Probe NUMBER: exactly CHAT_MESSAGE_MIN bytes at LINE, no NUL. */
void
chat_message_write_probe(
    const struct chat_messages *lines, uint64_t number, char *line);

/*
 * What the LEN bytes at LINE are, newline included. NUMBER is set unless they
 * are foreign.
 */
enum chat_message_kind
chat_message_parse(const struct chat_messages *lines, const char *line,
    size_t len, uint64_t *number);

#endif
