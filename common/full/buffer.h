/* SPDX-License-Identifier: MIT */
/*
 * buffer: bytes that are put in at one end and taken off at the other, with
 * room that grows with them; and room kept free in front of them, for what has
 * to precede them and is known only later.
 *
 * Zeroed, it is empty, and holds no memory. Its bytes are its owner's to free.
 */
#ifndef COMMON_FULL_BUFFER_H
#define COMMON_FULL_BUFFER_H

#include <stddef.h>
#include <string.h>

/* Bytes in use: from begin to end of room. */
struct buffer {
	char *bytes;
	size_t begin, end, room;
};

static inline size_t
buffer_len(const struct buffer *b)
{
	return b->end - b->begin;
}

/* Empties B, with FRONT bytes free before what comes next. A large one gives
 * its memory back. */
void
buffer_reset(struct buffer *b, size_t front);

/* Makes room for MORE bytes. It doubles, so that bytes cost the same one by
 * one; -1 with ENOMEM, and what is there stays. */
int
buffer_reserve(struct buffer *b, size_t more);

/* After buffer_reserve(). */
static inline void
buffer_put(struct buffer *b, const void *bytes, size_t len)
{
	if (len > 0)
		memcpy(b->bytes + b->end, bytes, len);
	b->end += len;
}

/* Before what is there, where there is room for it. */
static inline void
buffer_put_front(struct buffer *b, const void *bytes, size_t len)
{
	b->begin -= len;
	memcpy(b->bytes + b->begin, bytes, len);
}

/* Moves what is there so that FRONT bytes are free before it. -1 with ENOMEM.
 */
int
buffer_make_front(struct buffer *b, size_t front);

#endif
