/* SPDX-License-Identifier: MIT */
/*
 * chat_message: makes and recognizes the lines of a chat load.
 *
 *	5f3a91c0-m00000000042 qK8dZ...\n
 *
 * A line has the run's id, the kind, the number, and filler: a slice of one
 * table of random printable bytes, at an offset that the number determines. So
 * all lines of a run differ, and any changed byte can be found. No I/O. Not
 * thread-safe.
 *
 * Kinds: 'm' is a message, which is measured; 'p' a probe, which shows that a
 * member is in the room.
 */
#ifndef COMMON_CHATLOAD_CHAT_MESSAGE_H
#define COMMON_CHATLOAD_CHAT_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of a line with its newline: at least the header and one byte of filler;
 * at most more than any chat server expects. */
#define CHAT_MESSAGE_MIN ((size_t)24)
#define CHAT_MESSAGE_MAX ((size_t)1 << 20)
/* Numbers are written modulo this. */
#define CHAT_MESSAGES (100ULL * 1000 * 1000 * 1000)

struct chat_messages {
	char *table;
	size_t size; /* of a message */
	uint32_t run;
};

enum chat_message_kind {
	CHAT_FOREIGN, /* no line of this run */
	CHAT_PROBE,
	CHAT_CHANGED, /* the header of a message, but other bytes */
	CHAT_MESSAGE,
};

/*
 * Prepares messages of SIZE bytes (CHAT_MESSAGE_MIN to CHAT_MESSAGE_MAX) of run
 * RUN. Returns 0, or -1 with errno (EINVAL: SIZE).
 */
int
chat_messages_init(struct chat_messages *lines, size_t size, uint32_t run);

/* Harmless if LINES is zeroed or released. */
void
chat_messages_release(struct chat_messages *lines);

/* Writes message NUMBER (below CHAT_MESSAGES) to LINE: SIZE bytes, no NUL. */
void
chat_message_write(
    const struct chat_messages *lines, uint64_t number, char *line);

/* Writes probe NUMBER to LINE: CHAT_MESSAGE_MIN bytes, no NUL. */
void
chat_message_write_probe(
    const struct chat_messages *lines, uint64_t number, char *line);

/*
 * The kind of the LEN bytes at LINE, newline included. Sets NUMBER unless it is
 * CHAT_FOREIGN.
 */
enum chat_message_kind
chat_message_parse(const struct chat_messages *lines, const char *line,
    size_t len, uint64_t *number);

#endif
